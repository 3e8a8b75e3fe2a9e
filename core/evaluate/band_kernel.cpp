#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/band_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/band_kernel.h"
#include "core/evaluate/error_columns_inl.h"

#include <algorithm>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

void addColumnRangeTarget(const ErrorStrip& strip, float* columnMin, float* columnMax) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  const VF largest = hn::Set(df, std::numeric_limits<float>::max());
  for (std::size_t c = 0; c < strip.columns; c += lanes) {
    VF low = hn::LoadU(df, columnMin + c), high = hn::LoadU(df, columnMax + c);
    for (int r = 0; r < strip.rows; ++r) {
      const VF w = hn::LoadU(df, strip.values + static_cast<std::size_t>(r) * strip.stride + c);
      const MF isFinite = hn::Le(hn::Abs(w), largest);  // false for NaN
      low = hn::Min(low, hn::IfThenElse(isFinite, w, low));
      high = hn::Max(high, hn::IfThenElse(isFinite, w, high));
    }
    hn::StoreU(low, df, columnMin + c);
    hn::StoreU(high, df, columnMax + c);
  }
}

HWY_INLINE GridVectors<DF> gridAt(const ColumnGrids& grids, std::size_t c) {
  const DF df;
  const auto load = [&](ColumnGrids::Member member) { return hn::LoadU(df, grids.values(member) + c); };
  return {load(ColumnGrids::Scale),    load(ColumnGrids::Shift),      load(ColumnGrids::Lo),
          load(ColumnGrids::Hi),       load(ColumnGrids::Base),       load(ColumnGrids::Divide),
          load(ColumnGrids::Multiply), load(ColumnGrids::DivideCode), load(ColumnGrids::Step),
          load(ColumnGrids::Factor),   load(ColumnGrids::ZeroCode)};
}

template <int kRows, Codes kCodes>
void addRows(const ColumnGrids& columnGrids, const ErrorStrip& strip, float* columnError,
             StripErrors& errors) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  StripLanes sums{hn::Zero(df), hn::Zero(df), 0};
  Grids<kRows> grids;
  grids.element = elementVectors(df, columnGrids.rule().rounding);
  const MF all = hn::FirstN(df, lanes);
  for (std::size_t begin = 0; begin < strip.columns; begin += kFlushColumns) {
    const std::size_t end = std::min(strip.columns, begin + kFlushColumns);
    std::size_t c = begin;
    for (; c < end; c += lanes) {
      const GridVectors<DF> grid = gridAt(columnGrids, c);
      for (int r = 0; r < kRows; ++r) grids.rows[r] = grid;
      if (c + lanes <= end)
        errorColumns<kRows, kCodes, false>(strip, c, all, grids, columnError, sums);
      else
        errorColumns<kRows, kCodes, true>(strip, c, firstLanes(c, end), grids, columnError, sums);
    }
    errors.sumAbs += sumOf(sums.sumAbs);
    sums.sumAbs = hn::Zero(df);
  }
  errors.zeroCodes += sums.zeroCodes;
  errors.maxAbs = std::max(errors.maxAbs, hn::GetLane(hn::MaxOfLanes(df, sums.maxAbs)));
}

template <Codes kCodes>
void addAllRows(const ColumnGrids& grids, const ErrorStrip& strip, float* columnError, StripErrors& errors) {
  if (strip.rows == kErrorStripRows)
    return addRows<kErrorStripRows, kCodes>(grids, strip, columnError, errors);
  for (int r = 0; r < strip.rows; ++r) {
    const ErrorStrip row{strip.values + static_cast<std::size_t>(r) * strip.stride, strip.stride,
                         strip.columns, 1};
    addRows<1, kCodes>(grids, row, columnError, errors);
  }
}

void addBandErrorsTarget(const ColumnGrids& grids, const ErrorStrip& strip, float* columnError,
                         StripErrors& errors) {
  switch (codesOf(grids.rule())) {
    case Codes::Integers:
      return addAllRows<Codes::Integers>(grids, strip, columnError, errors);
    case Codes::Shifted:
      return addAllRows<Codes::Shifted>(grids, strip, columnError, errors);
    case Codes::Floats:
      return addAllRows<Codes::Floats>(grids, strip, columnError, errors);
    case Codes::DetourIntegers:
      return addAllRows<Codes::DetourIntegers>(grids, strip, columnError, errors);
    case Codes::DetourFloats:
      return addAllRows<Codes::DetourFloats>(grids, strip, columnError, errors);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(addColumnRangeTarget);
HWY_EXPORT(addBandErrorsTarget);

ColumnGrids::ColumnGrids(const RtnRule& rule, std::size_t columns)
    : m_rule(rule),
      m_columns(columns),
      m_stride((columns + kErrorPadding - 1) / kErrorPadding * kErrorPadding + kErrorPadding),
      m_values(kMembers * m_stride, 1.0f) {}

void ColumnGrids::assign(std::span<const PartGrid> grids, std::size_t width) {
  const auto at = [&](Member member) { return m_values.data() + member * m_stride; };
  for (std::size_t part = 0, c = 0; part < grids.size(); ++part) {
    const PartGrid& grid = grids[part];
    const GridDetour& detour = grid.detour;
    for (const std::size_t end = std::min(m_columns, c + width); c < end; ++c) {
      at(Scale)[c] = grid.scale;
      at(Shift)[c] = grid.shift;
      at(Lo)[c] = grid.lo;
      at(Hi)[c] = grid.hi;
      if (!grid.hasDetour) continue;
      at(Base)[c] = detour.base;
      at(Divide)[c] = detour.divide;
      at(Multiply)[c] = detour.multiply;
      at(DivideCode)[c] = detour.divideCode;
      at(Step)[c] = detour.step;
      at(Factor)[c] = detour.factor;
      at(ZeroCode)[c] = grid.zeroCode;
    }
  }
}

void addColumnRange(const ErrorStrip& strip, float* columnMin, float* columnMax) {
  HWY_DYNAMIC_DISPATCH(addColumnRangeTarget)(strip, columnMin, columnMax);
}

void addBandErrors(const ColumnGrids& grids, const ErrorStrip& strip, float* columnError,
                   StripErrors& errors) {
  HWY_DYNAMIC_DISPATCH(addBandErrorsTarget)(grids, strip, columnError, errors);
}

}  // namespace ql
#endif
