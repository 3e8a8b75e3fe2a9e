// Mistral: Llama with a sliding window, which older configurations do not spell out.
#include "core/calib/families/llama_like.h"

#include <nlohmann/json.hpp>

namespace ql {
namespace {

/// Null means none; an absent key means 4096, as MistralConfig has it.
std::optional<std::int64_t> slidingWindow(const ForwardConfig& config, const nlohmann::json& json) {
  if (config.has("sliding_window")) return config.count("sliding_window");
  const auto nested = json.find("text_config");
  const bool isNull =
      json.contains("sliding_window") || (nested != json.end() && nested->contains("sliding_window"));
  if (isNull) return std::nullopt;
  return 4096;
}

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model,
              {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O, TensorRole::Gate, TensorRole::Up,
               TensorRole::Down, TensorRole::Router},
              false, "'model_type' says that nothing has a bias");
  DecoderSpec spec = llama_like::read(config, model, {.context = 4096 * 32});
  spec.slidingWindow = readSlidingWindows(config, spec.blocks, slidingWindow(config, json));
  return spec;
}

}  // namespace

const ForwardFamily& mistralForward() {
  static const ForwardFamily family = {"mistral", {"mistral"}, read};
  return family;
}

}  // namespace ql
