// Qwen 2 and 2.5: the names of Llama; q, k and v always have a bias.
#include "core/model/architectures/llama_like.h"

namespace ql {

const ArchitectureTable& qwen2Architecture() {
  static const ArchitectureTable table = {
      .family = "qwen2",
      .modelTypes = {"qwen2"},
      .architectures = {"Qwen2ForCausalLM", "Qwen2Model"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = llama_like::concatenate(llama_like::attention(), llama_like::denseMlp()),
      .norms = llama_like::norms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
