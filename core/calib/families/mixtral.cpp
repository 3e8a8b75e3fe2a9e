// Mixtral: Mistral's attention, and in every block a few of the experts for each token, their weights
// normalised.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  checkBiases(model,
              {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O, TensorRole::Gate, TensorRole::Up,
               TensorRole::Down, TensorRole::Router},
              false, "'model_type' says that nothing has a bias");
  DecoderSpec spec =
      llama_like::read(config, model, {.normEps = 1e-5, .ropeTheta = 1e6, .context = 4096 * 32});
  if (config.has("sliding_window"))
    spec.slidingWindow = readSlidingWindows(config, spec.blocks, config.count("sliding_window"));
  spec.keys.experts = config.has("num_local_experts") ? "num_local_experts" : "num_experts";
  spec.keys.expertIntermediate = "intermediate_size";
  spec.experts.count = config.count(spec.keys.experts, 8, 1, 1 << 16);
  spec.experts.perToken = config.count("num_experts_per_tok", 2, 1, 1 << 16);
  spec.experts.intermediate = spec.intermediate;
  spec.experts.normalizesTopK = true;
  return spec;
}

}  // namespace

const ForwardFamily& mixtralForward() {
  static const ForwardFamily family = {"mixtral", {"mixtral"}, read};
  return family;
}

}  // namespace ql
