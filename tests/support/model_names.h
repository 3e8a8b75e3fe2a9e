#pragma once
// Tensor lists of real models, for tests that need names and shapes but no weights. Shapes: the models'
// config.json.
#include "core/model/model.h"

#include <string>
#include <utility>
#include <vector>

namespace ql::test {

struct NamedModel {
  std::string config;
  std::vector<TensorInfo> tensors;

  void add(const std::string& name, Shape shape, DType dtype = DType::BF16) {
    const std::uint64_t bytes = elementCount(shape).value_or(0) * 2;
    tensors.push_back({name, dtype, std::move(shape), 0, 0, bytes});
  }
  Model build(const std::string& name = "model") const { return buildModel(tensors, config, name); }
};

/// Sizes of a decoder of the Llama kind.
struct LlamaShape {
  int layers;
  std::int64_t hidden, intermediate, qWidth, kvWidth, vocabulary;
};

inline constexpr LlamaShape kLlama3_70b{80, 8192, 28672, 8192, 1024, 128256};
inline constexpr LlamaShape kLlama3_8b{32, 4096, 14336, 4096, 1024, 128256};
inline constexpr LlamaShape kLlama2_7b{32, 4096, 11008, 4096, 4096, 32000};
inline constexpr LlamaShape kQwen2_7b{28, 3584, 18944, 3584, 512, 152064};
inline constexpr LlamaShape kQwen3_8b{36, 4096, 12288, 4096, 1024, 151936};
inline constexpr LlamaShape kMixtral8x7b{32, 4096, 14336, 4096, 1024, 32000};

inline void addLlamaAttention(NamedModel& model, const std::string& block, const LlamaShape& s) {
  model.add(block + "self_attn.q_proj.weight", {s.qWidth, s.hidden});
  model.add(block + "self_attn.k_proj.weight", {s.kvWidth, s.hidden});
  model.add(block + "self_attn.v_proj.weight", {s.kvWidth, s.hidden});
  model.add(block + "self_attn.o_proj.weight", {s.hidden, s.qWidth});
  model.add(block + "input_layernorm.weight", {s.hidden});
  model.add(block + "post_attention_layernorm.weight", {s.hidden});
}

inline void addGatedMlp(NamedModel& model, const std::string& mlp, std::int64_t hidden,
                        std::int64_t intermediate) {
  model.add(mlp + "gate_proj.weight", {intermediate, hidden});
  model.add(mlp + "up_proj.weight", {intermediate, hidden});
  model.add(mlp + "down_proj.weight", {hidden, intermediate});
}

inline std::string configOf(const std::string& type, const std::string& architecture, int layers,
                            std::int64_t hidden) {
  return "{\"model_type\":\"" + type + "\",\"architectures\":[\"" + architecture +
         "\"],\"num_hidden_layers\":" + std::to_string(layers) +
         ",\"hidden_size\":" + std::to_string(hidden) + "}";
}

inline NamedModel llamaModel(const LlamaShape& s = kLlama3_70b, const std::string& type = "llama",
                             const std::string& architecture = "LlamaForCausalLM") {
  NamedModel model{configOf(type, architecture, s.layers, s.hidden), {}};
  model.add("model.embed_tokens.weight", {s.vocabulary, s.hidden});
  model.add("model.norm.weight", {s.hidden});
  model.add("lm_head.weight", {s.vocabulary, s.hidden});
  for (int i = 0; i < s.layers; ++i) {
    const std::string block = "model.layers." + std::to_string(i) + ".";
    addLlamaAttention(model, block, s);
    addGatedMlp(model, block + "mlp.", s.hidden, s.intermediate);
    if (type == "qwen2") {
      model.add(block + "self_attn.q_proj.bias", {s.qWidth});
      model.add(block + "self_attn.k_proj.bias", {s.kvWidth});
      model.add(block + "self_attn.v_proj.bias", {s.kvWidth});
    }
    if (type == "qwen3") {
      model.add(block + "self_attn.q_norm.weight", {128});
      model.add(block + "self_attn.k_norm.weight", {128});
    }
  }
  return model;
}

inline NamedModel mixtralModel(const LlamaShape& s = kMixtral8x7b) {
  NamedModel model{configOf("mixtral", "MixtralForCausalLM", s.layers, s.hidden), {}};
  model.add("model.embed_tokens.weight", {s.vocabulary, s.hidden});
  model.add("model.norm.weight", {s.hidden});
  model.add("lm_head.weight", {s.vocabulary, s.hidden});
  for (int i = 0; i < s.layers; ++i) {
    const std::string block = "model.layers." + std::to_string(i) + ".";
    addLlamaAttention(model, block, s);
    model.add(block + "block_sparse_moe.gate.weight", {8, s.hidden});
    for (int e = 0; e < 8; ++e) {
      const std::string expert = block + "block_sparse_moe.experts." + std::to_string(e) + ".";
      model.add(expert + "w1.weight", {s.intermediate, s.hidden});
      model.add(expert + "w2.weight", {s.hidden, s.intermediate});
      model.add(expert + "w3.weight", {s.intermediate, s.hidden});
    }
  }
  return model;
}

/// Qwen MoE: Qwen1.5-MoE-A2.7B (with a shared expert) or Qwen3-30B-A3B, with fewer experts and layers.
inline NamedModel qwenMoeModel(bool hasSharedExpert, int layers = 12, int experts = 12) {
  const LlamaShape s{layers,
                     2048,
                     hasSharedExpert ? 5632 : 6144,
                     hasSharedExpert ? 2048 : 4096,
                     hasSharedExpert ? 2048 : 512,
                     151936};
  NamedModel model{
      configOf(hasSharedExpert ? "qwen2_moe" : "qwen3_moe",
               hasSharedExpert ? "Qwen2MoeForCausalLM" : "Qwen3MoeForCausalLM", layers, s.hidden),
      {}};
  model.add("model.embed_tokens.weight", {s.vocabulary, s.hidden});
  model.add("model.norm.weight", {s.hidden});
  model.add("lm_head.weight", {s.vocabulary, s.hidden});
  for (int i = 0; i < layers; ++i) {
    const std::string block = "model.layers." + std::to_string(i) + ".";
    addLlamaAttention(model, block, s);
    model.add(block + "mlp.gate.weight", {experts, s.hidden});
    for (int e = 0; e < experts; ++e)
      addGatedMlp(model, block + "mlp.experts." + std::to_string(e) + ".", s.hidden, 1408);
    if (!hasSharedExpert) continue;
    addGatedMlp(model, block + "mlp.shared_expert.", s.hidden, s.intermediate);
    model.add(block + "mlp.shared_expert_gate.weight", {1, s.hidden});
  }
  return model;
}

/// Phi-3-mini-4k.
inline NamedModel phi3Model(int layers = 32) {
  NamedModel model{configOf("phi3", "Phi3ForCausalLM", layers, 3072), {}};
  model.add("model.embed_tokens.weight", {32064, 3072});
  model.add("model.norm.weight", {3072});
  model.add("lm_head.weight", {32064, 3072});
  for (int i = 0; i < layers; ++i) {
    const std::string block = "model.layers." + std::to_string(i) + ".";
    model.add(block + "self_attn.qkv_proj.weight", {9216, 3072});
    model.add(block + "self_attn.o_proj.weight", {3072, 3072});
    model.add(block + "mlp.gate_up_proj.weight", {16384, 3072});
    model.add(block + "mlp.down_proj.weight", {3072, 8192});
    model.add(block + "input_layernorm.weight", {3072});
    model.add(block + "post_attention_layernorm.weight", {3072});
  }
  return model;
}

/// GPT-2 small; `prefix` "transformer." or "" as in the base model's checkpoint.
inline NamedModel gpt2Model(const std::string& prefix, int layers = 12) {
  NamedModel model{R"({"model_type":"gpt2","architectures":["GPT2LMHeadModel"],"n_embd":768,"n_layer":)" +
                       std::to_string(layers) + "}",
                   {}};
  model.add(prefix + "wte.weight", {50257, 768}, DType::F32);
  model.add(prefix + "wpe.weight", {1024, 768}, DType::F32);
  model.add(prefix + "ln_f.weight", {768}, DType::F32);
  for (int i = 0; i < layers; ++i) {
    const std::string block = prefix + "h." + std::to_string(i) + ".";
    model.add(block + "attn.bias", {1, 1, 1024, 1024}, DType::F32);
    model.add(block + "attn.c_attn.weight", {768, 2304}, DType::F32);
    model.add(block + "attn.c_attn.bias", {2304}, DType::F32);
    model.add(block + "attn.c_proj.weight", {768, 768}, DType::F32);
    model.add(block + "mlp.c_fc.weight", {768, 3072}, DType::F32);
    model.add(block + "mlp.c_proj.weight", {3072, 768}, DType::F32);
    model.add(block + "ln_1.weight", {768}, DType::F32);
    model.add(block + "ln_2.weight", {768}, DType::F32);
  }
  return model;
}

/// OPT-125m; `prefix` "model." or "".
inline NamedModel optModel(const std::string& prefix, int layers = 12) {
  NamedModel model{configOf("opt", "OPTForCausalLM", layers, 768), {}};
  model.add(prefix + "decoder.embed_tokens.weight", {50272, 768}, DType::F16);
  model.add(prefix + "decoder.embed_positions.weight", {2050, 768}, DType::F16);
  model.add(prefix + "decoder.final_layer_norm.weight", {768}, DType::F16);
  for (int i = 0; i < layers; ++i) {
    const std::string block = prefix + "decoder.layers." + std::to_string(i) + ".";
    for (const char* name :
         {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"}) {
      model.add(block + name + ".weight", {768, 768}, DType::F16);
      model.add(block + name + ".bias", {768}, DType::F16);
    }
    model.add(block + "self_attn_layer_norm.weight", {768}, DType::F16);
    model.add(block + "final_layer_norm.weight", {768}, DType::F16);
    model.add(block + "fc1.weight", {3072, 768}, DType::F16);
    model.add(block + "fc2.weight", {768, 3072}, DType::F16);
  }
  return model;
}

/// bert-base-uncased as it is on its page: norms are called gamma and beta, the head's matrix is the
/// embedding. `prefix` "bert." or "" as in checkpoints of the base model, which have no head.
inline NamedModel bertModel(const std::string& prefix, const std::string& gain = "gamma",
                            const std::string& bias = "beta", int layers = 12) {
  NamedModel model{configOf("bert", prefix.empty() ? "BertModel" : "BertForMaskedLM", layers, 768), {}};
  const auto addLinear = [&](const std::string& name, std::int64_t out, std::int64_t in) {
    model.add(name + ".weight", {out, in}, DType::F32);
    model.add(name + ".bias", {out}, DType::F32);
  };
  const auto addNorm = [&](const std::string& name) {
    model.add(name + "." + gain, {768}, DType::F32);
    model.add(name + "." + bias, {768}, DType::F32);
  };
  model.add(prefix + "embeddings.word_embeddings.weight", {30522, 768}, DType::F32);
  model.add(prefix + "embeddings.position_embeddings.weight", {512, 768}, DType::F32);
  model.add(prefix + "embeddings.token_type_embeddings.weight", {2, 768}, DType::F32);
  addNorm(prefix + "embeddings.LayerNorm");
  for (int i = 0; i < layers; ++i) {
    const std::string block = prefix + "encoder.layer." + std::to_string(i) + ".";
    for (const char* name : {"query", "key", "value"}) addLinear(block + "attention.self." + name, 768, 768);
    addLinear(block + "attention.output.dense", 768, 768);
    addLinear(block + "intermediate.dense", 3072, 768);
    addLinear(block + "output.dense", 768, 3072);
    addNorm(block + "attention.output.LayerNorm");
    addNorm(block + "output.LayerNorm");
  }
  addLinear(prefix + "pooler.dense", 768, 768);
  if (prefix.empty()) return model;
  addLinear("cls.predictions.transform.dense", 768, 768);
  addNorm("cls.predictions.transform.LayerNorm");
  model.add("cls.predictions.bias", {30522}, DType::F32);
  addLinear("cls.seq_relationship", 2, 768);
  return model;
}

}  // namespace ql::test
