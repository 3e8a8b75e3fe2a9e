// Qwen 1.5 and 2 with experts: their weights are not normalised, and a shared expert with a sigmoid gate is
// added.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model, {TensorRole::Q, TensorRole::K, TensorRole::V}, config.flag("qkv_bias", true),
              "'qkv_bias' says so");
  DecoderSpec spec = llama_like::read(config, model, {.context = 32768});
  spec.slidingWindow = llama_like::qwenSlidingWindows(config, spec.blocks);
  spec.experts = llama_like::qwenExperts(config, model, spec.blocks);
  spec.experts.perToken = config.count("num_experts_per_tok", 4, 1, 1 << 16);
  spec.experts.normalizesTopK = config.flag("norm_topk_prob", false);
  spec.experts.sharedGate = "mlp.shared_expert_gate";
  return spec;
}

}  // namespace

const ForwardFamily& qwen2MoeForward() {
  static const ForwardFamily family = {"qwen2_moe", {"qwen2_moe"}, read};
  return family;
}

}  // namespace ql
