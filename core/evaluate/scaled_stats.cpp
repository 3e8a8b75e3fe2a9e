#include "core/evaluate/scaled_stats.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

void requireFactors(const ActivationStats& stats, std::span<const float> s) {
  if (static_cast<std::int64_t>(s.size()) == stats.width) return;
  throw Error(ErrorCode::Shape, "The activations have " + std::to_string(stats.width) +
                                    " channels but there are " + std::to_string(s.size()) +
                                    " smoothing factors; the plan is of another model.");
}

/// Rows of as many values as there are factors.
void divide(std::vector<float>& values, std::span<const float> s) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= s[i % s.size()];
}

/// Sums over tokens of a power of x.
void divide(std::vector<double>& sums, std::span<const float> s, int power) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] /= std::pow(static_cast<double>(s[i]), power);
}

void divide(ChannelMoments& moments, std::span<const float> s) {
  for (std::vector<float>* values : {&moments.absmax, &moments.min, &moments.max}) divide(*values, s);
  for (std::vector<double>* sums : {&moments.sum, &moments.sumAbs}) divide(*sums, s, 1);
  divide(moments.sumSq, s, 2);
  divide(moments.sumCube, s, 3);
  divide(moments.sumQuad, s, 4);
}

/// Stored row i begins at the first column of its panel.
std::shared_ptr<const SecondMoment> divided(const SecondMoment& moment, std::span<const float> s) {
  const std::span<const float> stored = moment.values();
  std::vector<float> values(stored.begin(), stored.end());
  const auto n = static_cast<std::size_t>(moment.size());
  for (std::size_t i = 0; i < n; ++i) {
    const std::span<const float> row = moment.storedRow(static_cast<std::int64_t>(i));
    const auto begin = static_cast<std::size_t>(row.data() - stored.data());
    const double own = static_cast<double>(s[i]);
    for (std::size_t k = 0; k < row.size(); ++k) {
      const std::size_t j = n - row.size() + k;
      values[begin + k] = static_cast<float>(static_cast<double>(row[k]) / (own * static_cast<double>(s[j])));
    }
  }
  return std::make_shared<const SecondMoment>(
      SecondMoment::fromValues(moment.size(), moment.tokens(), std::move(values)));
}

void divideSketch(ActivationSketch& sketch, std::span<const float> s) {
  const auto k = static_cast<std::size_t>(std::max(sketch.k, 1));
  for (std::size_t i = 0; i < sketch.z.size(); ++i) sketch.z[i] /= s[i / k];
}

}  // namespace

std::shared_ptr<const ActivationStats> scaledStats(const ActivationStats& stats, std::span<const float> s) {
  requireFactors(stats, s);
  auto scaled = std::make_shared<ActivationStats>(stats);
  divide(scaled->all, s);
  divide(scaled->first, s);
  for (std::vector<float>* values : {&scaled->laterAbsmax, &scaled->medianAbs, &scaled->sample.values})
    divide(*values, s);
  divideSketch(scaled->sketch, s);
  if (stats.secondMoment) scaled->secondMoment = divided(*stats.secondMoment, s);
  scaled->tokenAbsmaxQuantiles.clear();
  scaled->summary.tokenAbsmax50 = scaled->summary.tokenAbsmax99 = scaled->summary.tokenAbsmax100 = 0;
  scaled->summary.effectiveRank.reset();
  scaled->summary.conditionNumber.reset();
  summarize(*scaled);
  return scaled;
}

ActivationStats scaledSample(const ActivationStats& stats, std::span<const float> s) {
  requireFactors(stats, s);
  ActivationStats divided;
  divided.width = stats.width;
  divided.origin = stats.origin;
  divided.evidence = stats.evidence;
  divided.all.tokens = stats.all.tokens;
  divided.all.absmax = stats.all.absmax;
  divided.all.min = stats.all.min;
  divided.all.max = stats.all.max;
  divided.sample = stats.sample;
  for (std::vector<float>* values :
       {&divided.all.absmax, &divided.all.min, &divided.all.max, &divided.sample.values})
    divide(*values, s);
  return divided;
}

}  // namespace ql
