#pragma once
// SIMD inner loops of measureErrors(): ranges, rounding and error sums of a strip of rows under schemes of
// integers or small floats whose parts lie inside rows. Runtime dispatch by Highway; quantized values are the
// same on every target and the same as RowQuantizer's, float sums differ by rounding only. Not for non-finite
// or extreme values: the exact path takes those.
#include "core/quant/rtn_grid.h"

#include <cstddef>
#include <cstdint>

namespace ql {

inline constexpr int kErrorStripRows = 4;  // rows handled together: column sums are loaded once for all
inline constexpr std::size_t kErrorPadding = 64;  // strips and column arrays are padded to multiples of this

/// Up to kErrorStripRows rows as float32: row r begins at values + r * stride. stride is a multiple of
/// kErrorPadding.
struct ErrorStrip {
  float* values = nullptr;
  std::size_t stride = 0;
  std::size_t columns = 0;
  int rows = 0;
};

/// What one strip says of the weights themselves.
struct StripWeights {
  float rowMin[kErrorStripRows], rowMax[kErrorStripRows];
  double sumAbs = 0;
  std::uint64_t zeros = 0;
  bool isRegular =
      true;  // false: a value is not finite, or squares leave the float range; nothing else is valid
};

/// A scheme that the kernels know: parts of `width` columns inside rows, or one grid for the whole matrix.
struct StripScheme {
  RtnRule rule;
  std::size_t width = 0;
  bool hasFixedGrid = false;
  PartGrid fixedGrid;
};

/// Sums of one scheme over the strips of a tile.
struct StripErrors {
  double sumAbs = 0;
  std::uint64_t zeroCodes = 0;
  float maxAbs = 0;
};

/// Widens rows of bfloat16 (unaligned, rowBytes apart) into the strip when `stored` is not null, else takes
/// the values that are there; adds w^2 to columnEnergy and |w| to the maxima of columnAbsmax (both padded).
StripWeights scanStrip(const ErrorStrip& strip, const std::byte* stored, std::size_t rowBytes,
                       float* columnEnergy, float* columnAbsmax);

/// Quantizes the strip and adds (Q(w) - w)^2 to columnError (padded) and the other sums to `errors`.
/// A float column sum of n strips is within 4n 2^-24 of the exact one, sumAbs within 1.6e-5.
void addStripErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                    float* columnError, StripErrors& errors);

}  // namespace ql
