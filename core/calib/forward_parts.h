#pragma once
// Which matrices and norms of a Model the forward pass reads where, found by role once, and checked against
// the sizes that config.json states. Internal to calib/.
#include "core/calib/family.h"
#include "core/calib/norm.h"
#include "core/model/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ql {

struct LinearPart {
  LinearId id = 0;
  std::string name;
  MatrixRef matrix;
  std::string bias;  // tensor name; empty = none
  std::optional<std::size_t> site;
  int bits = 32;  // of a stored value

  bool isPresent() const { return !matrix.tensor.empty(); }
  std::uint64_t multiplyAdds() const { return static_cast<std::uint64_t>(matrix.out * matrix.in); }
};

/// gate and up, or gate_up, or fc1; then down (fc2).
struct MlpParts {
  LinearPart gate, up, gateUp, fc1, down;

  bool isPresent() const { return down.isPresent(); }
  std::int64_t width() const { return down.matrix.in; }
};

struct BlockParts {
  LinearPart q, k, v, qkv, o;
  MlpParts mlp;                   // dense, or the shared expert beside a router
  LinearPart router, sharedGate;  // router: a block of experts
  std::vector<MlpParts> experts;
  NormPart attentionIn, mlpIn, queryNorm, keyNorm, attentionPost, mlpPost;

  std::vector<const LinearPart*> linears() const;  // that are present
};

struct ModelParts {
  std::vector<BlockParts> blocks;
  LinearPart embedding, position, tokenType, projectIn, projectOut, headTransform, head;
  NormPart embeddingNorm, finalNorm, headTransformNorm;
  std::string headBias;
  std::optional<std::size_t> headSite;
};

/// Throws Error(Format) naming the block and what it lacks, or the key, the tensor and both numbers where
/// config.json contradicts the tensors; Error(Unsupported) for matrices that are no plain floats.
ModelParts findParts(const DecoderSpec& spec, const Model& model);

/// Every number of the spec against the shapes of the parts. findParts() calls it.
void checkParts(const DecoderSpec& spec, const ModelParts& parts);

/// "model.layers.3." for block 3 of this model; "block 3 " when it has no linear.
std::string blockPrefix(const Model& model, int block);

}  // namespace ql
