#pragma once
// Llama and the decoders that differ from it in a few facts (Mistral, Mixtral, Qwen 2 and 3 and their
// mixtures of experts, Phi-3): tiny checkpoints and the reference forward pass.
#include "tests/core/calib/reference_rope.h"

#include <numeric>

namespace ql::test {

enum class ExpertNames { Qwen, Mixtral, Stacked };

struct TinyExperts {
  int count = 0, perToken = 2, width = 24;
  bool normalizesTopK = true;
  ExpertNames names = ExpertNames::Qwen;
  int sharedWidth = 0;              // of Qwen 2's shared expert; 0 = none
  std::vector<bool> isSparse = {};  // by block; empty = all
};

struct TinyLlama {
  std::string type = "llama", architecture = "LlamaForCausalLM";
  int blocks = 2, hidden = 32, heads = 4, kvHeads = 2, headWidth = 8, mlpWidth = 48, vocabulary = 50;
  double eps = 1e-5;
  bool hasQkvBias = false, hasOutputBias = false, hasMlpBias = false;
  bool isTied = false, hasHeadNorms = false;
  bool isFused = false;  // Phi-3
  RotationOf rotation = plainRope(10000, 8);
  std::vector<int> windows = {};  // sliding window by block; empty = none
  TinyExperts experts = {};
  nlohmann::json keys = nlohmann::json::object();  // config.json beside the sizes; wins

  int slidingWindow(int block) const {
    return windows.empty() ? 0 : windows[static_cast<std::size_t>(block)];
  }
  bool isSparse(int block) const {
    return experts.count > 0 &&
           (experts.isSparse.empty() || experts.isSparse[static_cast<std::size_t>(block)]);
  }
};

inline std::string blockName(int block) {
  return "model.layers." + std::to_string(block) + ".";
}
inline std::string expertName(const TinyLlama& m, int block, int e) {
  const bool isMixtral = m.experts.names == ExpertNames::Mixtral;
  return blockName(block) + (isMixtral ? "block_sparse_moe" : "mlp") + ".experts." + std::to_string(e) + ".";
}
inline std::array<std::string, 3> expertLinears(const TinyLlama& m) {  // gate, up, down
  if (m.experts.names == ExpertNames::Mixtral) return {"w1", "w3", "w2"};
  return {"gate_proj", "up_proj", "down_proj"};
}
inline std::string routerName(const TinyLlama& m, int block) {
  return blockName(block) + (m.experts.names == ExpertNames::Mixtral ? "block_sparse_moe.gate" : "mlp.gate");
}

inline void addGatedMlp(TinyCheckpoint& c, const std::string& prefix, const std::array<std::string, 3>& names,
                        int hidden, int width, bool hasBias) {
  c.addLinear(prefix + names[0], width, hidden, hasBias, 1.5);
  c.addLinear(prefix + names[1], width, hidden, hasBias);
  c.addLinear(prefix + names[2], hidden, width, hasBias);
}

inline void addExperts(TinyCheckpoint& c, const TinyLlama& m, int block) {
  const TinyExperts& x = m.experts;
  c.addLinear(routerName(m, block), x.count, m.hidden, false, 2);
  const std::string mlp = blockName(block) + "mlp.";
  for (int e = 0; e < x.count && x.names != ExpertNames::Stacked; ++e)
    addGatedMlp(c, expertName(m, block, e), expertLinears(m), m.hidden, x.width, false);
  if (x.names == ExpertNames::Stacked) {
    c.addWeight(mlp + "experts.gate_up_proj", {x.count, 2 * x.width, m.hidden}, m.hidden);
    c.addWeight(mlp + "experts.down_proj", {x.count, x.width, m.hidden}, x.width);
  }
  if (x.sharedWidth == 0) return;
  addGatedMlp(c, mlp + "shared_expert.", expertLinears(m), m.hidden, x.sharedWidth, false);
  c.addLinear(mlp + "shared_expert_gate", 1, m.hidden);
}

inline void addBlock(TinyCheckpoint& c, const TinyLlama& m, int block) {
  const std::string b = blockName(block), a = b + "self_attn.";
  const int qWidth = m.heads * m.headWidth, kvWidth = m.kvHeads * m.headWidth;
  if (m.isFused) {
    c.addLinear(a + "qkv_proj", qWidth + 2 * kvWidth, m.hidden, m.hasQkvBias, 1.5);
  } else {
    c.addLinear(a + "q_proj", qWidth, m.hidden, m.hasQkvBias, 1.5);
    c.addLinear(a + "k_proj", kvWidth, m.hidden, m.hasQkvBias, 1.5);
    c.addLinear(a + "v_proj", kvWidth, m.hidden, m.hasQkvBias);
  }
  c.addLinear(a + "o_proj", m.hidden, qWidth, m.hasOutputBias);
  c.addGain(b + "input_layernorm.weight", m.hidden);
  c.addGain(b + "post_attention_layernorm.weight", m.hidden);
  if (m.hasHeadNorms) {
    c.addGain(a + "q_norm.weight", m.headWidth);
    c.addGain(a + "k_norm.weight", m.headWidth);
  }
  if (m.isSparse(block)) {
    addExperts(c, m, block);
  } else if (m.isFused) {
    c.addLinear(b + "mlp.gate_up_proj", 2 * m.mlpWidth, m.hidden, false, 1.5);
    c.addLinear(b + "mlp.down_proj", m.hidden, m.mlpWidth);
  } else {
    addGatedMlp(c, b + "mlp.", {"gate_proj", "up_proj", "down_proj"}, m.hidden, m.mlpWidth, m.hasMlpBias);
  }
}

inline TinyCheckpoint makeCheckpoint(const TinyLlama& m) {
  TinyCheckpoint c;
  c.config = {{"model_type", m.type},
              {"architectures", {m.architecture}},
              {"hidden_size", m.hidden},
              {"num_hidden_layers", m.blocks},
              {"num_attention_heads", m.heads},
              {"num_key_value_heads", m.kvHeads},
              {"intermediate_size", m.mlpWidth},
              {"vocab_size", m.vocabulary},
              {"max_position_embeddings", 64},
              {"rms_norm_eps", m.eps},
              {"hidden_act", "silu"},
              {"tie_word_embeddings", m.isTied}};
  c.config.update(m.keys);
  c.addWeight("model.embed_tokens.weight", {m.vocabulary, m.hidden}, 1);
  for (int block = 0; block < m.blocks; ++block) addBlock(c, m, block);
  c.addGain("model.norm.weight", m.hidden);
  if (!m.isTied) c.addLinear("lm_head", m.vocabulary, m.hidden);
  return c;
}

inline Matrix referenceAttention(Reference& run, const TinyLlama& m, int block, const Matrix& x) {
  const std::string a = blockName(block) + "self_attn.";
  const int qWidth = m.heads * m.headWidth, kvWidth = m.kvHeads * m.headWidth;
  Matrix q, k, v;
  if (m.isFused) {
    const Matrix qkv = run.linear(a + "qkv_proj", x);
    q = columns(qkv, 0, qWidth);
    k = columns(qkv, qWidth, qWidth + kvWidth);
    v = columns(qkv, qWidth + kvWidth, qkv.columns);
  } else {
    q = run.linear(a + "q_proj", x);
    k = run.linear(a + "k_proj", x);
    v = run.linear(a + "v_proj", x);
  }
  if (m.hasHeadNorms) {
    q = run.rmsNorm(a + "q_norm", q, m.eps);
    k = run.rmsNorm(a + "k_norm", k, m.eps);
  }
  const Rotation rotation = m.rotation(static_cast<int>(x.rows));
  rotate(q, m.headWidth, rotation);
  rotate(k, m.headWidth, rotation);
  run.trace().points[blockName(block) + "k_cache"] = k;
  run.trace().points[blockName(block) + "v_cache"] = v;
  const Heads heads{m.heads, m.kvHeads, m.headWidth, true, m.slidingWindow(block)};
  return run.linear(a + "o_proj", attention(q, k, v, heads));
}

/// The tokens of each expert with their weights: the `perToken` most likely of softmax(router(x)).
struct Routing {
  std::vector<std::vector<std::int64_t>> tokens;  // by expert
  std::vector<std::vector<double>> weights;
};

inline Routing route(const Matrix& scores, const TinyExperts& x) {
  const auto experts = static_cast<std::size_t>(x.count);
  Routing routing{std::vector<std::vector<std::int64_t>>(experts), std::vector<std::vector<double>>(experts)};
  for (std::int64_t t = 0; t < scores.rows; ++t) {
    std::vector<double> p(experts);
    for (std::size_t e = 0; e < experts; ++e) p[e] = scores(t, static_cast<std::int64_t>(e));
    softmaxInPlace(p);
    std::vector<std::size_t> order(experts);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] > p[b]; });
    const auto chosen = static_cast<std::size_t>(x.perToken);
    // Float32 scores are off by 1e-5 at most: with this margin it settles no choice otherwise than double.
    const auto score = [&](std::size_t rank) { return scores(t, static_cast<std::int64_t>(order[rank])); };
    if (chosen < experts && score(chosen - 1) - score(chosen) < 1e-4) qFatal("a tie of experts");
    double total = 0;
    for (std::size_t i = 0; i < chosen; ++i) total += p[order[i]];
    for (std::size_t i = 0; i < chosen; ++i) {
      routing.tokens[order[i]].push_back(t);
      routing.weights[order[i]].push_back(x.normalizesTopK ? p[order[i]] / total : p[order[i]]);
    }
  }
  return routing;
}

inline Matrix referenceExpert(Reference& run, const TinyLlama& m, int block, int e, const Matrix& x,
                              const std::vector<std::int64_t>& tokens) {
  if (m.experts.names == ExpertNames::Stacked) {
    const std::string stack = blockName(block) + "mlp.experts.";
    const Matrix both = run.stacked(stack + "gate_up_proj", e, false, x, tokens);
    const Matrix y = gated(columns(both, 0, m.experts.width), columns(both, m.experts.width, both.columns));
    return run.stacked(stack + "down_proj", e, true, y, tokens);
  }
  const std::string prefix = expertName(m, block, e);
  const auto names = expertLinears(m);
  const Matrix y = gated(run.linear(prefix + names[0], x, tokens), run.linear(prefix + names[1], x, tokens));
  return run.linear(prefix + names[2], y, tokens);
}

inline Matrix referenceExperts(Reference& run, const TinyLlama& m, int block, const Matrix& x) {
  const Routing routing = route(run.linear(routerName(m, block), x), m.experts);
  Matrix out(x.rows, x.columns);
  for (int e = 0; e < m.experts.count; ++e) {
    const auto& tokens = routing.tokens[static_cast<std::size_t>(e)];
    run.trace().experts[block].push_back(tokens.size());
    if (tokens.empty()) continue;
    const Matrix y = referenceExpert(run, m, block, e, rowsOf(x, tokens), tokens);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      for (std::int64_t c = 0; c < out.columns; ++c)
        out(tokens[i], c) +=
            routing.weights[static_cast<std::size_t>(e)][i] * y(static_cast<std::int64_t>(i), c);
    }
  }
  if (m.experts.sharedWidth == 0) return out;
  const std::string shared = blockName(block) + "mlp.shared_expert";
  const Matrix gate = run.linear(shared + "_gate", x);
  const Matrix inner = gated(run.linear(shared + ".gate_proj", x), run.linear(shared + ".up_proj", x));
  Matrix y = run.linear(shared + ".down_proj", inner);
  for (std::int64_t t = 0; t < y.rows; ++t) {
    for (std::int64_t c = 0; c < y.columns; ++c) y(t, c) *= sigmoid(gate(t, 0));
  }
  return sum(out, y);
}

inline Matrix referenceMlp(Reference& run, const TinyLlama& m, int block, const Matrix& x) {
  if (m.isSparse(block)) return referenceExperts(run, m, block, x);
  const std::string mlp = blockName(block) + "mlp.";
  Matrix y;
  if (m.isFused) {
    const Matrix both = run.linear(mlp + "gate_up_proj", x);
    y = gated(columns(both, 0, m.mlpWidth), columns(both, m.mlpWidth, both.columns));
  } else {
    y = gated(run.linear(mlp + "gate_proj", x), run.linear(mlp + "up_proj", x));
  }
  return run.linear(mlp + "down_proj", y);
}

inline Trace runReference(const TinyLlama& m, const TinyCheckpoint& checkpoint, const Ids& ids) {
  Trace trace;
  Reference run(checkpoint, trace);
  Matrix h = trace.embedded = run.rows("model.embed_tokens", ids);
  for (int block = 0; block < m.blocks; ++block) {
    const std::string b = blockName(block);
    h = sum(h, referenceAttention(run, m, block, run.rmsNorm(b + "input_layernorm", h, m.eps)));
    trace.points[b + "residual_after_attn"] = h;
    h = sum(h, referenceMlp(run, m, block, run.rmsNorm(b + "post_attention_layernorm", h, m.eps)));
    trace.points[b + "residual_after_mlp"] = h;
    trace.blocks.push_back(h);
  }
  trace.final = run.rmsNorm("model.norm", h, m.eps);
  trace.logits =
      m.isTied ? run.tiedHead("model.embed_tokens", trace.final) : run.linear("lm_head", trace.final);
  return trace;
}

}  // namespace ql::test
