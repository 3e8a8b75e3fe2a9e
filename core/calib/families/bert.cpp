// BERT: an encoder. Every token sees every other one; norms stand behind the residual sums; predictions of
// masked tokens come from a head with a transform, a norm, and the embedding as its matrix.
#include "core/calib/families/learned_positions.h"

#include <algorithm>

namespace ql {
namespace {

bool hasTensor(const Model& model, std::string_view name) {
  return std::any_of(model.others.begin(), model.others.end(),
                     [&](const OtherTensor& tensor) { return tensor.name.ends_with(name); });
}

/// The bias is stored beside the head, with its matrix, or both: it is added once.
std::string headBias(const Model& model) {
  const auto decoder = model.find("cls.predictions.decoder");
  if (decoder && model.linears[*decoder].bias) return "";
  for (const char* name : {"cls.predictions.bias", "cls.predictions.decoder.bias"}) {
    if (hasTensor(model, name)) return name;
  }
  return "";
}

/// A base model makes hidden states but no predictions of tokens: its embedding is no head.
void readHead(const Model& model, DecoderSpec& spec) {
  if (!model.find("cls.predictions.transform.dense")) {
    spec.tiesEmbeddings = false;
    return;
  }
  spec.headTransform = "cls.predictions.transform.dense";
  spec.headTransformNorm = "cls.predictions.transform.LayerNorm";
  spec.headBias = headBias(model);
}

DecoderSpec read(const nlohmann::json& json, const Model& model) {
  const ForwardConfig config(json);
  constexpr std::int64_t kPositions = 512;  // BertConfig
  DecoderSpec spec = learned_positions::read(config, SpecKeys(), kPositions, 0);
  learned_positions::refuseUnless(config, "is_decoder", false);
  learned_positions::refuseUnless(config, "add_cross_attention", false);
  if (const std::string kind = config.text("position_embedding_type", "absolute"); kind != "absolute")
    config.unsupported("position_embedding_type", kind);
  checkBiases(model,
              {TensorRole::Q, TensorRole::K, TensorRole::V, TensorRole::O, TensorRole::Fc1, TensorRole::Fc2},
              true, "'model_type' says that all linears of a layer have biases");
  spec.normEps = config.number("layer_norm_eps", 1e-12, 0, 1);
  spec.activation = readActivation(config, "hidden_act", "gelu");
  spec.isCausal = false;
  spec.isPostNorm = true;
  spec.norms.attentionIn = "attention.output.LayerNorm";
  spec.norms.mlpIn = "output.LayerNorm";
  const std::string prefix = model.find("bert.embeddings.word_embeddings") ? "bert." : "";
  spec.embeddingNorm = prefix + "embeddings.LayerNorm";
  spec.tokenTypeEmbedding = prefix + "embeddings.token_type_embeddings";
  readHead(model, spec);
  return spec;
}

}  // namespace

const ForwardFamily& bertForward() {
  static const ForwardFamily family = {"bert", {"bert"}, read};
  return family;
}

}  // namespace ql
