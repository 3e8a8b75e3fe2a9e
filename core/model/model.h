#pragma once
// What the tensors of a checkpoint mean: blocks, linears with their roles, sites, smoothing groups, fused
// siblings. Built from config.json and tensor names only; no weights are read.
#include "core/io/checkpoint.h"
#include "core/io/weight_source.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ql {

enum class TensorRole : std::uint8_t {
  Q,
  K,
  V,
  O,
  Qkv,
  Gate,
  Up,
  Down,
  GateUp,
  Fc1,
  Fc2,
  QA,
  QB,
  KvA,
  KvB,
  Router,
  Embedding,
  Position,
  LmHead,
  Norm,
  Other
};
std::string_view roleName(TensorRole role);  // "q", "gate_up", "lm_head"
std::optional<TensorRole> roleFromName(std::string_view name);
inline constexpr int kRoleCount = 21;

/// Index of a linear in Model::linears. Distinct from indices of sites and groups.
using LinearId = std::size_t;

/// A weight W [out, in] of the model; Y = X W^T + b.
struct Linear {
  std::string name;  // module path without ".weight"; expert e of a 3-D tensor: "...gate_up_proj[e]"
  TensorRole role = TensorRole::Other;
  std::optional<int> block;  // Transformer layer, from 0
  std::optional<int> expert;
  MatrixRef matrix;
  DType dtype = DType::F32;
  std::optional<std::string> bias;            // tensor name
  std::optional<std::string> norm;            // tensor name of the norm weight whose output feeds this linear
  float normOffset = 0.0f;                    // 1 for Gemma: the effective gain is normOffset + w
  std::optional<std::size_t> site;            // index into Model::sites
  std::optional<std::size_t> smoothingGroup;  // index into Model::smoothingGroups
  std::optional<std::size_t> fusedGroup;      // index into Model::fusedGroups
  bool isQuantizable = true;  // false: embedding, position, lm_head, router: kept in 16 bit by default

  std::int64_t out() const { return matrix.out; }
  std::int64_t in() const { return matrix.in; }
};

/// A distinct linear input.
struct Site {
  std::string name;  // its first consumer's name
  std::vector<LinearId> consumers;
  std::int64_t width = 0;  // channels
};

/// The producer (norm, or v for o, up for down) and all its readers; they share one S.
struct SmoothingGroup {
  std::string producer;  // module path
  std::vector<LinearId> consumers;
};

/// Linears that a runtime stores as one and that must share a scheme.
struct FusedGroup {
  std::string name;  // "model.layers.0.self_attn.qkv_proj"
  std::vector<LinearId> members;
};

/// A tensor that is not a linear: norms, biases, buffers.
struct OtherTensor {
  std::string name;
  TensorRole role = TensorRole::Other;
  std::optional<int> block;
};

struct Model {
  std::string name;          // folder or file name
  std::string architecture;  // "LlamaForCausalLM", or "unknown"
  std::string family;        // key of the architecture table: "llama"; "generic" when guessed
  int blockCount = 0;
  std::uint64_t parameterCount = 0;
  std::vector<Linear> linears;  // network order: embedding, blocks with roles in table order, head
  std::vector<Site> sites;
  std::vector<SmoothingGroup> smoothingGroups;
  std::vector<FusedGroup> fusedGroups;
  std::vector<OtherTensor> others;
  std::vector<TensorRole>
      rolesPresent;                   // of linears inside blocks, in network order: the rows of the overview
  std::vector<std::string> warnings;  // e.g. config.json missing, names without a number
  bool hasTiedEmbeddings = false;     // no lm_head: the embedding is the head, and quantizing one means both
  std::unordered_map<std::string, LinearId> nameIndex;  // filled by buildModel; find() also works without it

  /// Constant time for a model of buildModel, else linear in the number of linears.
  std::optional<LinearId> find(std::string_view name) const;
};

/// Maps a checkpoint with the first architecture table that fits, else by guessing blocks from numbers in
/// names. Never throws for an unknown model; throws Error(Format) when config.json is present and malformed.
Model buildModel(const Checkpoint& checkpoint);

/// As buildModel with config.json's text given (empty = none): for tests and fuzzing.
Model buildModel(const std::vector<TensorInfo>& tensors, std::string_view configJson, std::string name);

/// Which linears: all, by block range and roles, and by regular expression.
struct LinearFilter {
  /// PCRE2, matched against the whole name with a free prefix that ends at a '.':
  /// "layers\\.[0-2]\\..*(q|k|v)_proj" does not hit block 10, and "layers.1" hits nothing. Empty = any.
  std::string regex;
  std::vector<std::pair<int, int>> blocks;  // inclusive ranges; empty = any
  std::vector<TensorRole> roles;            // empty = any
  bool quantizableOnly = true;
};

/// Parses "0-2,5" and "q,k,v". Throws Error(Usage) saying what was wrong and what is allowed.
std::vector<std::pair<int, int>> parseBlockRanges(std::string_view text);
std::vector<TensorRole> parseRoles(std::string_view text);

/// Ids in network order. Throws Error(Usage) for a bad expression.
std::vector<LinearId> selectLinears(const Model& model, const LinearFilter& filter);

}  // namespace ql
