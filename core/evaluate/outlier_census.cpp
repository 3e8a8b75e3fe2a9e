#include "core/evaluate/outlier_census.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>

namespace ql {
namespace {

/// Of values from large to small: how many are at least t.
std::int64_t countFrom(const std::vector<float>& values, double t) {
  const auto end = std::partition_point(values.begin(), values.end(),
                                        [t](float value) { return static_cast<double>(value) >= t; });
  return end - values.begin();
}

}  // namespace

SiteExtremes siteExtremes(std::size_t site, const ActivationStats& stats) {
  SiteExtremes extremes{site, stats.all.absmax, {}};
  for (std::int64_t i = 0; i < stats.sample.count(); ++i) {
    float largest = 0;
    for (const float x : stats.sample.row(i)) largest = std::max(largest, std::abs(x));
    extremes.tokens.push_back(largest);
  }
  std::ranges::sort(extremes.channels, std::greater<>());
  std::ranges::sort(extremes.tokens, std::greater<>());
  return extremes;
}

OutlierCounts outlierCounts(std::span<const SiteExtremes> sites, double threshold) {
  OutlierCounts counts;
  for (const SiteExtremes& site : sites) {
    const std::int64_t channels = countFrom(site.channels, threshold);
    counts.channels += channels;
    counts.allChannels += static_cast<std::int64_t>(site.channels.size());
    counts.sites += channels > 0 ? 1 : 0;
    ++counts.allSites;
    counts.tokens += countFrom(site.tokens, threshold);
    counts.allTokens += static_cast<std::int64_t>(site.tokens.size());
  }
  return counts;
}

ChannelOverlap overlapOf(std::span<const std::int64_t> left, std::span<const std::int64_t> right) {
  std::vector<std::int64_t> both;
  std::ranges::set_intersection(left, right, std::back_inserter(both));
  ChannelOverlap overlap{static_cast<std::int64_t>(left.size()), static_cast<std::int64_t>(right.size()),
                         static_cast<std::int64_t>(both.size()), 0};
  const std::int64_t either = overlap.left + overlap.right - overlap.both;
  if (either > 0) overlap.jaccard = static_cast<double>(overlap.both) / static_cast<double>(either);
  return overlap;
}

std::vector<std::int64_t> largestChannels(std::span<const float> values, std::int64_t count) {
  std::vector<std::int64_t> channels(values.size());
  std::iota(channels.begin(), channels.end(), std::int64_t{0});
  std::erase_if(channels, [&](std::int64_t c) { return !(values[static_cast<std::size_t>(c)] > 0); });
  std::ranges::stable_sort(channels, [&](std::int64_t a, std::int64_t b) {
    return values[static_cast<std::size_t>(a)] > values[static_cast<std::size_t>(b)];
  });
  if (static_cast<std::int64_t>(channels.size()) > count)
    channels.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, count)));
  std::ranges::sort(channels);
  return channels;
}

std::vector<std::int64_t> channelsFrom(std::span<const float> values, double least) {
  std::vector<std::int64_t> channels;
  for (std::size_t j = 0; j < values.size(); ++j)
    if (static_cast<double>(values[j]) >= least) channels.push_back(static_cast<std::int64_t>(j));
  return channels;
}

}  // namespace ql
