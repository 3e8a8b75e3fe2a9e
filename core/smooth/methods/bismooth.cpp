// Bi-smoothing: S_j = r(X_j)^alpha / r(W_j)^(1 - alpha) with r the largest or the median magnitude; S < 1 is
// meant to happen and shrinks weight outliers where activations are small. Data-free: the norm's gain stands
// for X, as if normalised activations had unit variance.
// Source: "The Uniqueness of LLaMA3-70B", arXiv:2408.15301; the printed equation could not be retrieved, and
// the one-parameter family that fits its text is used. With max and alpha 0.5 it equals SmoothQuant.
#include "core/smooth/methods/channel_factors.h"

#include <limits>

namespace ql {
namespace {

const char* const kCalibrate =
    "calibrate, import activations, or use data_free=true where a norm is in front";

struct Sides {
  const std::vector<float>*act, *weight;        // of the chosen statistic
  const std::vector<float>*actMax, *weightMax;  // where a median is 0; may be empty
};

Sides sidesOf(const SmoothingInput& input, bool isMedian, bool isDataFree) {
  const std::size_t channels = input.weightAbsmax.size();
  Sides sides{&input.actAbsmax, &input.weightAbsmax, &input.actAbsmax, &input.weightAbsmax};
  if (isMedian) {
    sides.act = &input.actMedian;
    sides.weight = &input.weightMedian;
    requireEvidence(*sides.weight, channels, "Bi-smoothing", "the median |w| of each column",
                    "measure it from the checkpoint, or use the largest |w|");
  }
  if (isDataFree) sides.act = sides.actMax = &input.gain;
  const char* what = isDataFree ? "the gain of a norm in front"
                     : isMedian ? "the median |x| of each channel"
                                : "the largest |x| of each channel";
  requireEvidence(*sides.act, channels, "Bi-smoothing", what, isDataFree ? "calibrate instead" : kCalibrate);
  return sides;
}

SmoothingFactors factors(const SmoothingInput& input, const SmoothingOptions& options) {
  const Sides sides =
      sidesOf(input, options.statistic == "median", std::get<bool>(options.options.at("data_free")));
  const float alpha = static_cast<float>(options.alpha), rest = static_cast<float>(1 - options.alpha);
  return channelFactors(sides.weight->size(), [&](std::size_t j) {
    float x = std::abs((*sides.act)[j]), w = (*sides.weight)[j];
    // the median of a sparse channel is 0: its largest value against the largest weight says more
    if ((x == 0 || w == 0) && j < sides.actMax->size()) {
      x = std::abs((*sides.actMax)[j]);
      w = (*sides.weightMax)[j];
    }
    if (!(x > 0) || !(w > 0)) return std::numeric_limits<float>::quiet_NaN();
    return alpha == 0.5f ? std::sqrt(x / w) : std::pow(x, alpha) / std::pow(w, rest);
  });
}

}  // namespace

const SmoothingMethod& bismoothSmoothing() {
  static const SmoothingMethod method = {
      "bismooth",
      "Balances typical magnitudes of both sides: S = r(X)^alpha / r(W)^(1 - alpha), r the median or the "
      "largest.",
      "arXiv:2408.15301",
      {{"data_free",
        false,
        {},
        {},
        {},
        "",
        "Take the norm's gain for the activations: needs no calibration."}},
      {"median", "max"},
      &factors};
  return method;
}

}  // namespace ql
