// Phi-3 and Phi-4: Llama with qkv and gate_up stored as one matrix each, LongRoPE, and a part of each head
// rotated.
#include "core/calib/families/llama_like.h"

namespace ql {
namespace {

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  DecoderSpec spec = llama_like::read(config, model, {.normEps = 1e-5, .context = 4096});
  if (config.has("sliding_window"))
    spec.slidingWindow = readSlidingWindows(config, spec.blocks, config.count("sliding_window"));
  return spec;
}

}  // namespace

const ForwardFamily& phi3Forward() {
  static const ForwardFamily family = {"phi3", {"phi3"}, read};
  return family;
}

}  // namespace ql
