// Qwen 3: q and k are normalised by head, and the head dimension is independent of the hidden size.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model, {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O},
              config.flag("attention_bias", false), "'attention_bias' says so");
  DecoderSpec spec = llama_like::read(config, model, {.headDim = 128, .context = 32768});
  spec.norms.queryNorm = "self_attn.q_norm";
  spec.norms.keyNorm = "self_attn.k_norm";
  spec.slidingWindow = llama_like::qwenSlidingWindows(config, spec.blocks);
  return spec;
}

}  // namespace

const ForwardFamily& qwen3Forward() {
  static const ForwardFamily family = {"qwen3", {"qwen3"}, read};
  return family;
}

}  // namespace ql
