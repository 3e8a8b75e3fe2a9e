// Mistral: the names of Llama.
#include "core/model/architectures/llama_like.h"

namespace ql {

const ArchitectureTable& mistralArchitecture() {
  static const ArchitectureTable table = {
      .family = "mistral",
      .modelTypes = {"mistral", "mistral3"},
      .architectures = {"MistralForCausalLM", "MistralModel", "Mistral3ForConditionalGeneration"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = llama_like::concatenate(llama_like::attention(), llama_like::denseMlp()),
      .norms = llama_like::norms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
