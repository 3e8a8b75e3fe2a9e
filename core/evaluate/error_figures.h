#pragma once
// From sums to figures: what measureErrors() and previewErrors() share.
#include "core/evaluate/error_pass.h"
#include "core/evaluate/layer_error.h"

namespace ql {

/// Weight of each column in the norm-weighted error: g^2, or 1 / |W_j|^2 without a norm; columns of zeros
/// weigh 0.
std::vector<double> columnWeights(const ErrorInput& input, std::span<const double> columnEnergy);

/// Max over lower median of the columns' absmax; 0 when the median is 0.
double peakRatio(std::vector<float> columnAbsmax);

/// All figures of one choice. Sums over the finite weights.
LayerError errorFigures(const ErrorInput& input, const Choice& choice, const WeightSums& weights,
                        const SchemeSums& sums, double columnPeakRatio);

/// A choice that leaves the weights as they are.
SchemeSums exactSums(std::size_t in);

/// Checks gain and statistics against the matrix. Throws Error(Shape).
void requireMatching(const ErrorInput& input, const WeightStats* stats);
/// Throws Error(Unsupported) for the first choice that cannot be measured.
std::vector<WeightScheme> measurableSchemes(std::span<const Choice> choices);
/// Column extremes of the statistics.
MatrixRange rangeOf(const WeightStats& stats);

}  // namespace ql
