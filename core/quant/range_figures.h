#pragma once
// Figures that ranges are made from, of values in memory and of values read in pieces.
#include "core/quant/range_search.h"

#include <span>
#include <vector>

namespace ql {

/// The q-quantile (q in [0, 1]), linear between order statistics: numpy.quantile. Reorders the values, which
/// are finite and at least one.
double quantile(std::span<float> values, double q);
/// The same in two passes, exactly; of |w| with `isAbsolute`. 0 for nothing.
std::vector<double> quantilesByPasses(const PartPass& pass, bool isAbsolute, const std::vector<double>& qs);

/// The values that stand at these places in ascending order, from 0: exact, in two passes. 0 for nothing.
std::vector<double> orderStatisticsByPasses(const PartPass& pass, bool isAbsolute,
                                            const std::vector<double>& places);

double meanAbs(std::span<const float> values);
double meanAbsByPass(const PartPass& pass);

/// `deviation` has n - 1 below it, and is 0 for fewer than two values.
struct Spread {
  double mean = 0, deviation = 0;
};
Spread spreadOf(std::span<const float> values);
Spread spreadByPasses(const PartPass& pass);

/// EasyQuant's grid search where the exact one does not apply: the best of the whole range times a factor in
/// [0.2, 1], the scale refitted to its codes, kept when that is better. Two passes.
PartGrid refittedGrid(const RtnRule& rule, const ClipRule& clip, float min, float max, const PartPass& pass);

}  // namespace ql
