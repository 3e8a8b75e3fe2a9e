#pragma once
// Matrices that share an input, with its tokens, and AWQ's rounding and output error written again, slowly.
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/site_data.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ql::test {

/// Several matrices by name.
class NamedSource : public WeightSource {
 public:
  MatrixRef add(const std::string& name, std::int64_t out, std::int64_t in, std::vector<float> w) {
    MatrixRef ref;
    ref.tensor = name;
    ref.out = out;
    ref.in = in;
    m_weights[name] = std::move(w);
    return ref;
  }
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    const auto begin = m_weights.at(matrix.tensor).begin() + rowBegin * matrix.in;
    std::copy(begin, begin + (rowEnd - rowBegin) * matrix.in, out.begin());
  }
  const std::vector<float>& of(const MatrixRef& ref) const { return m_weights.at(ref.tensor); }

 private:
  std::map<std::string, std::vector<float>> m_weights;
};

/// A matrix, others that read the same input, and the input's tokens.
struct AwqCase {
  NamedSource source;
  std::vector<MatrixRef> readers;
  std::vector<float> x;
  ActivationStats stats;
  std::size_t in;
  JobContext job{1};

  AwqCase(std::vector<std::pair<std::string, std::int64_t>> rows, std::size_t width, unsigned seed,
          std::size_t tokens = 200)
      : in(width) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 0.05f);
    std::lognormal_distribution<float> spread(0, 1.2f);
    std::vector<float> gain(in);
    for (float& g : gain) g = spread(random);
    x = gaussianTokens(tokens, in, random);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= gain[i % in];
    for (const auto& [name, out] : rows) {
      std::vector<float> w(static_cast<std::size_t>(out) * in);
      for (std::size_t i = 0; i < w.size(); ++i) w[i] = normal(random) * (i % in % 29 == 3 ? 6.0f : 1.0f);
      readers.push_back(source.add(name, out, static_cast<std::int64_t>(in), std::move(w)));
    }
    remember();
  }
  /// After a change of x.
  void remember() {
    stats = siteOf(x, in);
    stats.all.sumAbs.assign(in, 0);
    for (std::size_t i = 0; i < x.size(); ++i)
      stats.all.sumAbs[i % in] += std::abs(static_cast<double>(x[i]));
  }
  QuantizerInput input(std::size_t reader = 0) {
    QuantizerInput result;
    result.matrix = readers[reader];
    result.out = readers[reader].out;
    result.in = readers[reader].in;
    result.source = &source;
    if (readers.size() > 1) result.siblings = readers;
    result.activations = &stats;
    result.job = &job;
    return result;
  }
  std::vector<float> quantized(const std::string& spec, std::size_t reader = 0,
                               std::vector<std::uint8_t>* zeros = nullptr) {
    const std::vector<float>& w = source.of(readers[reader]);
    std::vector<float> q(w.size());
    std::vector<std::uint8_t> isZero(w.size());
    makeRowQuantizer(*parseSpec(spec).weight, input(reader))->apply(0, readers[reader].out, w, q, isZero);
    if (zeros) *zeros = isZero;
    return q;
  }
  /// sum over tokens and rows of (x (q - w))^2 / tokens in double.
  double loss(std::span<const float> q, std::size_t reader = 0) const {
    const std::vector<float>& w = source.of(readers[reader]);
    double sum = 0;
    for (std::size_t t = 0; t < x.size(); t += in) {
      for (std::size_t r = 0; r < w.size(); r += in) {
        double y = 0;
        for (std::size_t j = 0; j < in; ++j)
          y +=
              static_cast<double>(x[t + j]) * (static_cast<double>(q[r + j]) - static_cast<double>(w[r + j]));
        sum += y * y;
      }
    }
    return sum / static_cast<double>(x.size() / in);
  }
};

/// llm-awq quantizer.py, pseudo_quantize_tensor, written again for one group in float32.
inline void pseudoQuantize(std::span<float> group, int bits, bool hasZeroPoint) {
  const auto [low, high] = std::minmax_element(group.begin(), group.end());
  if (!hasZeroPoint) {
    const float largest = static_cast<float>((1 << (bits - 1)) - 1);
    const float scale = std::max(std::max(std::abs(*low), std::abs(*high)), 1e-5f) / largest;
    for (float& w : group) w = std::clamp(std::nearbyint(w / scale), -largest - 1, largest) * scale;
    return;
  }
  const float levels = static_cast<float>((1 << bits) - 1);
  const float scale = std::max(*high - *low, 1e-5f) / levels;
  const float zero = std::clamp(-std::nearbyint(*low / scale), 0.0f, levels);
  for (float& w : group) w = (std::clamp(std::nearbyint(w / scale) + zero, 0.0f, levels) - zero) * scale;
}

inline std::vector<float> pseudoQuantized(std::vector<float> w, std::size_t in, std::size_t group, int bits,
                                          bool hasZeroPoint) {
  for (std::size_t row = 0; row < w.size(); row += in)
    for (std::size_t begin = 0; begin < in; begin += group)
      pseudoQuantize(std::span(w).subspan(row + begin, std::min(group, in - begin)), bits, hasZeroPoint);
  return w;
}

inline std::vector<float> scaledBy(std::vector<float> w, const std::vector<float>& s,
                                   bool isDivided = false) {
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = isDivided ? w[i] / s[i % s.size()] : w[i] * s[i % s.size()];
  return w;
}

}  // namespace ql::test
