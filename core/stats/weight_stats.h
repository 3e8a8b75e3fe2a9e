#pragma once
// Everything one streaming pass over a weight matrix yields.
#include "core/base/data_tree.h"
#include "core/base/evidence.h"
#include "core/base/field_list.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/stats/channel_stats.h"
#include "core/stats/tile_pyramid.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace ql {

struct TopEntry {
  std::int64_t row = 0, column = 0;
  float value = 0;
  bool operator==(const TopEntry&) const = default;
};

/// Counts of |w| by exponent and 3 mantissa bits: 2048 bins of the 16-bit pattern (bits >> 4) & 2047 of bf16.
struct LogHistogram {
  std::vector<std::uint64_t> counts;        // 2048, finite values only
  static float lowerEdge(std::size_t bin);  // |w| at which the bin begins
};

/// Scalars of one matrix: what `qloupe stats` prints. All over finite values.
struct WeightSummary {
  double absmax = 0, min = 0, max = 0, mean = 0, std = 0;  // std unbiased, weight units
  double kurtosis = 0;       // mean((w - mean)^4) / variance^2, Gaussian = 3; 0 for a constant matrix
  double medianAbs = 0;      // lower of the two middle |w|
  double maxOverMedian = 0;  // absmax / medianAbs; / mean |w| when the median is 0
  double quantile001 = 0, quantile01 = 0, quantile50 = 0, quantile99 = 0,
         quantile999 = 0;                                             // of w, lower value
  double outliers3 = 0, outliers4 = 0, outliers5 = 0, outliers6 = 0;  // fraction with |w - mean| >= n std
  double columnPeakRatio = 0;  // max over lower median of the columns' absmax; 0 when the median is 0
  double rowPeakRatio = 0;
  std::int64_t peakColumn = -1, peakRow = -1;  // of absmax; -1 for an empty matrix
  std::uint64_t count = 0, zeros = 0, nans = 0, posInfs = 0, negInfs = 0;
  std::uint64_t zeroRows = 0, zeroColumns = 0;
  bool quantilesExact = true;  // false for dtypes wider than 16 bits: read off the log histogram
};

struct WeightStats {
  std::int64_t out = 0, in = 0;
  ChannelStats rows, columns;
  std::vector<std::int32_t>
      rowArgmax;  // column of the largest |w| of each row (the first one), -1 without any
  WeightSummary summary;
  LogHistogram histogram;
  std::vector<TopEntry> top;  // largest |w| first, ties by (row, column); at most 64
  TilePyramid pyramid;
  Evidence evidence;
};

struct WeightStatsOptions {
  std::uint64_t pyramidBytes =
      0;  // budget of the stored pyramid; 0 = 0.5 % of the matrix's stored bytes, at least 8 KiB
  bool withHistogram = true;  // histogram, quantiles, medians, n-sigma fractions
  bool withPyramid = true;
  int topCount = 64;
};

/// One pass over the matrix (a second, over candidates only, for wide dtypes' order statistics is not made).
/// Bit-identical for any thread count on one CPU model; between SIMD targets extremes and counts agree
/// exactly, sums to rounding. Peak memory O(out + in) plus a few row tiles and 512 KiB of counters a thread.
///
/// Sums of w^k agree with a double-precision reference to 1e-6 of the sum of |w|^k (floats over 64 x 1024
/// values, then double; kept rounded to float where they fit). Extremes and counts are exact. BF16 and F16:
/// all of the summary is exact to double rounding. Wider dtypes: moments from the sums, order statistics from
/// the 16-bit truncated values (quantiles are the end of their 2^-7 interval nearest to zero; n-sigma shares
/// may misplace the values of the one interval that straddles the threshold); quantilesExact says which.
/// withHistogram = false leaves these at 0.
///
/// Steps the job by measureUnits() in all; the caller expect()s them. Pages are released block by block.
/// Throws Error(Shape) from 2^31 channels on, and what the source throws; Cancelled.
WeightStats measureWeights(const WeightSource& source, const MatrixRef& matrix,
                           const WeightStatsOptions& options, JobContext& job);

/// What measureWeights() and buildPyramid() step a job by: the stored bytes of rows read in place, else 2 a
/// weight.
std::uint64_t measureUnits(const WeightSource& source, const MatrixRef& matrix);

/// Share of the rows whose absmax lies in one of `columns` (needs rowArgmax). Rows of zeros do not count.
double coverage(const WeightStats& stats, const std::vector<std::int64_t>& columns);

/// To and from the statistics file: /layers/<name>/weight. The round trip is exact. At most 1
/// % of a 16-bit checkpoint of ordinary shapes: sums as F32 where exact, counts only where there are any, the
/// finest pyramid level only (the others follow), its extremes in the narrowest type that holds them exactly.
DataTree toDataTree(const WeightStats& stats);
WeightStats weightStatsFromDataTree(const DataTree& tree);  // throws Error(Store)

template <>
struct FieldList<WeightSummary> {
  using S = WeightSummary;
  static constexpr auto fields = std::make_tuple(
      field("absmax", "weight", "Largest |w|.", &S::absmax), field("min", "weight", "Smallest w.", &S::min),
      field("max", "weight", "Largest w.", &S::max), field("mean", "weight", "Mean of w.", &S::mean),
      field("std", "weight", "Unbiased standard deviation of w.", &S::std),
      field("kurtosis", "", "Fourth standardised moment; a Gaussian has 3.", &S::kurtosis),
      field("median_abs", "weight", "Lower median of |w|.", &S::medianAbs),
      field("max_over_median", "", "Largest |w| over the median of |w|.", &S::maxOverMedian),
      field("q001", "weight", "0.1 % quantile of w.", &S::quantile001),
      field("q01", "weight", "1 % quantile of w.", &S::quantile01),
      field("q50", "weight", "Median of w.", &S::quantile50),
      field("q99", "weight", "99 % quantile of w.", &S::quantile99),
      field("q999", "weight", "99.9 % quantile of w.", &S::quantile999),
      field("outliers_3_sigma", "fraction", "Share of weights at least 3 standard deviations from the mean.",
            &S::outliers3),
      field("outliers_4_sigma", "fraction", "Share of weights at least 4 standard deviations from the mean.",
            &S::outliers4),
      field("outliers_5_sigma", "fraction", "Share of weights at least 5 standard deviations from the mean.",
            &S::outliers5),
      field("outliers_6_sigma", "fraction", "Share of weights at least 6 standard deviations from the mean.",
            &S::outliers6),
      field("column_peak_ratio", "", "Largest over median absmax of the input channels.",
            &S::columnPeakRatio),
      field("row_peak_ratio", "", "Largest over median absmax of the output channels.", &S::rowPeakRatio),
      field("peak_column", "", "Input channel of the largest |w|.", &S::peakColumn),
      field("peak_row", "", "Output channel of the largest |w|.", &S::peakRow),
      field("count", "", "Number of weights.", &S::count),
      field("zeros", "", "Weights equal to zero.", &S::zeros),
      field("nans", "", "Weights that are NaN.", &S::nans),
      field("pos_infs", "", "Weights that are +Inf.", &S::posInfs),
      field("neg_infs", "", "Weights that are -Inf.", &S::negInfs),
      field("zero_rows", "", "Output channels of zeros only.", &S::zeroRows),
      field("zero_columns", "", "Input channels of zeros only.", &S::zeroColumns),
      field("quantiles_exact", "", "False when read off the histogram (dtypes wider than 16 bits).",
            &S::quantilesExact));
};

}  // namespace ql
