#pragma once
// Tokens and comparisons for tests of activation schemes.
#include "core/quant/activation_quantizer.h"
#include "tests/support/compare.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace ql::test {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

inline ActScheme scheme(const std::string& spec) {
  return *parseSpec(spec).activation;
}

/// Channels of very different sizes and signs: channel j has its own mean and spread.
inline std::vector<float> tokens(std::size_t count, std::size_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> mean(width), spread(width), x(count * width);
  for (std::size_t j = 0; j < width; ++j) {
    mean[j] = 2 * normal(random);
    spread[j] = std::exp(1.5f * normal(random));
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = mean[i % width] + spread[i % width] * normal(random);
  return x;
}

inline ActivationRange rangeOf(const std::vector<float>& x, std::size_t width) {
  ActivationRange range{std::vector<float>(width, kInf), std::vector<float>(width, -kInf)};
  for (std::size_t i = 0; i < x.size(); ++i) {
    range.min[i % width] = std::min(range.min[i % width], x[i]);
    range.max[i % width] = std::max(range.max[i % width], x[i]);
  }
  return range;
}

inline std::vector<float> rounded(const ActScheme& s, const std::vector<float>& x, std::size_t width,
                                  const ActivationRange* range = nullptr) {
  std::vector<float> q = x;
  fakeQuantizeActivations(s, static_cast<std::int64_t>(x.size() / width), static_cast<std::int64_t>(width), q,
                          range);
  return q;
}

inline double meanSquare(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i] - b[i]), 2);
  return sum / static_cast<double>(a.size());
}

inline void compareClose(const std::vector<float>& actual, const std::vector<float>& expected,
                         double relative) {
  QCOMPARE(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    QVERIFY2(near(static_cast<double>(actual[i]), static_cast<double>(expected[i]), relative),
             qPrintable(QString("%1: %2, expected %3").arg(i).arg(actual[i]).arg(expected[i])));
}

}  // namespace ql::test
