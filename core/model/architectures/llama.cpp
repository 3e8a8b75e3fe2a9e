// Llama 1, 2, 3 and everything that uses its names and type.
#include "core/model/architectures/llama_like.h"

namespace ql {

const ArchitectureTable& llamaArchitecture() {
  static const ArchitectureTable table = {
      .family = "llama",
      .modelTypes = {"llama"},
      .architectures = {"LlamaForCausalLM", "LlamaModel"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = llama_like::concatenate(llama_like::attention(), llama_like::denseMlp()),
      .norms = llama_like::norms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
