// OPT: learned positions from row 2 on, layer norms before attention and MLP; the 350m model has them behind
// the sums, no final norm, and narrower embeddings with a projection on either side.
#include "core/calib/families/learned_positions.h"

namespace ql {
namespace {

SpecKeys keys() {
  SpecKeys keys;
  keys.kvHeads = keys.heads;
  keys.intermediate = "ffn_dim";
  return keys;
}

/// Norms without weights are written by no tensor, and the engine reads norms as tensors.
void checkSwitches(const ForwardConfig& config, const Model& model) {
  learned_positions::refuseUnless(config, "layer_norm_elementwise_affine", true);
  learned_positions::refuseUnless(config, "add_cross_attention", false);
  checkBiases(model,
              {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O, TensorRole::Fc1, TensorRole::Fc2},
              config.flag("enable_bias", true), "'enable_bias' says so");
}

void readProjections(const ForwardConfig& config, const Model& model, DecoderSpec& spec) {
  const char* const kKey = "word_embed_proj_dim";
  const std::int64_t width = config.count(kKey, spec.hidden);
  if (width == spec.hidden) return;
  spec.projectIn = existingModule(model, {"model.decoder.project_in", "decoder.project_in"});
  spec.projectOut = existingModule(model, {"model.decoder.project_out", "decoder.project_out"});
  const auto in = model.find(spec.projectIn);
  if (in && model.linears[*in].in() != width)
    config.fail(kKey, "the " + std::to_string(model.linears[*in].in()) + " inputs of " + spec.projectIn);
}

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  constexpr std::int64_t kPositions = 2048;  // OPTConfig
  DecoderSpec spec = learned_positions::read(config, keys(), kPositions, 0);
  checkSwitches(config, model);
  spec.normEps = 1e-5;  // the layer norms' own default: OPT's config.json has no key for it
  spec.activation = readActivation(config, "activation_function", "relu");
  spec.positionOffset = 2;
  spec.isPostNorm = !config.flag("do_layer_norm_before", true);
  spec.norms.attentionIn = "self_attn_layer_norm";
  spec.norms.mlpIn = "final_layer_norm";
  const bool isRemoved = config.flag("_remove_final_layer_norm", false);
  if (!spec.isPostNorm && !isRemoved)
    spec.finalNorm = existingModule(model, {"model.decoder.final_layer_norm", "decoder.final_layer_norm"});
  readProjections(config, model, spec);
  return spec;
}

}  // namespace

const ForwardFamily& optForward() {
  static const ForwardFamily family = {"opt", {"opt"}, read};
  return family;
}

}  // namespace ql
