#pragma once
// The inner sums of range searches, in SIMD. Sums differ between CPUs by some 1e-7 of themselves; what is
// decided by them is decided by far more, ties aside.
#include <span>

namespace ql {

/// Sum of weights * (|e| * unit)^norm; no weights = all 1. Every product is below 1e-6 of itself off.
double powerSum(std::span<const float> e, std::span<const float> weights, float unit, double norm);

/// Q(w) - w on an integer grid: Q(w) = (round(clamp(w / scale + shift, lo, hi)) - shift) * scale, the same
/// bits as rtn_grid.h gives. Of finite values.
struct IntegerGrid {
  float scale = 1, shift = 0, lo = 0, hi = 0;
};
void gridErrors(const IntegerGrid& grid, std::span<const float> values, std::span<float> errors);

/// Rounding to step * {lo .. hi}: sum of (w - Q(w))^2 and of the codes' squares.
struct StepSums {
  double error = 0, codeSquares = 0;
};
StepSums stepSums(std::span<const float> values, float step, float lo, float hi);

}  // namespace ql
