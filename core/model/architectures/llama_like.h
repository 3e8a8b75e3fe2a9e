#pragma once
// What Llama and the families that copied its names share. A family that differs in one name lists its own.
#include "core/model/architecture.h"

namespace ql::llama_like {

/// "model." for a causal model, none for a bare base model, the rest for multimodal wrappers.
inline std::vector<std::string_view> layerPrefixes() {
  return {"model.layers.{L}.", "layers.{L}.", "language_model.model.layers.{L}.",
          "model.language_model.layers.{L}."};
}

inline std::vector<LinearPattern> attention() {
  return {{"self_attn.q_proj", TensorRole::Q, "attn_in", "input_layernorm", true, "self_attn.qkv_proj"},
          {"self_attn.k_proj", TensorRole::K, "attn_in", "input_layernorm", true, "self_attn.qkv_proj"},
          {"self_attn.v_proj", TensorRole::V, "attn_in", "input_layernorm", true, "self_attn.qkv_proj"},
          {"self_attn.o_proj", TensorRole::O, "attn_out", "self_attn.v_proj"}};
}

inline std::vector<LinearPattern> denseMlp() {
  return {{"mlp.gate_proj", TensorRole::Gate, "mlp_in", "post_attention_layernorm", true, "mlp.gate_up_proj"},
          {"mlp.up_proj", TensorRole::Up, "mlp_in", "post_attention_layernorm", true, "mlp.gate_up_proj"},
          {"mlp.down_proj", TensorRole::Down, "mlp_out", "mlp.up_proj"}};
}

/// Experts by number, and all experts in one rank-3 tensor as some writers store them. Servers run the
/// experts of a block as one module, so they are one fused group.
inline std::vector<LinearPattern> experts() {
  return {{"mlp.gate", TensorRole::Router, "mlp_in", "post_attention_layernorm", true},
          {"mlp.experts.{E}.gate_proj", TensorRole::Gate, "expert_in.{E}", "post_attention_layernorm", true,
           "mlp.experts"},
          {"mlp.experts.{E}.up_proj", TensorRole::Up, "expert_in.{E}", "post_attention_layernorm", true,
           "mlp.experts"},
          {"mlp.experts.{E}.down_proj", TensorRole::Down, "expert_out.{E}", "mlp.experts.{E}.up_proj", false,
           "mlp.experts"},
          {"mlp.experts.gate_up_proj", TensorRole::GateUp, "expert_in.{E}", "post_attention_layernorm", true,
           "mlp.experts"},
          {"mlp.experts.down_proj", TensorRole::Down, "expert_out.{E}", "", false, "mlp.experts"}};
}

inline std::vector<std::string_view> norms() {
  return {"input_layernorm", "post_attention_layernorm"};
}

/// Qwen3 normalises q and k by head.
inline std::vector<std::string_view> normsWithHeadNorms() {
  return {"input_layernorm", "post_attention_layernorm", "self_attn.q_norm", "self_attn.k_norm"};
}

inline std::vector<GlobalPattern> globals() {
  return {{"model.embed_tokens", TensorRole::Embedding},
          {"embed_tokens", TensorRole::Embedding},
          {"language_model.model.embed_tokens", TensorRole::Embedding},
          {"model.language_model.embed_tokens", TensorRole::Embedding},
          {"model.norm", TensorRole::Norm},
          {"norm", TensorRole::Norm},
          {"language_model.model.norm", TensorRole::Norm},
          {"model.language_model.norm", TensorRole::Norm},
          {"lm_head", TensorRole::LmHead},
          {"language_model.lm_head", TensorRole::LmHead}};
}

inline std::vector<LinearPattern> concatenate(std::vector<LinearPattern> a,
                                              const std::vector<LinearPattern>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace ql::llama_like
