#pragma once
// A stratified sample of rows for previews, and the ratio estimator that goes with it.
//
// Rows are sorted by absmax. The largest eighth of the sample is certain (weight 1): a few rows may carry
// the error. The rest of the sorted rows is cut into strata of equal length, two rows drawn from each
// (Cochran, Sampling Techniques, 3rd ed., 5.4 and 6.11).
#include "core/evaluate/ratio_interval.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

struct SampledRow {
  std::int64_t row = 0;
  std::int64_t stratum = -1;  // -1: certain
  double weight = 1;          // rows it stands for
};

/// Rows in ascending order. 8 <= sampleRows < rowAbsmax.size(). The same rows for the same absmax.
std::vector<SampledRow> stratifiedRows(const std::vector<float>& rowAbsmax, std::int64_t sampleRows);

/// R = Y / X of a sample, with its standard error.
struct SampleRatio {
  double value = 0, standardError = 0;
};

/// Combined ratio estimator R = sum_h N_h mean(y) / sum_h N_h mean(x) for y [rows] and x [rows] of the
/// sampled rows; its variance is sum_h N_h^2 (1 - n_h / N_h) s_h^2 / n_h / X^2, s_h^2 the variance of y - R x
/// within stratum h and X the estimated total of x. 0 when that is 0.
SampleRatio stratifiedRatio(const std::vector<SampledRow>& sample, std::span<const double> y,
                            std::span<const double> x);

/// What else is known of every row: a value z_r, in the sample, and its total over all rows of the matrix.
struct KnownTotal {
  std::span<const double> values;  // [sampled rows]; empty = nothing is known
  double total = 0;
};

/// R = Y / X with its 95 % interval. Where z is known, Y and X are combined regression estimators
/// Y = sum_h N_h mean(y) + b (Z - sum_h N_h mean(z)), b the regression coefficient within strata (Cochran,
/// 7.10); the variance is then that of the residuals y - R x - (b_y - R b_x) z within strata, and x as z
/// makes X exact. The half-widths are those of skewedQuantiles() with the skewness of the drawn rows'
/// residuals and a degree of freedom a stratum. Value 0 and no width when X is 0; 0 when Y would come out
/// negative.
RatioInterval sampledRatio(const std::vector<SampledRow>& sample, std::span<const double> y,
                           std::span<const double> x, const KnownTotal& known = {});

}  // namespace ql
