#pragma once
// What is known of a linear's input behind a rotation. Not for rotating weights (smooth/rotated_source.h).
#include "core/jobs/job_context.h"
#include "core/smooth/rotation.h"
#include "core/stats/activation_stats.h"

#include <span>

namespace ql {

/// True when there is a token sample or a second moment: extremes or mean squares alone do not say what a
/// rotation makes of them.
inline bool canRotate(const ActivationStats& stats) {
  return stats.hasSample() || stats.secondMoment;
}

/// Statistics of X' = X diag(1 / gain) R, R repeated over every rotation.size() channels of X. Exact in what
/// is linear: the second moment R^T M R, the sketch R^T Z, the sample's rows. Extremes, sums and medians by
/// channel are not: they are those of the sample then (sums of squares those of M, where it is known), and
/// `evidence` says so. A channel whose gain is 0 reaches nothing before or after; what it
/// held cannot be told from X any more and counts as 0.
///
/// gain      [width], or empty = 1; what was folded from the norm into the weights.
/// Throws Error(Unsupported) when there is neither a token sample nor a second moment (an imatrix),
/// Error(Shape) when sizes differ. Cost: width^2 + tokens * width values through R; memory: a second moment
/// and its square of floats. Source: methods of QuaRot, arXiv:2404.00456; (X R)^T (X R) = R^T X^T X R.
ActivationStats rotatedStats(const ActivationStats& stats, const Rotation& rotation,
                             std::span<const float> gain, JobContext& job);

}  // namespace ql
