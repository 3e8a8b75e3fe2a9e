#pragma once
// Layers with calibrated inputs, made by hand and golden, and what a scheme makes of them.
#include "core/quant/hessian_factor.h"
#include "core/quant/matrix_in_memory.h"
#include "core/quant/quantizer.h"
#include "tests/core/evaluate/site_data.h"
#include "tests/support/compare.h"
#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace ql::test {

inline const nlohmann::json& golden() {
  static const auto all = nlohmann::json::parse(std::ifstream(dataFile("golden/golden_small.json")));
  return all;
}

inline std::vector<float> goldenValues(const char* key) {
  return golden().at(key).at("data").get<std::vector<float>>();
}

inline WeightScheme scheme(const std::string& spec) {
  return *parseSpec(spec).weight;
}

/// Everything that is known of tokens in `windows` windows.
inline ActivationStats site(const std::vector<float>& x, std::size_t in, std::uint64_t windows) {
  ActivationStats stats = siteOf(x, in);
  stats.first.tokens = windows;
  return stats;
}

struct Case {
  std::int64_t out, in;
  std::vector<float> w, x;
  ActivationStats stats;
};

/// Correlated inputs, planted large channels; `tokens` may be fewer than channels.
inline Case madeCase(std::int64_t out, std::int64_t in, std::size_t tokens, unsigned seed) {
  std::mt19937 random(seed);
  const auto n = static_cast<std::size_t>(in);
  Case made{out,
            in,
            gaussianTokens(static_cast<std::size_t>(out), n, random),
            gaussianTokens(tokens, n, random),
            {}};
  const std::vector<float> shared = ofRank(std::min<std::size_t>(4, n), tokens, n, random);
  for (std::size_t i = 0; i < made.x.size(); ++i) made.x[i] += shared[i];
  for (std::size_t i = n > 5 ? 5 : 0; i < made.x.size(); i += n) made.x[i] *= 8;
  made.stats = site(made.x, n, 2);
  return made;
}

inline std::unique_ptr<RowQuantizer> quantizerOf(const std::string& spec, const Case& c,
                                                 const MatrixInMemory& matrix, JobContext& job) {
  QuantizerInput input = matrix.input();
  input.activations = &c.stats;
  input.job = &job;
  return makeRowQuantizer(scheme(spec), input);
}

struct Result {
  std::vector<float> values;
  std::vector<std::uint8_t> isZero;
  std::vector<Fallback> fallbacks;
  bool operator==(const Result& other) const {
    return values == other.values && isZero == other.isZero && fallbacks == other.fallbacks;
  }
};

inline Result quantized(const std::string& spec, const Case& c, int threads = 2,
                        std::int64_t rowsAtOnce = 1 << 20) {
  JobContext job(threads);
  const MatrixInMemory matrix(c.w, c.out, c.in, &job);
  const auto quantizer = quantizerOf(spec, c, matrix, job);
  Result result{std::vector<float>(c.w.size()), std::vector<std::uint8_t>(c.w.size()),
                quantizer->fallbacks()};
  const std::int64_t step =
      std::max<std::int64_t>(1, rowsAtOnce / quantizer->rowUnit()) * quantizer->rowUnit();
  for (std::int64_t row = 0; row < c.out; row += step) {
    const auto begin = static_cast<std::size_t>(row * c.in);
    const std::int64_t count = std::min(step, c.out - row);
    const auto size = static_cast<std::size_t>(count * c.in);
    quantizer->apply(row, count, std::span(c.w).subspan(begin, size),
                     std::span(result.values).subspan(begin, size),
                     std::span(result.isZero).subspan(begin, size));
  }
  return result;
}

/// Share of the values that are not the same number, up to 1e-6 of themselves.
inline double differing(const std::vector<float>& a, const std::vector<float>& b, double relative = 1e-6) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    count += near(static_cast<double>(a[i]), static_cast<double>(b[i]), relative, 1e-12) ? 0 : 1;
  return static_cast<double>(count) / static_cast<double>(a.size());
}

inline Case goldenCase() {
  const std::vector<float> x = goldenValues("X");
  return {8, 128, goldenValues("W"), x, site(x, 128, 3)};
}

}  // namespace ql::test
