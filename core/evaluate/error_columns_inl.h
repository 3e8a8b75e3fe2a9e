// Errors of one vector of columns of a strip, for the kernels that get their grids from parts of rows
// (error_kernel.cpp) or of columns (band_kernel.cpp); compiled once a Highway target, hence the unusual
// guard.
#if defined(QL_CORE_EVALUATE_ERROR_COLUMNS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QL_CORE_EVALUATE_ERROR_COLUMNS_INL_H
#undef QL_CORE_EVALUATE_ERROR_COLUMNS_INL_H
#else
#define QL_CORE_EVALUATE_ERROR_COLUMNS_INL_H
#endif

#include "core/evaluate/error_kernel.h"
#include "core/quant/grid_round_inl.h"

#include <algorithm>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;
using MF = hn::Mask<DF>;

constexpr std::size_t kFlushColumns = 512;  // |e| summed in float before it goes to double

HWY_INLINE MF firstLanes(std::size_t begin, std::size_t end) {
  return hn::FirstN(DF(), std::min(hn::Lanes(DF()), end - begin));
}

HWY_INLINE double sumOf(VF v) {
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(DF(), v)));
}

struct StripLanes {
  VF sumAbs, maxAbs;
  std::size_t zeroCodes;
};

/// Grids of the rows of a strip in registers: the compiler cannot keep them there itself, columnError might
/// alias.
template <int kRows>
struct Grids {
  GridVectors<DF> rows[kRows];
  ElementVectors<DF> element;  // of all rows: one scheme
};

/// One vector of columns of all rows of a strip.
template <int kRows, Codes kCodes, bool kTail>
HWY_INLINE void errorColumns(const ErrorStrip& strip, std::size_t c, MF valid, const Grids<kRows>& grids,
                             float* columnError, StripLanes& sums) {
  const DF df;
  VF squares = hn::LoadU(df, columnError + c);
  for (int r = 0; r < kRows; ++r) {
    const VF w = hn::LoadU(df, strip.values + static_cast<std::size_t>(r) * strip.stride + c);
    const GridVectors<DF>& grid = grids.rows[r];
    const VF code = gridCodes<kCodes>(df, grid, grids.element, w);
    VF error = hn::Sub(gridValues<kCodes>(df, grid, code), w);
    auto isZero = areZeroCodes<kCodes>(df, grid, code);
    if (kTail) {
      error = hn::IfThenElseZero(valid, error);
      isZero = hn::And(valid, isZero);
    }
    const VF magnitude = hn::Abs(error);
    squares = hn::MulAdd(error, error, squares);
    sums.sumAbs = hn::Add(sums.sumAbs, magnitude);
    sums.maxAbs = hn::Max(sums.maxAbs, magnitude);
    sums.zeroCodes += hn::CountTrue(df, isZero);
  }
  hn::StoreU(squares, df, columnError + c);
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#endif
