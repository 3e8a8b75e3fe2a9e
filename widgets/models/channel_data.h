#pragma once
// The channels of one linear, ranked: largest |w|, what the norm makes of them, how many scales they set,
// their share of the error, and what arrives in them on data. A snapshot made on a worker thread; no
// painting.
#include "core/evaluate/layer_error.h"
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ql {

enum class ChannelAxis { Input, Output };
enum class ChannelSort { AbsMax, Gain, ErrorShare, Rows, Index, ActAbsMax, ActMedian, ActRms };

/// One channel. Input: a column of W; output: a row.
struct ChannelRow {
  std::int64_t channel = 0;
  float absmax = 0;                  // weight units
  double ratio = 0;                  // absmax over the lower median of all channels; 0 when that is 0
  std::optional<float> gain;         // effective norm gain, input channels behind a norm only
  std::int64_t rows = 0;             // input: rows whose largest |w| lies here, so whose scale it sets
  std::optional<double> errorShare;  // input: share of |Q - W|^2 under the shown choice, fraction
  std::optional<float> actAbsmax, actMedian;  // input: largest and median |x|, activation units
  std::optional<double> actRms;               // input: root of the mean of x^2
};

struct ChannelData {
  ChannelAxis axis = ChannelAxis::Input;
  std::vector<ChannelRow> rows;  // in the order asked for
  float medianAbsmax = 0;
  bool hasGain = false, hasError = false;
  bool hasActAbsmax = false, hasActMedian = false, hasActRms = false;

  /// Position of a channel in rows; nothing when out of range.
  std::optional<std::size_t> rank(std::int64_t channel) const;
  /// Channels whose absmax is over `ratio` medians, largest first.
  std::vector<std::int64_t> peaks(double ratio) const;
};

/// Lower of the two middle values, as in torch; 0 of nothing.
float lowerMedian(std::vector<float> values);

/// Ranks the channels. `gain` may be empty, `error` and `activations` (of the linear's site) null. Stable:
/// ties keep channel order.
ChannelData rankChannels(const WeightStats& stats, const std::vector<float>& gain, const LayerError* error,
                         ChannelAxis axis, ChannelSort sort, const ActivationStats* activations = nullptr);

}  // namespace ql
