// BERT: an encoder with norms behind the residual sums. No norm is the producer of a linear, because what it
// gives is also the residual; token-type rows are an embedding like the words.
#include "core/model/architecture.h"

namespace ql {

const ArchitectureTable& bertArchitecture() {
  static const ArchitectureTable table = {
      .family = "bert",
      .modelTypes = {"bert"},
      .architectures = {"BertForMaskedLM", "BertModel", "BertForPreTraining", "BertForSequenceClassification",
                        "BertForTokenClassification", "BertForQuestionAnswering"},
      .layerPrefixes = {"bert.encoder.layer.{L}.", "encoder.layer.{L}."},
      .linears = {{"attention.self.query", TensorRole::Q, "attn_in", "", false, "attention.self.qkv_proj"},
                  {"attention.self.key", TensorRole::K, "attn_in", "", false, "attention.self.qkv_proj"},
                  {"attention.self.value", TensorRole::V, "attn_in", "", false, "attention.self.qkv_proj"},
                  {"attention.output.dense", TensorRole::O, "attn_out", "attention.self.value"},
                  {"intermediate.dense", TensorRole::Fc1, "mlp_in", ""},
                  {"output.dense", TensorRole::Fc2, "mlp_out", ""}},
      .norms = {"attention.output.LayerNorm", "output.LayerNorm"},
      // The first norm that exists and fits is taken for the one that feeds the head.
      .globals = {{"bert.embeddings.word_embeddings", TensorRole::Embedding},
                  {"embeddings.word_embeddings", TensorRole::Embedding},
                  {"bert.embeddings.position_embeddings", TensorRole::Position},
                  {"embeddings.position_embeddings", TensorRole::Position},
                  {"bert.embeddings.token_type_embeddings", TensorRole::Embedding},
                  {"embeddings.token_type_embeddings", TensorRole::Embedding},
                  {"cls.predictions.transform.LayerNorm", TensorRole::Norm},
                  {"bert.embeddings.LayerNorm", TensorRole::Norm},
                  {"embeddings.LayerNorm", TensorRole::Norm},
                  {"cls.predictions.transform.dense", TensorRole::Other},
                  {"cls.predictions.decoder", TensorRole::LmHead},
                  {"bert.pooler.dense", TensorRole::Other},
                  {"pooler.dense", TensorRole::Other},
                  {"cls.seq_relationship", TensorRole::Other},
                  {"classifier", TensorRole::Other},
                  {"qa_outputs", TensorRole::Other}},
  };
  return table;
}

}  // namespace ql
