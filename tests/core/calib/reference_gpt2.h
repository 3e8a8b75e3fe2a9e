#pragma once
// GPT-2: tiny checkpoints and the reference forward pass. Radford et al. 2019; Conv1D weights are [in, out].
#include "tests/core/calib/reference_math.h"

namespace ql::test {

struct TinyGpt2 {
  std::string prefix = "transformer.";  // "" in checkpoints of the base model
  int blocks = 2, hidden = 32, heads = 4, inner = 128, positions = 32, vocabulary = 50;
  double eps = 1e-5;
  double (*activation)(double) = geluNew;
  bool hasOwnHead = false;
  bool scalesAttention = true;  // by 1 / sqrt(head width)
  nlohmann::json keys = nlohmann::json::object();
};

inline void addConv1d(TinyCheckpoint& c, const std::string& module, int in, int out, double gain = 1) {
  c.addWeight(module + ".weight", {in, out}, in, gain);
  c.addBias(module + ".bias", out);
}

inline TinyCheckpoint makeCheckpoint(const TinyGpt2& m) {
  TinyCheckpoint c;
  c.config = {{"model_type", "gpt2"},
              {"architectures", {m.prefix.empty() ? "GPT2Model" : "GPT2LMHeadModel"}},
              {"n_embd", m.hidden},
              {"n_layer", m.blocks},
              {"n_head", m.heads},
              {"n_positions", m.positions},
              {"vocab_size", m.vocabulary},
              {"layer_norm_epsilon", m.eps},
              {"activation_function", "gelu_new"}};
  c.config.update(m.keys);
  c.addWeight(m.prefix + "wte.weight", {m.vocabulary, m.hidden}, 1);
  c.addWeight(m.prefix + "wpe.weight", {m.positions, m.hidden}, 1, 0.5);
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = m.prefix + "h." + std::to_string(block) + ".";
    c.addLayerNorm(b + "ln_1", m.hidden);
    c.addLayerNorm(b + "ln_2", m.hidden);
    addConv1d(c, b + "attn.c_attn", m.hidden, 3 * m.hidden, m.scalesAttention ? 1.5 : 0.7);
    addConv1d(c, b + "attn.c_proj", m.hidden, m.hidden);
    addConv1d(c, b + "mlp.c_fc", m.hidden, m.inner, 1.5);
    addConv1d(c, b + "mlp.c_proj", m.inner, m.hidden);
  }
  c.addLayerNorm(m.prefix + "ln_f", m.hidden);
  if (m.hasOwnHead) c.addLinear("lm_head", m.vocabulary, m.hidden);
  return c;
}

inline Trace runReference(const TinyGpt2& m, const TinyCheckpoint& checkpoint, const Ids& ids) {
  Trace trace;
  Reference run(checkpoint, trace);
  Ids positions;
  for (std::size_t i = 0; i < ids.size(); ++i) positions.push_back(static_cast<std::int32_t>(i));
  Matrix h = trace.embedded = sum(run.rows(m.prefix + "wte", ids), run.rows(m.prefix + "wpe", positions));
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = m.prefix + "h." + std::to_string(block) + ".";
    const Matrix qkv = run.conv1d(b + "attn.c_attn", run.layerNorm(b + "ln_1", h, m.eps));
    const Matrix k = columns(qkv, m.hidden, 2 * m.hidden), v = columns(qkv, 2 * m.hidden, 3 * m.hidden);
    trace.points[b + "k_cache"] = k;
    trace.points[b + "v_cache"] = v;
    Matrix q = columns(qkv, 0, m.hidden);
    const int width = m.hidden / m.heads;
    for (double& value : q.values) value *= m.scalesAttention ? 1 : std::sqrt(double(width));
    const Matrix mixed = attention(q, k, v, {m.heads, m.heads, width});
    trace.points[b + "residual_after_attn"] = h = sum(h, run.conv1d(b + "attn.c_proj", mixed));
    const Matrix inner = run.conv1d(b + "mlp.c_fc", run.layerNorm(b + "ln_2", h, m.eps));
    h = sum(h, run.conv1d(b + "mlp.c_proj", mapped(inner, m.activation)));
    trace.points[b + "residual_after_mlp"] = h;
    trace.blocks.push_back(h);
  }
  trace.final = run.layerNorm(m.prefix + "ln_f", h, m.eps);
  trace.logits =
      m.hasOwnHead ? run.linear("lm_head", trace.final) : run.tiedHead(m.prefix + "wte", trace.final);
  return trace;
}

}  // namespace ql::test
