// Qwen 1.5 and 2 with experts and one shared expert, which has a gate of its own.
#include "core/model/architectures/llama_like.h"

namespace ql {
namespace {

std::vector<LinearPattern> linears() {
  const std::vector<LinearPattern> shared = {
      {"mlp.shared_expert.gate_proj", TensorRole::Gate, "mlp_in", "post_attention_layernorm", true,
       "mlp.shared_expert.gate_up_proj"},
      {"mlp.shared_expert.up_proj", TensorRole::Up, "mlp_in", "post_attention_layernorm", true,
       "mlp.shared_expert.gate_up_proj"},
      {"mlp.shared_expert.down_proj", TensorRole::Down, "shared_expert_out", "mlp.shared_expert.up_proj"},
      {"mlp.shared_expert_gate", TensorRole::Router, "mlp_in", "post_attention_layernorm", true}};
  const auto sparse = llama_like::concatenate(llama_like::experts(), shared);
  return llama_like::concatenate(llama_like::attention(),
                                 llama_like::concatenate(sparse, llama_like::denseMlp()));
}

}  // namespace

const ArchitectureTable& qwen2MoeArchitecture() {
  static const ArchitectureTable table = {
      .family = "qwen2_moe",
      .modelTypes = {"qwen2_moe"},
      .architectures = {"Qwen2MoeForCausalLM", "Qwen2MoeModel"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = linears(),
      .norms = llama_like::norms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
