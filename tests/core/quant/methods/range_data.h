#pragma once
// Weights, the public door to quantizers and the parts of a matrix, for the tests of searched ranges.
#include "core/quant/quantizer.h"
#include "core/quant/rtn_grid.h"
#include "tests/core/evaluate/memory_source.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ql::test {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

inline WeightScheme scheme(const std::string& spec) {
  return *parseSpec(spec).weight;
}

/// Rows of different sizes, a few long tails, some exact zeros.
inline std::vector<float> weights(std::int64_t out, std::int64_t in, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.05f);
  std::uniform_int_distribution<int> die(0, 60);
  std::vector<float> w(static_cast<std::size_t>(out * in));
  for (std::size_t i = 0; i < w.size(); ++i) {
    const int roll = die(random);
    w[i] = normal(random) * (roll == 0 ? 6.0f : 1.0f) * static_cast<float>(1 + i / 50 % 3);
    if (roll == 1) w[i] = 0;
  }
  return w;
}

inline MatrixRange rangeOf(const std::vector<float>& w, std::size_t in) {
  MatrixRange range{std::vector<float>(in, kInfinity), std::vector<float>(in, -kInfinity)};
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (!std::isfinite(w[i])) continue;
    range.columnMin[i % in] = std::min(range.columnMin[i % in], w[i]);
    range.columnMax[i % in] = std::max(range.columnMax[i % in], w[i]);
  }
  for (std::size_t j = 0; j < in; ++j)
    if (range.columnMin[j] > range.columnMax[j]) range.columnMin[j] = range.columnMax[j] = 0;
  return range;
}

struct Made {
  std::vector<float> values;
  std::vector<std::uint8_t> isZeroCode;
  std::optional<double> bits;
  std::vector<Fallback> fallbacks;
};

/// Through the public door, with `threads`.
inline Made quantized(const std::string& spec, std::int64_t out, std::int64_t in, const std::vector<float>& w,
                      const ActivationStats* activations = nullptr, int threads = 2) {
  const MemorySource source(out, in, w);
  const MatrixRange range = rangeOf(w, static_cast<std::size_t>(in));
  JobContext job(threads);
  QuantizerInput input;
  input.out = out;
  input.in = in;
  input.range = &range;
  input.source = &source;
  input.matrix = source.ref;
  input.activations = activations;
  input.job = &job;
  const auto quantizer = makeRowQuantizer(scheme(spec), input);
  Made made{std::vector<float>(w.size()), std::vector<std::uint8_t>(w.size()), quantizer->bitsPerWeight(),
            quantizer->fallbacks()};
  quantizer->apply(0, out, w, made.values, made.isZeroCode);
  return made;
}

inline void compareFloats(const std::vector<float>& actual, const std::vector<float>& expected) {
  QCOMPARE(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    QVERIFY2(
        actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i])),
        qPrintable(
            QString("%1: %2, expected %3").arg(i).arg(actual[i], 0, 'g', 9).arg(expected[i], 0, 'g', 9)));
}

/// The number of the part that an element belongs to.
inline std::size_t partOf(const WeightScheme& s, std::size_t row, std::size_t column, std::size_t in) {
  switch (s.granularity) {
    case Granularity::Tensor:
      return 0;
    case Granularity::InputChannel:
      return column;
    case Granularity::Group:
      return row * in + column / static_cast<std::size_t>(*s.groupSize);
    case Granularity::GroupInChannel:
      return row / static_cast<std::size_t>(*s.groupSize) * in + column;
    case Granularity::Block:
      return row / static_cast<std::size_t>((*s.block)[0]) * in +
             column / static_cast<std::size_t>((*s.block)[1]);
    default:
      return row;
  }
}

struct Part {
  std::vector<std::size_t> at;
  float min = kInfinity, max = -kInfinity;
};

inline std::map<std::size_t, Part> partsOf(const WeightScheme& s, std::size_t in,
                                           const std::vector<float>& w) {
  std::map<std::size_t, Part> parts;
  for (std::size_t i = 0; i < w.size(); ++i) {
    Part& part = parts[partOf(s, i / in, i % in, in)];
    part.at.push_back(i);
    if (!std::isfinite(w[i])) continue;
    part.min = std::min(part.min, w[i]);
    part.max = std::max(part.max, w[i]);
  }
  return parts;
}

inline float rounded(const PartGrid& grid, float w) {
  return gridValue(grid, gridCode(grid, w));
}

inline double squaredError(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::isfinite(a[i]))
      sum += (static_cast<double>(a[i]) - static_cast<double>(b[i])) *
             (static_cast<double>(a[i]) - static_cast<double>(b[i]));
  return sum;
}

inline ActivationStats diagonalOf(const std::vector<double>& meanSquares) {
  ActivationStats stats;
  stats.width = static_cast<std::int64_t>(meanSquares.size());
  stats.all.tokens = 64;
  for (const double m : meanSquares) stats.all.sumSq.push_back(64 * m);
  return stats;
}

inline const std::vector<const char*> kGranularities{
    "channel", "group=32", "group=50", "group_in_channel=8", "block=8x50", "input_channel", "tensor"};

}  // namespace ql::test
