#pragma once
// What a choice costs on data: the error of Y = X W^T with weights, activations or both quantized.
#include "core/evaluate/layer_error.h"
#include "core/stats/activation_stats.h"

#include <optional>
#include <span>
#include <vector>

namespace ql {

/// How much was at hand decides how w is made, and weightEvidence says which: the second moment (exact over
/// all calibration tokens), else the sketch with the diagonal of X^T X (unbiased, with a 95 % interval), else
/// the diagonal alone (a proxy: channels taken as uncorrelated; imatrix files know no more), else the token
/// sample (with an interval for other tokens). A figure that cannot be had is empty, as is every relative
/// figure of a matrix whose outputs are all zero.
struct OutputError {
  std::optional<double> w;   // sqrt(tr(D M D^T) / tr(W M W^T)), D = Q(W) - W
  std::optional<double> a;   // |(Q(X) - X) W^T|_F / |X W^T|_F on the token sample
  std::optional<double> wa;  // |Q(X) Q(W)^T - X W^T|_F / |X W^T|_F on the token sample
  Evidence weightEvidence;   // of w: n = tokens
  Evidence sampleEvidence;   // of a and wa: n = tokens; the interval is that of wa
};

/// Output errors of one linear under several choices. The weights are read once for all choices (plus once
/// for each choice whose bands of rows do not divide 128, and for ranges when a choice spans rows and `stats`
/// is null); peak memory is five tiles of 256 rows plus, for each activation scheme, a copy of the sample.
///
/// rowLimit  0 = all rows; else, with `stats`, a stratified sample of so many rows (those with the largest
/// absmax always in), for choices whose parts lie inside rows: the preview, with an interval. From 128 rows
/// on it holds the figure of all rows in 93 % of cases or more, also under one massive channel (48 rows: 91
/// %). Dynamic schemes per tensor take the sample for the tensor; static ones use calibrated extremes.
/// Choices without an activation scheme have a = 0 and wa = w on the sample. Non-finite weights and tokens
/// are left out. Bit-identical for any thread count.
///
/// Steps the job by outputErrorUnits() for the same arguments (the pass for ranges not counted). Throws
/// Error(Shape) when widths differ, Error(Unsupported) for a scheme that cannot be measured. Cost: for each
/// choice out * in * (in with the second moment, k with the sketch) + 2 * tokens * out * in multiply-adds.
/// Source: estimator tr(D M D^T) ~ sum_rj D_rj^2 (M_jj - (Z Z^T)_jj / k) + |D Z|_F^2 / k.
std::vector<OutputError> measureOutputErrors(const WeightSource& source, const ErrorInput& input,
                                             std::span<const Choice> choices, const WeightStats* stats,
                                             const ActivationStats& activations, std::int64_t rowLimit,
                                             JobContext& job);
std::uint64_t outputErrorUnits(const ErrorInput& input, std::span<const Choice> choices,
                               const ActivationStats& activations, const WeightStats* stats = nullptr,
                               std::int64_t rowLimit = 0);

}  // namespace ql
