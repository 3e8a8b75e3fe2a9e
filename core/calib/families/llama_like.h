#pragma once
// What Llama and the families that copied its config.json share.
#include "core/calib/family.h"
#include "core/calib/forward_config.h"

#include <cstdint>
#include <optional>

namespace ql::llama_like {

/// Where families differ in what an absent key means; as the classes of transformers have it.
struct Defaults {
  double normEps = 1e-6;
  double ropeTheta = 10000;
  std::int64_t headDim = 0;  // 0 = hidden_size / num_attention_heads
  std::int64_t context = 2048;
};

/// Sizes, norms, activation, RoPE and module names. Sliding windows and experts are left to the family.
DecoderSpec read(const ForwardConfig& config, const Model& model, const Defaults& defaults);

/// use_sliding_window with max_window_layers or layer_types, as Qwen 2 and 3 spell it.
std::vector<std::int64_t> qwenSlidingWindows(const ForwardConfig& config, std::int64_t blocks);

/// num_experts and its friends as Qwen 2 and 3 spell it; checks decoder_sparse_step and mlp_only_layers
/// against the blocks that have a router.
ExpertSpec qwenExperts(const ForwardConfig& config, const Model& model, std::int64_t blocks);

}  // namespace ql::llama_like
