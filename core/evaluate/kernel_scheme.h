#pragma once
// Which quantizers the SIMD kernels can stand in for: those that round to nearest on the grids of rtn_grid.h.
#include "core/evaluate/band_kernel.h"
#include "core/evaluate/error_kernel.h"
#include "core/quant/quantizer.h"

#include <optional>
#include <span>

namespace ql {

/// A quantizer whose parts span rows: bands of `height` rows in parts of `width` columns.
struct BandScheme {
  RtnRule rule;
  std::size_t height = 1, width = 1;
  std::optional<ColumnGrids> fixed;  // bands are the whole matrix
};

/// The quantizer as the kernels know it, when its parts lie inside rows or are the whole matrix.
std::optional<StripScheme> stripScheme(const RowQuantizer& quantizer, std::int64_t in);
/// When its parts span rows but are not the whole matrix.
std::optional<BandScheme> bandScheme(const RowQuantizer& quantizer, std::int64_t in);

/// Quantizes rows [n * in] of whole bands, finite and regular (StripWeights), and adds (Q(w) - w)^2 to
/// columnError (padded) and the other sums to `errors`. `rows` has kErrorPadding floats more at its end.
void addErrorsOfBands(const BandScheme& scheme, std::span<float> rows, std::size_t in, float* columnError,
                      StripErrors& errors);

}  // namespace ql
