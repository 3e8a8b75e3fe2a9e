#pragma once
// How a scheme cuts the channels of an activation into parts that share a range, and the words a scheme of
// activations may use. Internal to activation_quantizer.cpp.
#include "core/quant/channel_clusters.h"
#include "core/quant/element_format.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ql {

/// Neighbouring channels [begin, end) of one part.
struct ChannelRun {
  std::size_t begin = 0, end = 0, part = 0;
};
struct ChannelParts {
  std::vector<ChannelRun> runs;  // by channel
  std::size_t count = 0;
};

/// `range` is only looked at by groups made by clustering or by sorting.
ChannelParts channelParts(const ActScheme& scheme, std::int64_t width, const ActivationRange* range,
                          JobContext* job);
/// Groups that depend on the channels' ranges: from calibration, else from the tokens at hand.
bool groupsFollowTokens(const ActScheme& scheme);

/// mxfp4, nvfp4 and the like: groups and their scales belong to the format.
bool isMicroscaling(const ActScheme& scheme);
/// The scheme of a matrix whose rows are tokens.
WeightScheme rowScheme(const ActScheme& scheme);

/// min > max: nothing yet.
struct PartRange {
  float min = std::numeric_limits<float>::infinity(), max = -std::numeric_limits<float>::infinity();

  void add(float low, float high) {
    min = std::min(min, low);
    max = std::max(max, high);
  }
  /// Values below the threshold in magnitude; NaN is not, and infinity is below nothing.
  void addBelow(std::span<const float> x, float threshold) {
    for (const float v : x)
      if (std::abs(v) < threshold) add(v, v);
  }
};

/// fp16, 1 sign, 5 exponent and 10 mantissa bits.
ElementRounding halfRounding();
inline constexpr float kLargestHalf = 65504;
/// Half to even; beyond the largest value saturates; what is not finite stays.
inline float roundedToHalf(const ElementRounding& half, float v) {
  return std::isfinite(v) ? roundToElement(half, std::clamp(v, -kLargestHalf, kLargestHalf)) : v;
}

}  // namespace ql
