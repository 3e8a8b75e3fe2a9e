#pragma once
// Statistics of a site's input behind smoothing: of X / S, from those of X. What methods that need data are
// given when a plan folds S into the weights they quantize.
#include "core/stats/activation_stats.h"

#include <memory>
#include <span>

namespace ql {

/// Everything that is known of X [tokens, width], as it is of X / S, S [width] finite and positive: extremes,
/// medians and the token sample divided, sums of powers by that power of S, M' = S^-1 M S^-1, the sketch's
/// rows divided. What does not follow from the statistics (quantiles of the tokens' absmax, rank, condition
/// number) is taken from the divided sample or left out. Each number is rounded to its type once.
/// Throws Error(Shape) when S has another length. Cost: one pass over the second moment, which is copied.
std::shared_ptr<const ActivationStats> scaledStats(const ActivationStats& stats, std::span<const float> s);

/// The token sample and the extremes alone, divided: enough for output errors on the sample, without a copy
/// of the second moment.
ActivationStats scaledSample(const ActivationStats& stats, std::span<const float> s);

}  // namespace ql
