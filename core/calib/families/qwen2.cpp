// Qwen 2 and 2.5: Llama with biases on q, k and v, whatever config.json says.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model, {TensorRole::O, TensorRole::Gate, TensorRole::Up, TensorRole::Down}, false,
              "'model_type' says that o and the MLP have no biases");
  checkBiases(model, {TensorRole::Q, TensorRole::K, TensorRole::V}, true,
              "'model_type' says that q, k and v have biases");
  DecoderSpec spec = llama_like::read(config, model, {.context = 32768});
  spec.slidingWindow = llama_like::qwenSlidingWindows(config, spec.blocks);
  return spec;
}

}  // namespace

const ForwardFamily& qwen2Forward() {
  static const ForwardFamily family = {"qwen2", {"qwen2"}, read};
  return family;
}

}  // namespace ql
