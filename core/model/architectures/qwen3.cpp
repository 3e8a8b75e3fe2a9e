// Qwen 3: the names of Llama, with norms of q and k by head. o_proj is wider than the residual stream.
#include "core/model/architectures/llama_like.h"

namespace ql {

const ArchitectureTable& qwen3Architecture() {
  static const ArchitectureTable table = {
      .family = "qwen3",
      .modelTypes = {"qwen3"},
      .architectures = {"Qwen3ForCausalLM", "Qwen3Model"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = llama_like::concatenate(llama_like::attention(), llama_like::denseMlp()),
      .norms = llama_like::normsWithHeadNorms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
