// GPT-2: Conv1D layers, stored [in, out]; checkpoints of the base model have bare names.
#include "core/model/architecture.h"

namespace ql {

const ArchitectureTable& gpt2Architecture() {
  static const ArchitectureTable table = {
      .family = "gpt2",
      .modelTypes = {"gpt2"},
      .architectures = {"GPT2LMHeadModel", "GPT2Model"},
      .layerPrefixes = {"transformer.h.{L}.", "h.{L}."},
      .linears = {{"attn.c_attn", TensorRole::Qkv, "attn_in", "ln_1", true, "", true},
                  {"attn.c_proj", TensorRole::O, "attn_out", "attn.c_attn", false, "", true},
                  {"mlp.c_fc", TensorRole::Fc1, "mlp_in", "ln_2", true, "", true},
                  {"mlp.c_proj", TensorRole::Fc2, "mlp_out", "", false, "", true}},
      .norms = {"ln_1", "ln_2"},
      .globals = {{"transformer.wte", TensorRole::Embedding},
                  {"wte", TensorRole::Embedding},
                  {"transformer.wpe", TensorRole::Position},
                  {"wpe", TensorRole::Position},
                  {"transformer.ln_f", TensorRole::Norm},
                  {"ln_f", TensorRole::Norm},
                  {"lm_head", TensorRole::LmHead}},
  };
  return table;
}

}  // namespace ql
