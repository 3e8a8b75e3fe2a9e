// SmoothQuant: S_j = max|X_j|^alpha / max|W_j|^(1 - alpha), the largest |W_j| over the rows of all readers.
// Source: Xiao et al., arXiv:2211.10438, smooth.py; formula=llm-compressor: SmoothQuantModifier.
#include "core/smooth/methods/channel_factors.h"

#include <algorithm>
#include <limits>

namespace ql {
namespace {

constexpr float kLeastWeight = 1e-5f;  // smooth.py: clamp(min=1e-5)
constexpr float kDead = std::numeric_limits<float>::quiet_NaN();
const char* const kCalibrate =
    "calibrate, or import activations that hold the extremes of every channel (an imatrix does not)";

SmoothingFactors official(const SmoothingInput& input, float alpha, float rest) {
  requireEvidence(input.actAbsmax, input.weightAbsmax.size(), "SmoothQuant",
                  "the largest |x| of each channel", kCalibrate);
  return channelFactors(input.weightAbsmax.size(), [&](std::size_t j) {
    const float x = input.actAbsmax[j], w = input.weightAbsmax[j];
    if (!(x > 0) || !(w > 0)) return kDead;
    return floatPower(x, alpha) / floatPower(std::max(w, kLeastWeight), rest);
  });
}

/// max - min of X against twice the largest |W|; without weights the activation's scale itself.
SmoothingFactors llmCompressor(const SmoothingInput& input, float alpha, float rest) {
  const std::size_t channels = input.weightAbsmax.size();
  for (const std::vector<float>* side : {&input.actMin, &input.actMax})
    requireEvidence(*side, channels, "SmoothQuant as in llm-compressor", "the range of each channel",
                    kCalibrate);
  return channelFactors(channels, [&](std::size_t j) {
    const float x = input.actMax[j] - input.actMin[j], w = 2 * input.weightAbsmax[j];
    if (!(x > 0)) return kDead;
    return w > 0 ? floatPower(x, alpha) / floatPower(w, rest) : x;
  });
}

SmoothingFactors factors(const SmoothingInput& input, const SmoothingOptions& options) {
  const float alpha = static_cast<float>(options.alpha), rest = static_cast<float>(1 - options.alpha);
  const bool isOfficial = std::get<std::string>(options.options.at("formula")) == "official";
  return isOfficial ? official(input, alpha, rest) : llmCompressor(input, alpha, rest);
}

}  // namespace

const SmoothingMethod& smoothquantSmoothing() {
  static const SmoothingMethod method = {
      "smoothquant",
      "Moves outliers between activations and weights: S = max|X|^alpha / max|W|^(1 - alpha).",
      "arXiv:2211.10438",
      {{"formula",
        std::string("official"),
        {},
        {},
        {"official", "llm-compressor"},
        "",
        "Whose formula: max|X| and max|W| as published, or max - min of X and 2 max|W| as llm-compressor has "
        "it."}},
      {"max"},
      &factors};
  return method;
}

}  // namespace ql
