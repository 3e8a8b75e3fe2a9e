#include "core/stats/activation_summary.h"

#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ql {
namespace {

constexpr std::int64_t kMedianColumns = 16;  // one cache line of every sample token
constexpr double kOutlierMagnitude = 6.0;    // LLM.int8, arXiv:2208.07339, sec. 3.2
constexpr double kSigmas = 6.0;

template <class T>
T lowerMedian(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void fillMedianStrip(ActivationStats& stats, std::int64_t strip) {
  const auto width = static_cast<std::size_t>(stats.width);
  const auto count = static_cast<std::size_t>(stats.sample.count());
  const std::size_t begin = static_cast<std::size_t>(strip * kMedianColumns);
  const std::size_t end = std::min(width, begin + static_cast<std::size_t>(kMedianColumns));
  std::vector<std::vector<float>> columns(end - begin, std::vector<float>(count));
  for (std::size_t t = 0; t < count; ++t)
    for (std::size_t c = begin; c < end; ++c)
      columns[c - begin][t] = std::abs(stats.sample.values[t * width + c]);
  for (std::size_t c = begin; c < end; ++c) stats.medianAbs[c] = lowerMedian(std::move(columns[c - begin]));
}

void summarizeExtremes(const ActivationStats& stats, ActivationSummary& summary) {
  const std::vector<float>& absmax = stats.all.absmax;
  const auto peak = std::max_element(absmax.begin(), absmax.end());
  summary.absmax = *peak;
  summary.peakChannel = peak - absmax.begin();
  const double median = lowerMedian(absmax);
  summary.channelPeakRatio = median > 0 ? summary.absmax / median : 0;
  summary.outlierChannels =
      std::count_if(absmax.begin(), absmax.end(), [](float a) { return a >= kOutlierMagnitude; });
  if (!stats.laterAbsmax.empty())
    summary.absmaxLater = *std::max_element(stats.laterAbsmax.begin(), stats.laterAbsmax.end());
}

void summarizeSquares(const ActivationStats& stats, ActivationSummary& summary) {
  const auto width = static_cast<double>(stats.width);
  std::vector<double> rms;
  double sumSq = 0, mean = 0, deviation = 0;
  for (std::size_t c = 0; c < stats.all.sumSq.size(); ++c) {
    rms.push_back(std::sqrt(std::max(0.0, stats.all.meanSq(c))));
    sumSq += stats.all.meanSq(c);
    mean += rms.back() / width;
  }
  summary.rms = std::sqrt(sumSq / width);
  for (const double r : rms) deviation += (r - mean) * (r - mean) / width;
  deviation = std::sqrt(deviation);
  summary.sigmaChannels = deviation == 0 ? 0 : std::count_if(rms.begin(), rms.end(), [&](double r) {
    return r >= mean + kSigmas * deviation;
  });
}

}  // namespace

void fillMedians(ActivationStats& stats, JobContext* job) {
  stats.medianAbs.clear();
  if (!stats.hasSample()) return;
  stats.medianAbs.resize(static_cast<std::size_t>(stats.width));
  const std::int64_t strips = (stats.width + kMedianColumns - 1) / kMedianColumns;
  if (job != nullptr) return parallelFor(*job, strips, [&](std::int64_t s) { fillMedianStrip(stats, s); });
  for (std::int64_t strip = 0; strip < strips; ++strip) fillMedianStrip(stats, strip);
}

void summarizeScalars(ActivationStats& stats) {
  const ActivationSummary known = stats.summary;
  ActivationSummary& summary = stats.summary = ActivationSummary{};
  summary.nans = known.nans, summary.infs = known.infs, summary.skippedTokens = known.skippedTokens;
  summary.effectiveRank = known.effectiveRank, summary.conditionNumber = known.conditionNumber;
  const ChannelMoments& all = stats.all;
  const std::size_t width = static_cast<std::size_t>(stats.width);
  summary.tokens = all.tokens;
  if (!all.absmax.empty()) summarizeExtremes(stats, summary);
  if (!all.sumSq.empty()) summarizeSquares(stats, summary);
  for (std::size_t c = 0; c < all.sumAbs.size(); ++c)
    summary.meanAbs += all.meanAbs(c) / static_cast<double>(width);
  if (!all.sumQuad.empty() && !all.sumCube.empty() && !all.sum.empty() && !all.sumSq.empty())
    for (std::size_t c = 0; c < width; ++c) summary.kurtosis += all.kurtosis(c) / static_cast<double>(width);
  const std::vector<float>& quantiles = stats.tokenAbsmaxQuantiles;
  const bool hasQuantiles = quantiles.size() == 10;  // 50, 99 and 100 % of the list in activation_stats.h
  summary.tokenAbsmax50 = hasQuantiles ? double{quantiles[4]} : known.tokenAbsmax50;
  summary.tokenAbsmax99 = hasQuantiles ? double{quantiles[7]} : known.tokenAbsmax99;
  summary.tokenAbsmax100 = hasQuantiles ? double{quantiles[9]} : known.tokenAbsmax100;
}

}  // namespace ql
