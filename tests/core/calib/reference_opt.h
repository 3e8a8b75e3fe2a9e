#pragma once
// OPT: tiny checkpoints and the reference forward pass. Zhang et al., arXiv:2205.01068; the 350m model norms
// behind the residual sums, has no final norm, and narrower embeddings with a projection on either side.
#include "tests/core/calib/reference_math.h"

namespace ql::test {

struct TinyOpt {
  std::string prefix = "model.";  // "" in checkpoints of the base model
  int blocks = 2, hidden = 32, embedding = 32, heads = 4, inner = 48, positions = 32, vocabulary = 50;
  bool isNormBefore = true, hasBias = true;
  double (*activation)(double) = relu;
  nlohmann::json keys = nlohmann::json::object();

  bool hasFinalNorm() const { return isNormBefore && !keys.value("_remove_final_layer_norm", false); }
};

inline TinyCheckpoint makeCheckpoint(const TinyOpt& m) {
  TinyCheckpoint c;
  c.config = {{"model_type", "opt"},
              {"architectures", {m.prefix.empty() ? "OPTModel" : "OPTForCausalLM"}},
              {"hidden_size", m.hidden},
              {"word_embed_proj_dim", m.embedding},
              {"num_hidden_layers", m.blocks},
              {"num_attention_heads", m.heads},
              {"ffn_dim", m.inner},
              {"max_position_embeddings", m.positions},
              {"vocab_size", m.vocabulary},
              {"do_layer_norm_before", m.isNormBefore},
              {"activation_function", "relu"}};
  c.config.update(m.keys);
  const std::string d = m.prefix + "decoder.";
  c.addWeight(d + "embed_tokens.weight", {m.vocabulary, m.embedding}, 1);
  c.addWeight(d + "embed_positions.weight", {m.positions + 2, m.hidden}, 1, 0.5);
  if (m.embedding != m.hidden) {
    c.addLinear(d + "project_in", m.hidden, m.embedding);
    c.addLinear(d + "project_out", m.embedding, m.hidden);
  }
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = d + "layers." + std::to_string(block) + ".";
    for (const char* name : {"q_proj", "k_proj", "v_proj", "out_proj"})
      c.addLinear(b + "self_attn." + name, m.hidden, m.hidden, m.hasBias, 1.3);
    c.addLinear(b + "fc1", m.inner, m.hidden, m.hasBias, 1.5);
    c.addLinear(b + "fc2", m.hidden, m.inner, m.hasBias);
    c.addLayerNorm(b + "self_attn_layer_norm", m.hidden);
    c.addLayerNorm(b + "final_layer_norm", m.hidden);
  }
  if (m.hasFinalNorm()) c.addLayerNorm(d + "final_layer_norm", m.hidden);
  return c;
}

inline Trace runReference(const TinyOpt& m, const TinyCheckpoint& checkpoint, const Ids& ids) {
  constexpr double kEps = 1e-5;  // the default of layer norms; OPT's config.json has no key for it
  Trace trace;
  Reference run(checkpoint, trace);
  const std::string d = m.prefix + "decoder.";
  Ids positions;
  for (std::size_t i = 0; i < ids.size(); ++i) positions.push_back(static_cast<std::int32_t>(i));
  Matrix h = run.rows(d + "embed_tokens", ids);
  if (m.embedding != m.hidden) h = run.linear(d + "project_in", h);
  h = trace.embedded = sum(h, run.rows(d + "embed_positions", positions, 2));
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = d + "layers." + std::to_string(block) + ".";
    const auto norm = [&](const char* name, const Matrix& x, bool isHere) {
      return isHere ? run.layerNorm(b + name, x, kEps) : x;
    };
    Matrix x = norm("self_attn_layer_norm", h, m.isNormBefore);
    const Matrix q = run.linear(b + "self_attn.q_proj", x), k = run.linear(b + "self_attn.k_proj", x);
    const Matrix v = run.linear(b + "self_attn.v_proj", x);
    trace.points[b + "k_cache"] = k;
    trace.points[b + "v_cache"] = v;
    const Matrix mixed = attention(q, k, v, {m.heads, m.heads, m.hidden / m.heads});
    trace.points[b + "residual_after_attn"] = h = sum(h, run.linear(b + "self_attn.out_proj", mixed));
    h = norm("self_attn_layer_norm", h, !m.isNormBefore);
    x = norm("final_layer_norm", h, m.isNormBefore);
    h = sum(h, run.linear(b + "fc2", mapped(run.linear(b + "fc1", x), m.activation)));
    trace.points[b + "residual_after_mlp"] = h;
    h = norm("final_layer_norm", h, !m.isNormBefore);
    trace.blocks.push_back(h);
  }
  if (m.hasFinalNorm()) h = run.layerNorm(d + "final_layer_norm", h, kEps);
  if (m.embedding != m.hidden) h = run.linear(d + "project_out", h);
  trace.final = h;
  trace.logits = run.tiedHead(d + "embed_tokens", h);
  return trace;
}

}  // namespace ql::test
