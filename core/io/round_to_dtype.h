#pragma once
// Float32 back to the storage type of a file, and how far that moved the values.
#include "core/base/dtype.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ql {

/// What rounding did to a run of values; sums are over values that are finite before and after.
struct RoundingSums {
  double error = 0;                  // sum of (rounded - value)^2
  double energy = 0;                 // sum of value^2
  double largestChange = 0;          // |rounded - value|
  std::int64_t values = 0;           // all of them
  std::int64_t underflows = 0;       // not zero before, zero after
  std::int64_t firstNonFinite = -1;  // place of the first value that is not finite after rounding; -1 = none
  double relativeFrobenius() const;  // sqrt(error / energy); 0 without energy
  void merge(const RoundingSums& later);  // firstNonFinite then counts from the beginning of the first run
};

/// True for BF16, F16, F32 and F64: types that weights can be rounded to without a scale.
bool isRoundable(DType dtype);

/// Rounds to nearest, ties to even, little endian; what is too large becomes infinite and is reported as
/// firstNonFinite; NaN stays NaN. out: values.size() values. Pure.
/// Throws Error(Unsupported) for a type that isRoundable() refuses.
RoundingSums roundToDType(DType dtype, std::span<const float> values, std::span<std::byte> out);

}  // namespace ql
