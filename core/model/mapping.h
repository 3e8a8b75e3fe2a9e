#pragma once
// Between tensor names and the finished Model: linears with what is needed to order and group them. Internal.
#include "core/model/architecture.h"
#include "core/model/config.h"

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ql {

/// A tensor under its name without wrappers' prefixes.
struct NamedTensor {
  std::string_view name;  // points into info->name
  const TensorInfo* info;
};

/// A checkpoint's tensors as the mappers see them.
struct TensorList {
  std::vector<NamedTensor> all;  // buffers and duplicates left out
  std::unordered_map<std::string_view, const TensorInfo*> byName;
  std::vector<OtherTensor> setAside;  // buffers and duplicates
  std::vector<std::string> warnings;
};
TensorList listTensors(const std::vector<TensorInfo>& tensors);

struct DraftLinear {
  Linear linear;
  std::array<std::int64_t, 4>
      order{};  // block, place in the table, expert, place in the table within experts
  const LinearPattern* pattern = nullptr;  // null for globals and guessed linears
  std::string blockPrefix;                 // "model.layers.0."
};

struct Mapping {
  std::string family = "generic";
  const ArchitectureTable* table = nullptr;
  std::vector<DraftLinear> linears;
  std::vector<OtherTensor> others;
  std::vector<std::string> warnings;
};

/// The family's table, found by config.json or, without it, by the share of names it explains. Null when none
/// fits.
const ArchitectureTable* chooseTable(const TensorList& tensors, const ModelConfig& config,
                                     std::vector<std::string>& warnings);
/// How many matrices a layer prefix of the table explains.
std::size_t countMatches(const ArchitectureTable& table, std::string_view layerPrefix,
                         const TensorList& tensors);

Mapping mapByTable(const ArchitectureTable& table, const TensorList& tensors, const ModelConfig& config);
Mapping mapByGuess(const TensorList& tensors, const ModelConfig& config);

/// True for a non-empty rank-2 tensor whose values can be read as float32.
bool isMatrix(const TensorInfo& tensor);
/// True for a non-empty rank-3 tensor of a sane number of experts.
bool isExpertStack(const TensorInfo& tensor);
MatrixRef matrixOf(const TensorInfo& tensor, bool isTransposed);
/// Expert e of a rank-3 tensor. [E, out, in] or [E, in, out] is told apart by the side that equals
/// hidden_size, which is the input of every expert matrix but `down`; undecided means [E, in, out], as Llama
/// 4 and gpt-oss store it.
MatrixRef expertMatrix(const TensorInfo& tensor, std::int64_t expert, bool isDown, const ModelConfig& config);

/// Fills sites, smoothing groups and fused groups of a model whose linears are `mapping.linears` in the same
/// order.
void addGroups(const Mapping& mapping, const TensorList& tensors, const ModelConfig& config, Model& model);

}  // namespace ql
