#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/error_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/error_columns_inl.h"
#include "core/evaluate/error_kernel.h"
#include "core/evaluate/part_grids_inl.h"

#include <algorithm>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

/// Extremes of a part; with kMagnitude only the largest |w|, as [-absmax, absmax].
template <bool kMagnitude>
HWY_INLINE void partRange(const float* values, std::size_t begin, std::size_t end, float& min, float& max) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  VF low = hn::Set(df, std::numeric_limits<float>::infinity());
  VF high = kMagnitude ? hn::Zero(df) : hn::Neg(low);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    const VF w = hn::LoadU(df, values + c);
    if (!kMagnitude) low = hn::Min(low, w);
    high = hn::Max(high, kMagnitude ? hn::Abs(w) : w);
  }
  if (c < end) {
    const MF valid = firstLanes(c, end);
    const VF w = hn::LoadU(df, values + c);
    low = hn::Min(low, hn::IfThenElse(valid, w, low));
    high = hn::Max(high, hn::IfThenElse(valid, kMagnitude ? hn::Abs(w) : w, high));
  }
  max = hn::GetLane(hn::MaxOfLanes(df, high));
  min = kMagnitude ? -max : hn::GetLane(hn::MinOfLanes(df, low));
}

template <int kRows, Codes kCodes>
HWY_INLINE void errorSpan(const ErrorStrip& strip, std::size_t begin, std::size_t end,
                          const Grids<kRows>& grids, float* columnError, StripLanes& sums) {
  const std::size_t lanes = hn::Lanes(DF());
  const MF all = hn::FirstN(DF(), lanes);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes)
    errorColumns<kRows, kCodes, false>(strip, c, all, grids, columnError, sums);
  if (c < end) errorColumns<kRows, kCodes, true>(strip, c, firstLanes(c, end), grids, columnError, sums);
}

template <int kRows>
void partGrids(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
               std::size_t begin, std::size_t end, PartGrid* grids) {
  const bool needsSigns = scheme.rule.needsSigns();
  for (int r = 0; r < kRows; ++r) {
    if (scheme.hasFixedGrid) {
      grids[r] = scheme.fixedGrid;
      continue;
    }
    float min = weights.rowMin[r], max = weights.rowMax[r];
    if (scheme.width < strip.columns) {
      const float* row = strip.values + static_cast<std::size_t>(r) * strip.stride;
      if (needsSigns) {
        partRange<false>(row, begin, end, min, max);
      } else {
        partRange<true>(row, begin, end, min, max);
      }
    }
    grids[r] = partGrid(scheme.rule, min, max);
  }
}

template <int kRows>
HWY_INLINE Grids<kRows> sharedGrids(const StripScheme& scheme) {
  const DF df;
  const PartGrid any = partGrid(scheme.rule, 0, 0);
  Grids<kRows> grids;
  grids.element = elementVectors(df, any.element);
  for (int r = 0; r < kRows; ++r) grids.rows[r] = gridVectors(df, any);
  return grids;
}

template <int kRows, Codes kCodes>
void addErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
               float* columnError, StripErrors& errors) {
  const DF df;
  StripLanes sums{hn::Zero(df), hn::Zero(df), 0};
  // what all parts share, and the parts' own where they are made by vectors
  Grids<kRows> grids = sharedGrids<kRows>(scheme);
  const bool isWhole = scheme.hasFixedGrid || scheme.width >= strip.columns;
  const VectorRule kind = kRows == 4 && !isWhole ? vectorRule(scheme.rule) : VectorRule::None;
  const std::size_t width = std::min(scheme.width, strip.columns);
  std::size_t unflushed = 0;
  for (std::size_t part = 0; part < strip.columns; part += width) {
    const std::size_t partEnd = std::min(strip.columns, part + width);
    if constexpr (kRows == 4) {
      if (kind != VectorRule::None) makeGrids(kind, scheme.rule, strip, part, partEnd, grids);
    }
    if (kind == VectorRule::None) {
      PartGrid parts[kRows];
      partGrids<kRows>(scheme, strip, weights, part, partEnd, parts);
      for (int r = 0; r < kRows; ++r) grids.rows[r] = gridVectors(df, parts[r]);
    }
    for (std::size_t begin = part; begin < partEnd; begin += kFlushColumns) {
      const std::size_t end = std::min(partEnd, begin + kFlushColumns);
      errorSpan<kRows, kCodes>(strip, begin, end, grids, columnError, sums);
      unflushed += end - begin;
      if (unflushed < kFlushColumns) continue;
      errors.sumAbs += sumOf(sums.sumAbs);
      sums.sumAbs = hn::Zero(df);
      unflushed = 0;
    }
  }
  errors.sumAbs += sumOf(sums.sumAbs);
  errors.zeroCodes += sums.zeroCodes;
  errors.maxAbs = std::max(errors.maxAbs, hn::GetLane(hn::MaxOfLanes(df, sums.maxAbs)));
}

template <Codes kCodes>
void addAllErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                  float* columnError, StripErrors& errors) {
  if (strip.rows == kErrorStripRows) {
    return addErrors<kErrorStripRows, kCodes>(scheme, strip, weights, columnError, errors);
  }
  for (int r = 0; r < strip.rows; ++r) {
    const ErrorStrip row{strip.values + static_cast<std::size_t>(r) * strip.stride, strip.stride,
                         strip.columns, 1};
    StripWeights one;
    one.rowMin[0] = weights.rowMin[r];
    one.rowMax[0] = weights.rowMax[r];
    addErrors<1, kCodes>(scheme, row, one, columnError, errors);
  }
}

void addStripErrorsTarget(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                          float* columnError, StripErrors& errors) {
  switch (codesOf(scheme.rule)) {
    case Codes::Integers:
      return addAllErrors<Codes::Integers>(scheme, strip, weights, columnError, errors);
    case Codes::Shifted:
      return addAllErrors<Codes::Shifted>(scheme, strip, weights, columnError, errors);
    case Codes::Floats:
      return addAllErrors<Codes::Floats>(scheme, strip, weights, columnError, errors);
    case Codes::DetourIntegers:
      return addAllErrors<Codes::DetourIntegers>(scheme, strip, weights, columnError, errors);
    case Codes::DetourFloats:
      return addAllErrors<Codes::DetourFloats>(scheme, strip, weights, columnError, errors);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(addStripErrorsTarget);

void addStripErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                    float* columnError, StripErrors& errors) {
  HWY_DYNAMIC_DISPATCH(addStripErrorsTarget)(scheme, strip, weights, columnError, errors);
}

}  // namespace ql
#endif
