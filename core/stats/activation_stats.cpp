#include "core/stats/activation_stats.h"

#include "core/base/error.h"
#include "core/stats/activation_summary.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

double perToken(const std::vector<double>& sums, std::size_t channel, std::uint64_t tokens) {
  return tokens == 0 ? 0 : sums.at(channel) / static_cast<double>(tokens);
}

// Merges one field that both halves know; one that only one knows is lost.
template <class T, class Combine>
void mergeField(std::vector<T>& mine, const std::vector<T>& theirs, Combine combine) {
  if (mine.size() != theirs.size()) return mine.clear();
  std::transform(mine.begin(), mine.end(), theirs.begin(), mine.begin(), combine);
}

std::string originPhrase(const ActivationStats& stats) {
  switch (stats.origin) {
    case ActivationOrigin::Imatrix:
      return "an imatrix keeps only the mean of x^2";
    case ActivationOrigin::ActScales:
      return "act_scales keep only the largest |x| of each channel";
    case ActivationOrigin::Calibration:
      return "the calibration kept none";
    case ActivationOrigin::ActivationFile:
      return "the activations file gave none";
    case ActivationOrigin::Capture:
      return "the capture kept none";
  }
  QL_ASSERT(stats.origin == ActivationOrigin::Calibration);  // every origin was handled above
  return {};
}

std::string missing(const ActivationStats& stats, std::string_view what) {
  if (stats.summary.skippedTokens > 0 && stats.all.tokens == 0)
    return "every token at this input had NaN or infinite values";
  return originPhrase(stats) + ": no " + std::string(what);
}

}  // namespace

double ChannelMoments::mean(std::size_t channel) const {
  return perToken(sum, channel, tokens);
}
double ChannelMoments::meanAbs(std::size_t channel) const {
  return perToken(sumAbs, channel, tokens);
}
double ChannelMoments::meanSq(std::size_t channel) const {
  return perToken(sumSq, channel, tokens);
}

double ChannelMoments::kurtosis(std::size_t channel) const {
  const double m = mean(channel), m2 = meanSq(channel);
  const double m3 = perToken(sumCube, channel, tokens), m4 = perToken(sumQuad, channel, tokens);
  const double variance = m2 - m * m;
  // The central fourth moment is a difference of numbers of the size of m4, good to about 1e-15 of it: below
  // this nothing but rounding is left, and the channel is constant for all we know.
  if (variance <= 0 || variance * variance <= 1e-13 * m4) return 0;
  const double central = m4 - 4 * m * m3 + 6 * m * m * m2 - 3 * m * m * m * m;
  return std::max(1.0, central / (variance * variance));  // 1 is the least there can be
}

void ChannelMoments::merge(const ChannelMoments& later) {
  if (later.tokens == 0) return;
  if (tokens == 0) {
    *this = later;
    return;
  }
  tokens += later.tokens;
  const auto larger = [](float a, float b) { return std::max(a, b); };
  mergeField(absmax, later.absmax, larger);
  mergeField(max, later.max, larger);
  mergeField(min, later.min, [](float a, float b) { return std::min(a, b); });
  const auto plus = [](double a, double b) { return a + b; };
  mergeField(sum, later.sum, plus);
  mergeField(sumAbs, later.sumAbs, plus);
  mergeField(sumSq, later.sumSq, plus);
  mergeField(sumCube, later.sumCube, plus);
  mergeField(sumQuad, later.sumQuad, plus);
}

std::span<const float> TokenSample::row(std::int64_t i) const {
  QL_ASSERT(i >= 0 && i < count());
  return std::span(values).subspan(static_cast<std::size_t>(i * width), static_cast<std::size_t>(width));
}

std::string_view activationOriginName(ActivationOrigin origin) {
  switch (origin) {
    case ActivationOrigin::Calibration:
      return "calibration";
    case ActivationOrigin::ActivationFile:
      return "activations file";
    case ActivationOrigin::Capture:
      return "capture";
    case ActivationOrigin::Imatrix:
      return "imatrix";
    case ActivationOrigin::ActScales:
      return "act_scales";
  }
  QL_ASSERT(origin == ActivationOrigin::Calibration);  // every origin was handled above
  return {};
}

std::string missingReason(const ActivationStats& stats, ActivationNeed need) {
  switch (need) {
    case ActivationNeed::Extremes:
      return stats.hasExtremes() ? "" : missing(stats, "largest |x| by channel");
    case ActivationNeed::Diagonal:
      return stats.hasDiagonal() ? "" : missing(stats, "mean of x^2 by channel");
    case ActivationNeed::Sample:
      return stats.hasSample() ? "" : missing(stats, "token sample to quantize");
    case ActivationNeed::OutputErrorW:
      if (stats.secondMoment || (stats.hasSketch() && stats.hasDiagonal())) return "";
      return missing(stats, "second moment and no sketch to measure output errors with");
    case ActivationNeed::OutputErrorWa:
      return stats.hasSample() ? "" : missing(stats, "token sample to quantize");
    case ActivationNeed::Median:
      return !stats.medianAbs.empty() ? "" : missing(stats, "token sample to take medians of");
  }
  QL_ASSERT(need == ActivationNeed::Median);  // every need was handled above
  return {};
}

void summarize(ActivationStats& stats) {
  if (stats.hasSample()) fillMedians(stats, nullptr);  // a median from elsewhere stays
  summarizeScalars(stats);
}

}  // namespace ql
