#pragma once
// The pieces of a Transformer in double precision, as slow and as plain as their definitions, and a trace of
// everything that flows. Written from the definitions of the papers and of the model cards' configurations.
#include "tests/core/calib/reference_tensors.h"

#include <algorithm>
#include <functional>

namespace ql::test {

using Ids = std::vector<std::int32_t>;

/// Rows that a linear read: which positions of the window, and their values.
struct SeenRows {
  std::vector<std::int64_t> positions;
  Matrix x;
};

/// Everything a window's forward pass went through.
struct Trace {
  Matrix embedded, final, logits;
  std::vector<Matrix> blocks;              // hidden states behind each block
  std::map<std::string, SeenRows> inputs;  // by linear
  std::map<std::string, Matrix> points;    // "model.layers.0.k_cache"
  std::map<int, std::vector<std::uint64_t>> experts;
};

using ReferencePass = std::function<Trace(const Ids&)>;

inline Matrix sum(const Matrix& a, const Matrix& b) {
  Matrix c = a;
  for (std::size_t i = 0; i < c.values.size(); ++i) c.values[i] += b.values[i];
  return c;
}

inline Matrix columns(const Matrix& x, std::int64_t begin, std::int64_t end) {
  Matrix part(x.rows, end - begin);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = begin; c < end; ++c) part(r, c - begin) = x(r, c);
  }
  return part;
}

inline Matrix rowsOf(const Matrix& x, const std::vector<std::int64_t>& positions) {
  Matrix part(static_cast<std::int64_t>(positions.size()), x.columns);
  for (std::int64_t r = 0; r < part.rows; ++r) {
    for (std::int64_t c = 0; c < x.columns; ++c) part(r, c) = x(positions[static_cast<std::size_t>(r)], c);
  }
  return part;
}

inline std::vector<std::int64_t> allRows(const Matrix& x) {
  std::vector<std::int64_t> rows;
  for (std::int64_t r = 0; r < x.rows; ++r) rows.push_back(r);
  return rows;
}

inline Matrix mapped(Matrix x, double (*f)(double)) {
  for (double& value : x.values) value = f(value);
  return x;
}

inline double silu(double x) {
  return x / (1 + std::exp(-x));
}
inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
inline double relu(double x) {
  return x > 0 ? x : 0;
}
/// x Phi(x) with the normal distribution's Phi. Hendrycks & Gimpel, arXiv:1606.08415.
inline double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}
/// The same paper's approximation, which GPT-2 was trained with ("gelu_new").
inline double geluNew(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/// act(gate) * up, element by element. Shazeer, arXiv:2002.05202.
inline Matrix gated(const Matrix& gate, const Matrix& up) {
  Matrix y = gate;
  for (std::size_t i = 0; i < y.values.size(); ++i) y.values[i] = silu(gate.values[i]) * up.values[i];
  return y;
}

inline void softmaxInPlace(std::vector<double>& x) {
  const double top = *std::max_element(x.begin(), x.end());
  double total = 0;
  for (double& value : x) total += value = std::exp(value - top);
  for (double& value : x) value /= total;
}

/// Reads weights by their names in the checkpoint and notes what each linear saw.
class Reference {
 public:
  Reference(const TinyCheckpoint& checkpoint, Trace& trace) : m_checkpoint(checkpoint), m_trace(trace) {}

  const TinyCheckpoint& checkpoint() const { return m_checkpoint; }
  Trace& trace() { return m_trace; }

  /// y = x W^T + b, W [out, in]; b when the checkpoint has one.
  Matrix linear(const std::string& module, const Matrix& x) { return linear(module, x, allRows(x)); }
  Matrix linear(const std::string& module, const Matrix& x, std::vector<std::int64_t> positions) {
    note(module, x, std::move(positions));
    const TinyTensor& w = m_checkpoint.at(module + ".weight");
    return withBias(module, product(x, w.values, 0, w.shape[0], w.shape[1]));
  }
  /// GPT-2's Conv1D: y = x W + b, W [in, out].
  Matrix conv1d(const std::string& module, const Matrix& x) {
    note(module, x, allRows(x));
    const TinyTensor& w = m_checkpoint.at(module + ".weight");
    return withBias(module, transposedProduct(x, w.values, 0, w.shape[1]));
  }
  /// Expert e of a rank-3 tensor [E, out, in], or [E, in, out] when `isInFirst`.
  Matrix stacked(const std::string& module, int e, bool isInFirst, const Matrix& x,
                 std::vector<std::int64_t> positions) {
    note(module + "[" + std::to_string(e) + "]", x, std::move(positions));
    const TinyTensor& w = m_checkpoint.at(module);
    const auto skipped = static_cast<std::size_t>(e * w.shape[1] * w.shape[2]);
    if (isInFirst) return transposedProduct(x, w.values, skipped, w.shape[2]);
    return product(x, w.values, skipped, w.shape[1], w.shape[2]);
  }
  /// The same product without noting it: a head that shares the embedding is no linear of its own.
  Matrix tiedHead(const std::string& module, const Matrix& x) const {
    const TinyTensor& w = m_checkpoint.at(module + ".weight");
    return product(x, w.values, 0, w.shape[0], w.shape[1]);
  }

  Matrix rows(const std::string& module, const Ids& ids, std::int64_t offset = 0) const {
    const TinyTensor& table = m_checkpoint.at(module + ".weight");
    Matrix y(static_cast<std::int64_t>(ids.size()), table.shape[1]);
    for (std::int64_t r = 0; r < y.rows; ++r) {
      const std::int64_t begin = (ids[static_cast<std::size_t>(r)] + offset) * y.columns;
      for (std::int64_t c = 0; c < y.columns; ++c)
        y(r, c) = static_cast<double>(table.values[static_cast<std::size_t>(begin + c)]);
    }
    return y;
  }

  /// x / sqrt(mean(x^2) + eps) * g over the last `width` columns at a time (a head of q or k, or the whole
  /// row). Zhang & Sennrich, arXiv:1910.07467.
  Matrix rmsNorm(const std::string& module, const Matrix& x, double eps) const {
    const std::vector<float>& gain = m_checkpoint.at(module + ".weight").values;
    const auto width = static_cast<std::int64_t>(gain.size());
    Matrix y = x;
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::int64_t begin = 0; begin < x.columns; begin += width) {
        double squares = 0;
        for (std::int64_t c = 0; c < width; ++c) squares += x(r, begin + c) * x(r, begin + c);
        const double scale = 1 / std::sqrt(squares / static_cast<double>(width) + eps);
        for (std::int64_t c = 0; c < width; ++c) y(r, begin + c) *= scale * gain[static_cast<std::size_t>(c)];
      }
    }
    return y;
  }

  /// (x - mean) / sqrt(variance + eps) * g + b. Ba, Kiros & Hinton, arXiv:1607.06450.
  Matrix layerNorm(const std::string& module, const Matrix& x, double eps,
                   const std::string& gainLeaf = ".weight", const std::string& biasLeaf = ".bias") const {
    const std::vector<float>& gain = m_checkpoint.at(module + gainLeaf).values;
    const std::vector<float>& bias = m_checkpoint.at(module + biasLeaf).values;
    Matrix y = x;
    const auto n = static_cast<double>(x.columns);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      double mean = 0, variance = 0;
      for (std::int64_t c = 0; c < x.columns; ++c) mean += x(r, c) / n;
      for (std::int64_t c = 0; c < x.columns; ++c) variance += (x(r, c) - mean) * (x(r, c) - mean) / n;
      for (std::int64_t c = 0; c < x.columns; ++c) {
        const auto i = static_cast<std::size_t>(c);
        y(r, c) = (x(r, c) - mean) / std::sqrt(variance + eps) * gain[i] + bias[i];
      }
    }
    return y;
  }

 private:
  void note(const std::string& name, const Matrix& x, std::vector<std::int64_t> positions) {
    m_trace.inputs[name] = {std::move(positions), x};
  }

  static Matrix product(const Matrix& x, const std::vector<float>& w, std::size_t skipped, std::int64_t out,
                        std::int64_t in) {
    if (x.columns != in) qFatal("the reference multiplies %d columns by %d", int(x.columns), int(in));
    Matrix y(x.rows, out);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::int64_t o = 0; o < out; ++o) {
        for (std::int64_t i = 0; i < in; ++i)
          y(r, o) += x(r, i) * static_cast<double>(w[skipped + static_cast<std::size_t>(o * in + i)]);
      }
    }
    return y;
  }

  static Matrix transposedProduct(const Matrix& x, const std::vector<float>& w, std::size_t skipped,
                                  std::int64_t out) {
    Matrix y(x.rows, out);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for (std::int64_t o = 0; o < out; ++o) {
        for (std::int64_t i = 0; i < x.columns; ++i)
          y(r, o) += x(r, i) * static_cast<double>(w[skipped + static_cast<std::size_t>(i * out + o)]);
      }
    }
    return y;
  }

  Matrix withBias(const std::string& module, Matrix y) const {
    if (!m_checkpoint.has(module + ".bias")) return y;
    const std::vector<float>& bias = m_checkpoint.at(module + ".bias").values;
    for (std::int64_t r = 0; r < y.rows; ++r) {
      for (std::int64_t c = 0; c < y.columns; ++c) y(r, c) += bias[static_cast<std::size_t>(c)];
    }
    return y;
  }

  const TinyCheckpoint& m_checkpoint;
  Trace& m_trace;
};

struct Heads {
  int count = 0, kvCount = 0, width = 0;
  bool isCausal = true;
  int window = 0;  // a query sees itself and window - 1 keys before it; 0 = all before it
};

/// softmax(q k^T / sqrt(width)) v head by head; query head h reads key head h / (count / kvCount).
/// Vaswani et al., arXiv:1706.03762, sec. 3.2; Ainslie et al., arXiv:2305.13245.
inline Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v, const Heads& heads) {
  Matrix out(q.rows, std::int64_t{heads.count} * heads.width);
  for (int head = 0; head < heads.count; ++head) {
    const std::int64_t qBegin = std::int64_t{head} * heads.width;
    const std::int64_t kBegin = std::int64_t{head / (heads.count / heads.kvCount)} * heads.width;
    for (std::int64_t t = 0; t < q.rows; ++t) {
      const std::int64_t last = heads.isCausal ? t : q.rows - 1;
      const std::int64_t first = heads.window > 0 ? std::max<std::int64_t>(0, t - heads.window + 1) : 0;
      std::vector<double> p;
      for (std::int64_t s = first; s <= last; ++s) {
        double dot = 0;
        for (std::int64_t c = 0; c < heads.width; ++c) dot += q(t, qBegin + c) * k(s, kBegin + c);
        p.push_back(dot / std::sqrt(double(heads.width)));
      }
      softmaxInPlace(p);
      for (std::int64_t s = first; s <= last; ++s) {
        for (std::int64_t c = 0; c < heads.width; ++c)
          out(t, qBegin + c) += p[static_cast<std::size_t>(s - first)] * v(s, kBegin + c);
      }
    }
  }
  return out;
}

}  // namespace ql::test
