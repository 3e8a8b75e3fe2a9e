#pragma once
// Activation channels over a threshold, as LLM.int8() counts them, for every threshold at once; and how far
// two sets of channels overlap.
#include "core/stats/activation_stats.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// The threshold of LLM.int8() (Dettmers et al. 2022, arXiv:2208.07339, sec. 3.2).
inline constexpr double kLlmInt8Threshold = 6.0;

/// Largest magnitudes of one site, largest first.
struct SiteExtremes {
  std::size_t site = 0;
  std::vector<float> channels;  // [width] over all tokens
  std::vector<float> tokens;    // of each token of the sample; empty without one
};
SiteExtremes siteExtremes(std::size_t site, const ActivationStats& stats);

/// What reaches a threshold t.
struct OutlierCounts {
  std::int64_t channels = 0, allChannels = 0;
  std::int64_t sites = 0, allSites = 0;    // with one channel at least
  std::int64_t tokens = 0, allTokens = 0;  // of the samples
};
OutlierCounts outlierCounts(std::span<const SiteExtremes> sites, double threshold);

/// Sizes of two sets of channels (ascending, without repeats), of both and of either.
struct ChannelOverlap {
  std::int64_t left = 0, right = 0, both = 0;
  double jaccard = 0;  // both over either; 0 when there is none
};
ChannelOverlap overlapOf(std::span<const std::int64_t> left, std::span<const std::int64_t> right);

/// The `count` channels of largest value, ascending; ties to the lower number, zeros never. And those >=
/// least.
std::vector<std::int64_t> largestChannels(std::span<const float> values, std::int64_t count);
std::vector<std::int64_t> channelsFrom(std::span<const float> values, double least);

}  // namespace ql
