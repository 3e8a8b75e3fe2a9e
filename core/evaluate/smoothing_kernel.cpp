#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/smoothing_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/smoothing_kernel.h"
#include "core/quant/grid_round_inl.h"

#include <algorithm>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Extremes of a part.
struct Range {
  float min = std::numeric_limits<float>::infinity(), max = -min;
};

/// Columns that fill whole vectors of `d`, from `begin` on; returns the first column that is left.
template <class D>
HWY_INLINE std::size_t scaleVectors(D d, const float* w, const float* s, std::size_t begin, std::size_t end,
                                    float* out, Range& range) {
  const std::size_t lanes = hn::Lanes(d);
  auto low = hn::Set(d, range.min), high = hn::Set(d, range.max);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    const auto v = hn::Mul(hn::LoadU(d, w + c), hn::LoadU(d, s + c));
    hn::StoreU(v, d, out + c);
    low = hn::Min(low, v);
    high = hn::Max(high, v);
  }
  range.min = hn::GetLane(hn::MinOfLanes(d, low));
  range.max = hn::GetLane(hn::MaxOfLanes(d, high));
  return c;
}

/// As rtn_grid.h has it: divide, shift, clamp, round half to even, back.
template <bool kFloats, class D>
HWY_INLINE std::size_t roundVectors(D d, const PartGrid& grid, std::size_t begin, std::size_t end,
                                    float* values) {
  const std::size_t lanes = hn::Lanes(d);
  const auto scale = hn::Set(d, grid.scale), shift = hn::Set(d, grid.shift), lo = hn::Set(d, grid.lo),
             hi = hn::Set(d, grid.hi), magic = hn::Set(d, 12582912.0f);  // 1.5 * 2^23
  const auto element = elementVectors(d, grid.element);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    auto t = hn::Add(hn::Div(hn::LoadU(d, values + c), scale), shift);
    t = hn::Min(hn::Max(t, lo), hi);
    const auto code = kFloats ? roundToElements(d, element, t) : hn::Sub(hn::Add(t, magic), magic);
    hn::StoreU(hn::Mul(hn::Sub(code, shift), scale), d, values + c);
  }
  return c;
}

// single lanes for the remainder: the same operations, so the same bits
using Wide = hn::ScalableTag<float>;
using Single = hn::CappedTag<float, 1>;

template <bool kFloats>
void roundPart(const PartGrid& grid, std::size_t begin, std::size_t end, float* values) {
  begin = roundVectors<kFloats>(Wide(), grid, begin, end, values);
  roundVectors<kFloats>(Single(), grid, begin, end, values);
}

Range scalePart(const float* w, const float* s, std::size_t begin, std::size_t end, float* out) {
  Range range;
  begin = scaleVectors(Wide(), w, s, begin, end, out, range);
  scaleVectors(Single(), w, s, begin, end, out, range);
  return range;
}

void scaleRowsTarget(const SmoothedRows& rows) {
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const std::size_t offset = r * rows.columns;
    scalePart(rows.weights + offset, rows.factors, 0, rows.columns, rows.result + offset);
  }
}

void quantizeScaledRowsTarget(const StripScheme& scheme, const SmoothedRows& rows) {
  const std::size_t width = std::min(scheme.width, rows.columns);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const float* w = rows.weights + r * rows.columns;
    float* out = rows.result + r * rows.columns;
    for (std::size_t begin = 0; begin < rows.columns; begin += width) {
      const std::size_t end = std::min(rows.columns, begin + width);
      const Range range = scalePart(w, rows.factors, begin, end, out);
      const PartGrid grid =
          scheme.hasFixedGrid ? scheme.fixedGrid : partGrid(scheme.rule, range.min, range.max);
      if (grid.isFloat())
        roundPart<true>(grid, begin, end, out);
      else
        roundPart<false>(grid, begin, end, out);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(scaleRowsTarget);
HWY_EXPORT(quantizeScaledRowsTarget);

void scaleRows(const SmoothedRows& rows) {
  HWY_DYNAMIC_DISPATCH(scaleRowsTarget)(rows);
}

void quantizeScaledRows(const StripScheme& scheme, const SmoothedRows& rows) {
  HWY_DYNAMIC_DISPATCH(quantizeScaledRowsTarget)(scheme, rows);
}

}  // namespace ql
#endif
