#pragma once
// A family as data for the forward pass. A new family is one file in families/ that fills a DecoderSpec from
// config.json (forward_config.h helps), and one line in families.inc. Names of tensors come from the Model's
// roles; only norms and what the roles cannot say are named here. Internal to calib/.
#include "core/model/model.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

enum class NormKind { Rms, Layer };
/// Gelu is by erf, GeluTanh by tanh ("gelu_new", "gelu_pytorch_tanh"), QuickGelu is x sigmoid(1.702 x).
enum class ActivationKind { Silu, Gelu, GeluTanh, QuickGelu, Relu };

/// Rotary embedding: inverse frequencies with their scaling. formats.md 2.1 lists the kinds.
struct RopeSpec {
  enum class Kind { None, Default, Linear, Dynamic, Llama3, LongRope, Yarn };
  Kind kind = Kind::Default;
  double theta = 10000;
  std::int64_t dimensions = 0;  // rotated of each head, the rest passes; 0 = headDim
  double factor = 1, lowFrequencyFactor = 1, highFrequencyFactor = 4;
  std::int64_t originalContext = 0;  // trained context: from here on Dynamic and LongRope change
  double attentionFactor = 1;        // scales cos and sin
  double betaFast = 32, betaSlow = 1;
  bool isTruncated = true;                      // Yarn: bounds of the ramp are whole dimensions
  std::vector<double> shortFactor, longFactor;  // LongRope, [dimensions / 2]
};

/// How the router's logits become weights of experts.
enum class RouterKind {
  SoftmaxThenTopK,  // softmax over all experts, then the largest (Mixtral, Qwen)
  TopKThenSoftmax,  // the largest logits, then softmax over those (gpt-oss)
};

struct ExpertSpec {
  std::int64_t count = 0;  // 0 = dense
  std::int64_t perToken = 0;
  RouterKind router = RouterKind::SoftmaxThenTopK;
  bool normalizesTopK = true;     // weights of the chosen experts sum to one
  std::int64_t intermediate = 0;  // config.json's width of an expert, checked; 0 = not stated
  /// Path relative to the block of a linear [1, hidden] whose sigmoid weighs the shared expert; "" = none.
  /// The shared expert itself is what has the roles gate, up and down without an expert number.
  std::string sharedGate;
};

/// One block's norms as module paths relative to the block; empty = none.
struct BlockNorms {
  std::string attentionIn, mlpIn;      // before attention and MLP (pre-norm), behind the sums (post-norm)
  std::string queryNorm, keyNorm;      // per head (Qwen3): RMS over headDim before RoPE
  std::string attentionPost, mlpPost;  // extra norms of what attention and MLP add (Gemma 2)
};

/// How config.json of this family spells the keys that are checked against tensors, for messages.
struct SpecKeys {
  std::string blocks = "num_hidden_layers", hidden = "hidden_size", heads = "num_attention_heads",
              kvHeads = "num_key_value_heads", headDim = "head_dim", vocabulary = "vocab_size",
              intermediate = "intermediate_size", experts = "num_experts",
              expertIntermediate = "moe_intermediate_size", positions = "max_position_embeddings";
};

/// What the engine executes. Biases need no word here: a linear of the Model that has one uses it.
/// Fused qkv is rows q | k | v, fused gate_up rows gate | up.
struct DecoderSpec {
  SpecKeys keys;
  std::int64_t blocks = 0;  // 0 = not stated
  std::int64_t hidden = 0, heads = 0, kvHeads = 0, headDim = 0, vocabulary = 0, context = 0;
  std::int64_t intermediate = 0;  // of dense MLPs, checked; 0 = not stated
  NormKind norm = NormKind::Rms;
  double normEps = 1e-5;
  float normOffset = 0;  // 1 for Gemma: the gain is normOffset + w
  ActivationKind activation = ActivationKind::Silu;
  bool isCausal = true;
  bool isPostNorm = false;                  // BERT, OPT-350m: norm behind the residual sum
  RopeSpec rope;                            // Kind::None with learned positions
  std::int64_t positionOffset = 0;          // OPT: 2
  std::vector<std::int64_t> slidingWindow;  // by block: keys seen, the token's own included; 0 = all; empty =
                                            // all blocks see all
  double attentionScale = 0;                // 0 = 1 / sqrt(headDim)
  double attentionSoftcap = 0;              // c tanh(score / c) before the mask (Gemma 2); 0 = none
  double logitSoftcap = 0;                  // the same of the logits
  double embeddingScale = 1;                // of token embeddings (Gemma: sqrt(hidden))
  ExpertSpec experts;                       // used in blocks that have a router
  BlockNorms norms;
  // Module paths from here on; empty = none.
  std::string finalNorm;
  std::string embeddingNorm;                               // BERT, BLOOM: behind the sum of embeddings
  std::string tokenTypeEmbedding;                          // BERT: row 0 is added
  std::string projectIn, projectOut;                       // OPT-350m
  std::string headTransform, headTransformNorm, headBias;  // BERT's masked-token head; headBias is a tensor
  bool tiesEmbeddings = false;  // the embedding is the head where lm_head is missing
};

struct ForwardFamily {
  std::string_view name;                   // as Model::family
  std::vector<std::string_view> families;  // Model::family values it serves
  /// Throws Error(Format | Unsupported) naming the key. Shapes are checked against tensors by the engine.
  DecoderSpec (*read)(const nlohmann::json& config, const Model& model);
};
const std::vector<const ForwardFamily*>& forwardFamilyTable();

}  // namespace ql
