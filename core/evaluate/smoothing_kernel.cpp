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

template <Codes kCodes, class D>
HWY_INLINE std::size_t roundVectors(D d, const PartGrid& part, std::size_t begin, std::size_t end,
                                    float* values) {
  const std::size_t lanes = hn::Lanes(d);
  const auto grid = gridVectors(d, part);
  const auto element = elementVectors(d, part.element);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    const auto code = gridCodes<kCodes>(d, grid, element, hn::LoadU(d, values + c));
    hn::StoreU(gridValues<kCodes>(d, grid, code), d, values + c);
  }
  return c;
}

// single lanes for the remainder: the same operations, so the same bits
using Wide = hn::ScalableTag<float>;
using Single = hn::CappedTag<float, 1>;

template <Codes kCodes>
void roundPartAs(const PartGrid& grid, std::size_t begin, std::size_t end, float* values) {
  begin = roundVectors<kCodes>(Wide(), grid, begin, end, values);
  roundVectors<kCodes>(Single(), grid, begin, end, values);
}

void roundPart(Codes codes, const PartGrid& grid, std::size_t begin, std::size_t end, float* values) {
  switch (codes) {
    case Codes::Integers:
      return roundPartAs<Codes::Integers>(grid, begin, end, values);
    case Codes::Shifted:
      return roundPartAs<Codes::Shifted>(grid, begin, end, values);
    case Codes::Floats:
      return roundPartAs<Codes::Floats>(grid, begin, end, values);
    case Codes::DetourIntegers:
      return roundPartAs<Codes::DetourIntegers>(grid, begin, end, values);
    case Codes::DetourFloats:
      return roundPartAs<Codes::DetourFloats>(grid, begin, end, values);
  }
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
  const Codes codes = codesOf(scheme.rule);
  for (std::size_t r = 0; r < rows.rows; ++r) {
    const float* w = rows.weights + r * rows.columns;
    float* out = rows.result + r * rows.columns;
    for (std::size_t begin = 0; begin < rows.columns; begin += width) {
      const std::size_t end = std::min(rows.columns, begin + width);
      const Range range = scalePart(w, rows.factors, begin, end, out);
      const PartGrid grid =
          scheme.hasFixedGrid ? scheme.fixedGrid : partGrid(scheme.rule, range.min, range.max);
      roundPart(codes, grid, begin, end, out);
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
