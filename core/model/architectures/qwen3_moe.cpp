// Qwen 3 with experts; layers listed in mlp_only_layers are dense.
#include "core/model/architectures/llama_like.h"

namespace ql {

const ArchitectureTable& qwen3MoeArchitecture() {
  static const ArchitectureTable table = {
      .family = "qwen3_moe",
      .modelTypes = {"qwen3_moe"},
      .architectures = {"Qwen3MoeForCausalLM", "Qwen3MoeModel"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = llama_like::concatenate(
          llama_like::attention(), llama_like::concatenate(llama_like::experts(), llama_like::denseMlp())),
      .norms = llama_like::normsWithHeadNorms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
