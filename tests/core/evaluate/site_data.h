#pragma once
// Activations of a site made by hand: tokens of several kinds and everything that is known about them.
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"
#include "tests/core/evaluate/memory_source.h"

#include <cmath>
#include <random>
#include <vector>

namespace ql::test {

inline std::vector<float> gaussianTokens(std::size_t tokens, std::size_t in, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> x(tokens * in);
  for (float& v : x) v = normal(random);
  return x;
}

/// Channel 7 (or the last) is 300 times as large as the others.
inline std::vector<float> massiveChannelTokens(std::size_t tokens, std::size_t in, std::mt19937& random) {
  std::vector<float> x = gaussianTokens(tokens, in, random);
  const std::size_t channel = std::min<std::size_t>(7, in - 1);
  for (std::size_t t = 0; t < tokens; ++t) x[t * in + channel] *= 300;
  return x;
}

inline std::vector<float> ofRank(std::size_t rank, std::size_t tokens, std::size_t in, std::mt19937& random) {
  const std::vector<float> left = gaussianTokens(tokens, rank, random),
                           right = gaussianTokens(rank, in, random);
  std::vector<float> x(tokens * in, 0.0f);
  for (std::size_t t = 0; t < tokens; ++t)
    for (std::size_t k = 0; k < rank; ++k)
      for (std::size_t j = 0; j < in; ++j) x[t * in + j] += left[t * rank + k] * right[k * in + j];
  return x;
}

inline std::vector<float> lowRankTokens(std::size_t tokens, std::size_t in, std::mt19937& random) {
  return ofRank(4, tokens, in, random);
}
inline std::vector<float> oneDirectionTokens(std::size_t tokens, std::size_t in, std::mt19937& random) {
  return ofRank(1, tokens, in, random);
}

inline std::vector<float> heavyTailedTokens(std::size_t tokens, std::size_t in, std::mt19937& random) {
  std::student_t_distribution<float> tails(3);
  std::vector<float> x(tokens * in);
  for (float& v : x) v = tails(random);
  return x;
}

/// All tokens share a mean three times their spread.
inline std::vector<float> shiftedTokens(std::size_t tokens, std::size_t in, std::mt19937& random) {
  std::vector<float> x = gaussianTokens(tokens, in, random);
  const std::vector<float> mean = gaussianTokens(1, in, random);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += 3 * mean[i % in];
  return x;
}

/// Extremes, sums, second moment and all tokens as the sample.
inline ActivationStats siteOf(const std::vector<float>& x, std::size_t in) {
  ActivationStats site;
  site.width = static_cast<std::int64_t>(in);
  ChannelMoments& all = site.all;
  all.tokens = x.size() / in;
  all.absmax.assign(in, 0);
  all.min.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(in));
  all.max = all.min;
  all.sumSq.assign(in, 0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t j = i % in;
    all.absmax[j] = std::max(all.absmax[j], std::abs(x[i]));
    all.min[j] = std::min(all.min[j], x[i]);
    all.max[j] = std::max(all.max[j], x[i]);
    all.sumSq[j] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  site.sample.width = site.width;
  site.sample.values = x;
  site.sample.ids.assign(all.tokens, 0);
  site.sample.positions.assign(all.tokens, 0);
  site.sample.windows.assign(all.tokens, 0);
  JobContext job(1);
  auto moment = std::make_shared<SecondMoment>(site.width);
  moment->add(x, static_cast<std::int64_t>(all.tokens), job);
  site.secondMoment = std::move(moment);
  return site;
}

/// Z = X^T G / sqrt(T) with random signs of `seed`.
inline void addSketch(ActivationStats& site, const std::vector<float>& x, int k, unsigned seed) {
  std::mt19937_64 random(seed);
  const std::size_t in = static_cast<std::size_t>(site.width), columns = static_cast<std::size_t>(k);
  std::vector<double> z(in * columns, 0.0);
  for (std::size_t t = 0; t < x.size(); t += in) {
    const std::uint64_t signs = random();
    for (std::size_t j = 0; j < in; ++j)
      for (std::size_t c = 0; c < columns; ++c)
        z[j * columns + c] +=
            (signs >> c & 1) != 0 ? static_cast<double>(x[t + j]) : -static_cast<double>(x[t + j]);
  }
  site.sketch.k = k;
  site.sketch.seed = seed;
  site.sketch.z.clear();
  const double root = std::sqrt(static_cast<double>(x.size() / in));
  for (const double value : z) site.sketch.z.push_back(static_cast<float>(value / root));
}

/// Statistics of a matrix as far as previews need them.
inline WeightStats rowStats(const MemorySource& source) {
  WeightStats stats;
  stats.out = source.ref.out;
  stats.in = source.ref.in;
  for (std::size_t r = 0; r < static_cast<std::size_t>(stats.out); ++r) {
    float absmax = 0;
    for (std::size_t j = 0; j < static_cast<std::size_t>(stats.in); ++j)
      absmax = std::max(absmax, std::abs(source.values()[r * static_cast<std::size_t>(stats.in) + j]));
    stats.rows.absmax.push_back(absmax);
  }
  return stats;
}

}  // namespace ql::test
