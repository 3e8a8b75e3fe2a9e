#pragma once
// Weights that stay exact: which of a matrix are beyond n standard deviations of its mean, and any quantizer
// on what is left. Source: EasyQuant, arXiv:2403.02775, sec. 3.1; the word "variance" as one text prints it.
#include "core/quant/quantizer.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace ql {

/// Of the finite weights, in double; `variance` has count - 1 below it and is 0 for fewer than two.
struct WeightSpread {
  double mean = 0, variance = 0;
  std::uint64_t count = 0;
};
/// One read of the matrix. Tiles are merged in order: the same bits for any number of threads.
WeightSpread measureSpread(const WeightSource& source, const MatrixRef& matrix, JobContext& job);

/// |w - mean| >= threshold in float32, as torch compares; a matrix without spread has no outliers.
struct OutlierBound {
  float mean = 0, threshold = 0;
  bool isEmpty = true;

  bool holds(float w) const { return !isEmpty && std::isfinite(w) && std::abs(w - mean) >= threshold; }
};
OutlierBound outlierBound(const WeightSpread& spread, const OutlierRule& rule);

/// Bits that the outliers of a matrix cost beside the codes of all its weights: each its value as stored (16
/// bits where that is not known) and its column (16 bits up to 65536 columns, else 32), and each row the 32
/// bits of where its outliers begin.
double outlierBits(std::uint64_t outliers, std::int64_t out, std::int64_t in, double valueBits);

/// Makes a quantizer of the scheme without its outliers for an input whose weights beyond the bound are NaN
/// and whose range leaves them out.
using MakeInner = std::function<std::unique_ptr<RowQuantizer>(const QuantizerInput& masked)>;
/// Two reads of the matrix, then what the inner one reads. `input` has source and job.
std::unique_ptr<RowQuantizer> makeWithOutliers(const WeightScheme& scheme, const OutlierRule& rule,
                                               const QuantizerInput& input, const MakeInner& makeInner);

}  // namespace ql
