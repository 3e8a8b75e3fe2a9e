// Phi-3 and Phi-4: qkv and gate_up are stored as one matrix each.
#include "core/model/architectures/llama_like.h"

namespace ql {

const ArchitectureTable& phi3Architecture() {
  static const ArchitectureTable table = {
      .family = "phi3",
      .modelTypes = {"phi3"},
      .architectures = {"Phi3ForCausalLM", "Phi3Model"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = {{"self_attn.qkv_proj", TensorRole::Qkv, "attn_in", "input_layernorm", true},
                  {"self_attn.o_proj", TensorRole::O, "attn_out", "self_attn.qkv_proj"},
                  {"mlp.gate_up_proj", TensorRole::GateUp, "mlp_in", "post_attention_layernorm", true},
                  {"mlp.down_proj", TensorRole::Down, "mlp_out", "mlp.gate_up_proj"}},
      .norms = llama_like::norms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
