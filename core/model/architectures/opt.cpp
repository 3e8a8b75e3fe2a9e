// OPT: biases everywhere, two extra rows in the position table, final_layer_norm inside each layer.
// fc1 produces the input of fc2, but only ReLU lets a scale pass; relatives of OPT use GELU (foldTarget).
#include "core/model/architecture.h"

namespace ql {

const ArchitectureTable& optArchitecture() {
  static const ArchitectureTable table = {
      .family = "opt",
      .modelTypes = {"opt"},
      .architectures = {"OPTForCausalLM", "OPTModel"},
      .layerPrefixes = {"model.decoder.layers.{L}.", "decoder.layers.{L}."},
      .linears =
          {{"self_attn.q_proj", TensorRole::Q, "attn_in", "self_attn_layer_norm", true, "self_attn.qkv_proj"},
           {"self_attn.k_proj", TensorRole::K, "attn_in", "self_attn_layer_norm", true, "self_attn.qkv_proj"},
           {"self_attn.v_proj", TensorRole::V, "attn_in", "self_attn_layer_norm", true, "self_attn.qkv_proj"},
           {"self_attn.out_proj", TensorRole::O, "attn_out", "self_attn.v_proj"},
           {"fc1", TensorRole::Fc1, "mlp_in", "final_layer_norm", true},
           {"fc2", TensorRole::Fc2, "mlp_out", "fc1"}},
      .norms = {"self_attn_layer_norm", "final_layer_norm"},
      .globals = {{"model.decoder.embed_tokens", TensorRole::Embedding},
                  {"decoder.embed_tokens", TensorRole::Embedding},
                  {"model.decoder.embed_positions", TensorRole::Position},
                  {"decoder.embed_positions", TensorRole::Position},
                  {"model.decoder.project_in", TensorRole::Other},
                  {"decoder.project_in", TensorRole::Other},
                  {"model.decoder.project_out", TensorRole::Other},
                  {"decoder.project_out", TensorRole::Other},
                  {"model.decoder.final_layer_norm", TensorRole::Norm},
                  {"decoder.final_layer_norm", TensorRole::Norm},
                  {"lm_head", TensorRole::LmHead}},
  };
  return table;
}

}  // namespace ql
