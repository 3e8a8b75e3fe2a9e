// AWQ's factors as a smoothing: S_j = clamp(mean|X_j|^alpha, 1e-4), divided by sqrt(max(S) min(S)). Folded
// into the producer, a plan's weights need nothing at run time. The ratio that AWQ searches is alpha; weights
// play no part. A dead channel takes the least factor, as published, and is none of those that keep S = 1.
// Source: Lin et al., arXiv:2306.00978; llm-awq, auto_scale.py.
#include "core/quant/awq_scale.h"
#include "core/smooth/methods/channel_factors.h"

#include <algorithm>

namespace ql {
namespace {

SmoothingFactors factors(const SmoothingInput& input, const SmoothingOptions& options) {
  requireEvidence(input.actMeanAbs, input.weightAbsmax.size(), "AWQ", "the mean |x| of each channel",
                  "calibrate, or import activations that hold tokens (an imatrix does not)");
  SmoothingFactors result;
  result.s = awqFactors(input.actMeanAbs, {}, options.alpha);
  for (std::size_t j = 0; j < result.s.size(); ++j) {
    const float kept = std::clamp(result.s[j], kLeastFactor, kLargestFactor);
    result.clampedChannels += kept != result.s[j] ? 1 : 0;
    result.s[j] = kept;
  }
  return result;
}

}  // namespace

const SmoothingMethod& awqSmoothing() {
  static const SmoothingMethod method = {
      "awq",
      "Makes weights that meet large activations larger: S = mean|X|^alpha, normalised.",
      "arXiv:2306.00978",
      {},
      {"mean"},
      &factors};
  return method;
}

}  // namespace ql
