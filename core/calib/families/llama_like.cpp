#include "core/calib/families/llama_like.h"

#include "core/base/error.h"
#include "core/model/config.h"

#include <algorithm>
#include <set>
#include <string>

namespace ql::llama_like {
namespace {

constexpr std::int64_t kMaxHeads = 1 << 16;
constexpr std::int64_t kMaxExperts = 1 << 16;

/// Absent or null: as many as the rows of k make, which is what the classes' defaults come to for models that
/// load.
std::int64_t keyValueHeads(const ForwardConfig& config, const Model& model, std::int64_t headDim,
                           std::int64_t heads) {
  std::int64_t rows = rowsOf(model, TensorRole::K);
  if (const std::int64_t fused = rowsOf(model, TensorRole::Qkv); rows == 0 && fused > 0)
    rows = (fused - heads * headDim) / 2;
  const std::int64_t fallback = rows > 0 && rows % headDim == 0 ? rows / headDim : heads;
  return config.count("num_key_value_heads", fallback, 1, kMaxHeads);
}

}  // namespace

DecoderSpec read(const ForwardConfig& config, const Model& model, const Defaults& defaults) {
  DecoderSpec spec;
  spec.blocks = config.count("num_hidden_layers", std::nullopt, 1, kMaxBlocks);
  spec.hidden = config.count("hidden_size");
  spec.heads = config.count("num_attention_heads", std::nullopt, 1, kMaxHeads);
  const std::int64_t headDim = defaults.headDim > 0 ? defaults.headDim : spec.hidden / spec.heads;
  spec.headDim = config.count("head_dim", headDim, 1, 1 << 16);
  if (spec.headDim < 1) config.fail("num_attention_heads", "a number that divides hidden_size");
  spec.kvHeads = keyValueHeads(config, model, spec.headDim, spec.heads);
  spec.vocabulary = config.count("vocab_size");
  spec.context = config.count("max_position_embeddings", defaults.context);
  spec.intermediate = config.count("intermediate_size");
  spec.normEps = config.number("rms_norm_eps", defaults.normEps, 0, 1);
  spec.activation = readActivation(config, "hidden_act", "silu");
  spec.rope = readRope(config, spec.headDim, spec.context, defaults.ropeTheta);
  spec.norms.attentionIn = "input_layernorm";
  spec.norms.mlpIn = "post_attention_layernorm";
  spec.finalNorm =
      existingModule(model, {"model.norm", "norm", "language_model.model.norm", "model.language_model.norm"});
  spec.tiesEmbeddings = config.flag("tie_word_embeddings", false);
  return spec;
}

std::vector<std::int64_t> qwenSlidingWindows(const ForwardConfig& config, std::int64_t blocks) {
  if (!config.flag("use_sliding_window", false)) return {};
  const std::int64_t first = config.count("max_window_layers", 28, 0, kMaxBlocks);
  return readSlidingWindows(config, blocks, config.count("sliding_window", 4096), first);
}

ExpertSpec qwenExperts(const ForwardConfig& config, const Model& model, std::int64_t blocks) {
  ExpertSpec experts;
  experts.count = config.count("num_experts", std::nullopt, 0, kMaxExperts);
  experts.intermediate = config.count("moe_intermediate_size");
  const std::int64_t step = config.count("decoder_sparse_step", 1);
  const std::vector<std::int64_t> denseList = config.counts("mlp_only_layers");
  const std::set<std::int64_t> dense(denseList.begin(), denseList.end());
  std::set<std::int64_t> sparse;
  for (const Linear& linear : model.linears) {
    if (linear.expert && linear.block) sparse.insert(*linear.block);
  }
  for (std::int64_t block = 0; block < blocks; ++block) {
    const bool isMeant = experts.count > 0 && (block + 1) % step == 0 && !dense.contains(block);
    if (isMeant == sparse.contains(block)) continue;
    throw Error(ErrorCode::Format, "config.json: 'decoder_sparse_step' and 'mlp_only_layers' make layer " +
                                       std::to_string(block) + (isMeant ? " one with" : " one without") +
                                       " experts, but the checkpoint has it the other way; config.json and "
                                       "weights belong to different models.");
  }
  return experts;
}

}  // namespace ql::llama_like
