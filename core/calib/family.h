#pragma once
// A family as data for the forward pass. A new family is one file in families/ that fills a DecoderSpec from
// config.json, and one line in families.inc. Names of tensors come from the Model's roles; only norms and
// what the roles cannot say are named here. Internal to calib/.
#include "core/model/model.h"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

enum class NormKind { Rms, Layer };
enum class ActivationKind { Silu, Gelu, GeluTanh, QuickGelu, Relu };

/// Rotary embedding: inverse frequencies with their scaling. formats.md 2.1 lists the kinds.
struct RopeSpec {
  enum class Kind { None, Default, Linear, Dynamic, Llama3, LongRope, Yarn };
  Kind kind = Kind::Default;
  double theta = 10000;
  std::int64_t dimensions = 0;  // rotated of each head, rest passes
  double factor = 1, lowFrequencyFactor = 1, highFrequencyFactor = 4;
  std::int64_t originalContext = 0;
  double attentionFactor = 1;  // scales cos and sin
  double betaFast = 32, betaSlow = 1;
  std::vector<double> shortFactor, longFactor;  // LongRope
};

struct ExpertSpec {
  std::int64_t count = 0;  // 0 = dense
  std::int64_t perToken = 0;
  bool normalizesTopK = true;  // weights of the chosen experts sum to one
};

/// One block's norms as paths relative to the block; empty = none.
struct BlockNorms {
  std::string attentionIn, mlpIn;      // before attention and MLP (pre-norm), after them (post-norm)
  std::string queryNorm, keyNorm;      // per head (Qwen3)
  std::string attentionPost, mlpPost;  // extra norms behind attention and MLP (Gemma 2)
};

struct DecoderSpec {
  std::int64_t hidden = 0, heads = 0, kvHeads = 0, headDim = 0, vocabulary = 0, context = 0;
  NormKind norm = NormKind::Rms;
  double normEps = 1e-5;
  float normOffset = 0;  // 1 for Gemma
  ActivationKind activation = ActivationKind::Silu;
  bool isCausal = true;
  bool isPostNorm = false;                  // BERT, OPT-350m: norm behind the residual sum
  RopeSpec rope;                            // Kind::None with learned positions
  std::int64_t positionOffset = 0;          // OPT: 2
  std::vector<std::int64_t> slidingWindow;  // by block, 0 = full attention; empty = none
  double attentionScale = 0;                // 0 = 1 / sqrt(headDim)
  double embeddingScale = 1;
  ExpertSpec experts;
  BlockNorms norms;
  std::string finalNorm;                                   // module path; empty = none (OPT-350m)
  std::string embeddingNorm;                               // BERT, BLOOM
  std::string tokenTypeEmbedding;                          // BERT: row 0 is added
  std::string projectIn, projectOut;                       // OPT-350m
  std::string headTransform, headTransformNorm, headBias;  // BERT's masked-token head
};

struct ForwardFamily {
  std::string_view name;                   // as Model::family
  std::vector<std::string_view> families;  // Model::family values it serves
  DecoderSpec (*read)(const nlohmann::json& config, const Model& model);
};
const std::vector<const ForwardFamily*>& forwardFamilyTable();

}  // namespace ql
