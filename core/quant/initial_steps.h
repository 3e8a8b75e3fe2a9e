#pragma once
// What quantization-aware training starts from: the step and zero point of every part of a matrix, or of an
// activation, under a scheme, and what they do. Sources: LSQ, arXiv:1902.08153 (steps, gradient scale);
// LSQ+, arXiv:2004.09576.
#include "core/quant/quantizer.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Rules for the first range: "minmax", "mse" (GPTQ's shrinking search with squares), "percentile", "lsq",
/// "lsq-plus", "easyquant".
const std::vector<std::string>& initialRules();
/// The scheme with the clip that stands for a rule; rounding to nearest and no weights kept apart, as
/// training has neither. `percent` is of the rule percentile.
WeightScheme withInitialRule(const WeightScheme& scheme, std::string_view rule, double percent);

/// Codes lo .. hi of Q(x) = (code - zero) * step; floats: their largest value, no zero point.
struct InitialSteps {
  std::vector<std::int64_t> shape;       // of steps: [1], [out, 1], [1, in], [out, groups], [bands, parts]
  std::vector<float> steps;              // row-major
  std::vector<std::int32_t> zeroPoints;  // as steps; empty when symmetric with signed codes
  float lo = 0, hi = 0;
  double low = 0, high = 0;      // ends of the widest range among the parts
  std::int64_t largestPart = 0;  // values that share a step
  std::uint64_t count = 0;       // finite values behind the figures
  double clipFraction = 0;       // values more than half a step beyond the last codes
  double mse = 0;
  /// Root mean square over the parts of dE/ds, E = sum (Q(w) - w)^2 and the codes of LSQ's straight-through
  /// estimate: round(w / s) - w / s inside, the last code outside. Not for floats.
  std::optional<double> gradientRms;
};

/// Of weights. Two reads of the matrix at most beyond what the clip needs. Throws what makeRowQuantizer()
/// throws, Error(Unsupported) for formats without steps (nf4).
InitialSteps initialSteps(const WeightScheme& scheme, const QuantizerInput& input);

/// Of static activations per tensor or per group of channels. Extremes come from all tokens, what looks at
/// values from the sample; `rule` comes back as the one that was taken: minmax where the evidence or the
/// scheme knows no other (lsq-plus sets activations by their extremes; lsq is for symmetric codes). Throws
/// Error(Unsupported) for a dynamic scheme and without extremes.
InitialSteps initialActivationSteps(const ActScheme& scheme, const ActivationStats& stats, std::string& rule,
                                    double percent);

/// LSQ's g = 1 / sqrt(count * Qp), Qp the largest code; 0 for nothing.
double lsqGradientScale(std::int64_t count, double largestCode);

}  // namespace ql
