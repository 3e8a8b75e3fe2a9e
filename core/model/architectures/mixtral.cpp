// Mixtral: w1 is gate, w3 is up, w2 is down; the router is block_sparse_moe.gate.
#include "core/model/architectures/llama_like.h"

namespace ql {
namespace {

std::vector<LinearPattern> linears() {
  const std::vector<LinearPattern> experts = {
      {"block_sparse_moe.gate", TensorRole::Router, "mlp_in", "post_attention_layernorm", true},
      {"block_sparse_moe.experts.{E}.w1", TensorRole::Gate, "expert_in.{E}", "post_attention_layernorm", true,
       "block_sparse_moe.experts"},
      {"block_sparse_moe.experts.{E}.w3", TensorRole::Up, "expert_in.{E}", "post_attention_layernorm", true,
       "block_sparse_moe.experts"},
      {"block_sparse_moe.experts.{E}.w2", TensorRole::Down, "expert_out.{E}",
       "block_sparse_moe.experts.{E}.w3", false, "block_sparse_moe.experts"}};
  const auto named = llama_like::concatenate(llama_like::attention(), experts);
  return llama_like::concatenate(named, llama_like::experts());
}

}  // namespace

const ArchitectureTable& mixtralArchitecture() {
  static const ArchitectureTable table = {
      .family = "mixtral",
      .modelTypes = {"mixtral"},
      .architectures = {"MixtralForCausalLM", "MixtralModel"},
      .layerPrefixes = llama_like::layerPrefixes(),
      .linears = linears(),
      .norms = llama_like::norms(),
      .globals = llama_like::globals(),
  };
  return table;
}

}  // namespace ql
