// Qwen 3 with experts: the attention of Qwen 3, no shared expert.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model, {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O},
              config.flag("attention_bias", false), "'attention_bias' says so");
  DecoderSpec spec = llama_like::read(config, model, {.context = 32768});
  spec.norms.queryNorm = "self_attn.q_norm";
  spec.norms.keyNorm = "self_attn.k_norm";
  spec.slidingWindow = llama_like::qwenSlidingWindows(config, spec.blocks);
  spec.experts = llama_like::qwenExperts(config, model, spec.blocks);
  spec.experts.perToken = config.count("num_experts_per_tok", 8, 1, 1 << 16);
  spec.experts.normalizesTopK = config.flag("norm_topk_prob", false);
  return spec;
}

}  // namespace

const ForwardFamily& qwen3MoeForward() {
  static const ForwardFamily family = {"qwen3_moe", {"qwen3_moe"}, read};
  return family;
}

}  // namespace ql
