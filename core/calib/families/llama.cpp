// Llama 1, 2, 3, 3.1, 3.2 and everything that uses its type.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model, {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O},
              config.flag("attention_bias", false), "'attention_bias' says so");
  checkBiases(model, {TensorRole::Gate, TensorRole::Up, TensorRole::Down}, config.flag("mlp_bias", false),
              "'mlp_bias' says so");
  return llama_like::read(config, model, {});
}

}  // namespace

const ForwardFamily& llamaForward() {
  static const ForwardFamily family = {"llama", {"llama"}, read};
  return family;
}

}  // namespace ql
