#pragma once
// BERT with its masked-token head: tiny checkpoints and the reference forward pass. Devlin et al.,
// arXiv:1810.04805. Every token sees every other one; norms stand behind the residual sums.
#include "tests/core/calib/reference_math.h"

namespace ql::test {

struct TinyBert {
  std::string prefix = "bert.";  // "" in checkpoints of the base model, which have no head
  int blocks = 2, hidden = 32, heads = 4, inner = 48, positions = 32, types = 2, vocabulary = 50;
  double eps = 1e-12;
  double (*activation)(double) = gelu;
  std::string gain = ".weight", bias = ".bias";  // of layer norms; ".gamma" and ".beta" in old checkpoints
  bool hasHead = true;
  bool hasDecoderTensors = false;  // writers that do not tie: cls.predictions.decoder.{weight,bias}
  nlohmann::json keys = nlohmann::json::object();
};

inline void addBertNorm(TinyCheckpoint& c, const TinyBert& m, const std::string& module) {
  c.addGain(module + m.gain, m.hidden);
  c.addBias(module + m.bias, m.hidden);
}

inline TinyCheckpoint makeCheckpoint(const TinyBert& m) {
  TinyCheckpoint c;
  c.config = {{"model_type", "bert"},
              {"architectures", {m.hasHead ? "BertForMaskedLM" : "BertModel"}},
              {"hidden_size", m.hidden},
              {"num_hidden_layers", m.blocks},
              {"num_attention_heads", m.heads},
              {"intermediate_size", m.inner},
              {"max_position_embeddings", m.positions},
              {"type_vocab_size", m.types},
              {"vocab_size", m.vocabulary},
              {"layer_norm_eps", m.eps},
              {"hidden_act", "gelu"}};
  c.config.update(m.keys);
  const std::string e = m.prefix + "embeddings.";
  c.addWeight(e + "word_embeddings.weight", {m.vocabulary, m.hidden}, 1);
  c.addWeight(e + "position_embeddings.weight", {m.positions, m.hidden}, 1, 0.5);
  c.addWeight(e + "token_type_embeddings.weight", {m.types, m.hidden}, 1, 0.5);
  addBertNorm(c, m, e + "LayerNorm");
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = m.prefix + "encoder.layer." + std::to_string(block) + ".";
    for (const char* name : {"query", "key", "value"})
      c.addLinear(b + "attention.self." + name, m.hidden, m.hidden, true, 1.5);
    c.addLinear(b + "attention.output.dense", m.hidden, m.hidden, true);
    c.addLinear(b + "intermediate.dense", m.inner, m.hidden, true, 1.5);
    c.addLinear(b + "output.dense", m.hidden, m.inner, true);
    addBertNorm(c, m, b + "attention.output.LayerNorm");
    addBertNorm(c, m, b + "output.LayerNorm");
  }
  c.addLinear(m.prefix + "pooler.dense", m.hidden, m.hidden, true);
  if (!m.hasHead) return c;
  const std::string head = "cls.predictions.";
  c.addLinear(head + "transform.dense", m.hidden, m.hidden, true);
  addBertNorm(c, m, head + "transform.LayerNorm");
  c.addBias(head + "bias", m.vocabulary);
  c.addLinear("cls.seq_relationship", 2, m.hidden, true);
  if (!m.hasDecoderTensors) return c;
  c.addLinear(head + "decoder", m.vocabulary, m.hidden);
  c.tensors[head + "decoder.bias"] = c.at(head + "bias");
  return c;
}

inline Trace runReference(const TinyBert& m, const TinyCheckpoint& checkpoint, const Ids& ids) {
  Trace trace;
  Reference run(checkpoint, trace);
  const auto norm = [&](const std::string& module, const Matrix& x) {
    return run.layerNorm(module, x, m.eps, m.gain, m.bias);
  };
  Ids positions;
  for (std::size_t i = 0; i < ids.size(); ++i) positions.push_back(static_cast<std::int32_t>(i));
  const std::string e = m.prefix + "embeddings.";
  Matrix h = sum(run.rows(e + "word_embeddings", ids), run.rows(e + "position_embeddings", positions));
  h = sum(h, run.rows(e + "token_type_embeddings", Ids(ids.size(), 0)));
  h = trace.embedded = norm(e + "LayerNorm", h);
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = m.prefix + "encoder.layer." + std::to_string(block) + ".";
    const std::string s = b + "attention.self.";
    const Matrix q = run.linear(s + "query", h), k = run.linear(s + "key", h), v = run.linear(s + "value", h);
    trace.points[b + "k_cache"] = k;
    trace.points[b + "v_cache"] = v;
    const Matrix mixed = attention(q, k, v, {m.heads, m.heads, m.hidden / m.heads, false});
    h = sum(h, run.linear(b + "attention.output.dense", mixed));
    trace.points[b + "residual_after_attn"] = h;
    h = norm(b + "attention.output.LayerNorm", h);
    h = sum(h, run.linear(b + "output.dense", mapped(run.linear(b + "intermediate.dense", h), m.activation)));
    trace.points[b + "residual_after_mlp"] = h;
    h = norm(b + "output.LayerNorm", h);
    trace.blocks.push_back(h);
  }
  trace.final = h;
  if (!m.hasHead) return trace;
  const std::string head = "cls.predictions.";
  const Matrix inner = mapped(run.linear(head + "transform.dense", h), m.activation);
  trace.final = norm(head + "transform.LayerNorm", inner);
  if (m.hasDecoderTensors) {
    trace.logits = run.linear(head + "decoder", trace.final);
    return trace;
  }
  trace.logits = run.tiedHead(e + "word_embeddings", trace.final);
  const std::vector<float>& bias = checkpoint.at(head + "bias").values;
  for (std::int64_t r = 0; r < trace.logits.rows; ++r) {
    for (std::int64_t c = 0; c < trace.logits.columns; ++c)
      trace.logits(r, c) += bias[static_cast<std::size_t>(c)];
  }
  return trace;
}

}  // namespace ql::test
