#pragma once
// SIMD inner loop of smoothed errors: rows of W times S, rounded to a uniform integer grid. Runtime dispatch
// by Highway; the same values on every target and the same as RowQuantizer's. Not for schemes whose parts
// span rows.
#include "core/evaluate/error_kernel.h"

#include <cstddef>

namespace ql {

/// Finite rows of W, and where their rounded product with S goes. Rows lie `columns` apart.
struct SmoothedRows {
  const float* weights = nullptr;  // [rows, columns]
  const float* factors = nullptr;  // [columns]
  std::size_t rows = 0, columns = 0;
  float* result = nullptr;  // [rows, columns]
};

/// result = W S, column j of W times S_j.
void scaleRows(const SmoothedRows& rows);
/// result = Q(W S).
void quantizeScaledRows(const StripScheme& scheme, const SmoothedRows& rows);

}  // namespace ql
