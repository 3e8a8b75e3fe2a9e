#pragma once
// SIMD loops around the rounding of smoothed weights and tokens: what is divided by S, what rounding changed.
// Runtime dispatch by Highway. Not for the rounding itself (smoothing_kernel.h).
#include <cstddef>

namespace ql {

/// values = x / s, rows of `columns` each.
void divideRows(const float* x, const float* s, std::size_t rows, std::size_t columns, float* values);

/// quantized -= w s, rows of `columns` each: Q(W S) becomes Q(W S) - W S.
void subtractScaledRows(const float* w, const float* s, std::size_t rows, std::size_t columns,
                        float* quantized);

/// changes = (rounded - exact) s: what rounding did to X / S, in units of X.
void scaledChanges(const float* rounded, const float* exact, const float* s, std::size_t rows,
                   std::size_t columns, float* changes);

/// Largest |w f| of `count` values and their factors, NaN left out; infinity stays.
float largestProduct(const float* w, const float* f, std::size_t count);

/// sums[r] += (y[t, r] + other[t, r])^2 over all t, in double. `stride` elements from one t to the next. A
/// null `other` is 0.
void addSquares(const float* y, const float* other, std::size_t tokens, std::size_t rows, std::size_t stride,
                double* sums);

/// One row's rounding errors d = Q(w) - w against its weights.
struct RowError {
  double weighted = 0, energy = 0;               // sum of c_j d_j^2 and of c_j w_j^2
  double square = 0, sumAbs = 0, weightAbs = 0;  // sum of d^2, |d|, |w|
  float maxAbs = 0;                              // of |d|
  std::size_t deadCodes = 0;                     // w != 0 and d = -w: rounded to zero
};
/// Also adds rowWeight d_j^2 to columnError [columns]. c = columnWeights [columns].
RowError addRowError(const float* d, const float* w, const double* columnWeights, double rowWeight,
                     std::size_t columns, double* columnError);

}  // namespace ql
