// GPT-2: learned positions, layer norms before attention and MLP, one fused matrix for q, k and v.
#include "core/calib/families/learned_positions.h"

namespace ql {
namespace {

SpecKeys keys() {
  SpecKeys keys;
  keys.blocks = "n_layer";
  keys.hidden = "n_embd";
  keys.heads = keys.kvHeads = "n_head";
  keys.intermediate = "n_inner";
  keys.positions = "n_positions";
  return keys;
}

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  constexpr std::int64_t kPositions = 1024, kWidening = 4;  // GPT2Config: n_positions; n_inner = null
  DecoderSpec spec = learned_positions::read(config, keys(), kPositions, kWidening);
  learned_positions::refuseUnless(config, "scale_attn_by_inverse_layer_idx", false);
  learned_positions::refuseUnless(config, "add_cross_attention", false);
  spec.normEps = config.number("layer_norm_epsilon", 1e-5, 0, 1);
  spec.activation = readActivation(config, "activation_function", "gelu_new");
  if (!config.flag("scale_attn_weights", true)) spec.attentionScale = 1;
  spec.norms.attentionIn = "ln_1";
  spec.norms.mlpIn = "ln_2";
  spec.finalNorm = existingModule(model, {"transformer.ln_f", "ln_f"});
  return spec;
}

}  // namespace

const ForwardFamily& gpt2Forward() {
  static const ForwardFamily family = {"gpt2", {"gpt2"}, read};
  return family;
}

}  // namespace ql
