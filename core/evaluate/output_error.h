#pragma once
// What a choice costs on data: the error of Y = X W^T with weights, activations or both quantized.
#include "core/evaluate/layer_error.h"
#include "core/stats/activation_stats.h"

#include <optional>
#include <span>
#include <vector>

namespace ql {

/// How much was at hand decides how the figure is made: the second moment (exact over all calibration
/// tokens), else the sketch (unbiased, with a 95 % interval), else nothing.
struct OutputError {
  std::optional<double> w;   // sqrt(tr(D M D^T) / tr(W M W^T)), D = Q(W) - W
  std::optional<double> a;   // |(Q(X) - X) W^T|_F / |X W^T|_F on the token sample
  std::optional<double> wa;  // |Q(X) Q(W)^T - X W^T|_F / |X W^T|_F on the token sample
  Evidence weightEvidence;   // of w
  Evidence sampleEvidence;   // of a and wa: n = tokens
};

/// Output errors of one linear under several choices. The weights are read once for all choices; peak memory
/// is a few row tiles plus sample x out. `rowLimit` 0 = all rows (exact); else a stratified sample of rows
/// (those with the largest absmax always in) with an interval: the preview. Choices without an activation
/// scheme have a = 0 and wa = w on the sample. Steps the job by outputErrorUnits(). Throws Error(Shape) when
/// widths differ. Source: design.md 4; estimator tr(D M D^T) ~ sum_rj D_rj^2 (M_jj - (Z Z^T)_jj / k) + |D
/// Z|_F^2 / k.
std::vector<OutputError> measureOutputErrors(const WeightSource& source, const ErrorInput& input,
                                             std::span<const Choice> choices, const WeightStats* stats,
                                             const ActivationStats& activations, std::int64_t rowLimit,
                                             JobContext& job);
std::uint64_t outputErrorUnits(const ErrorInput& input, std::span<const Choice> choices,
                               const ActivationStats& activations);

}  // namespace ql
