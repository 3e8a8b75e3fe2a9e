#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/error_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/error_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<DF>;
using DU = hn::RebindToUnsigned<DF>;
using VF = hn::Vec<DF>;
using VI = hn::Vec<DI>;
using MF = hn::Mask<DF>;

// Squares of what lies between stay normal floats, and so do sums of 2^20 of them.
constexpr float kSmallest = 0x1p-55f, kLargest = 0x1p50f;
constexpr std::size_t kFlushColumns = 512;  // |e| summed in float before it goes to double

HWY_INLINE MF firstLanes(std::size_t begin, std::size_t end) {
  return hn::FirstN(DF(), std::min(hn::Lanes(DF()), end - begin));
}

HWY_INLINE double sumOf(VF v) {
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(DF(), v)));
}
HWY_INLINE std::uint64_t countOf(VI v) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(hn::GetLane(hn::SumOfLanes(DI(), v))));
}

/// bfloat16 is the upper half of a float32.
void widenRow(const std::byte* stored, std::size_t columns, float* values) {
  const DF df;
  const DU du;
  const hn::Rebind<std::uint16_t, DF> dh;
  const std::size_t lanes = hn::Lanes(df);
  std::size_t c = 0;
  for (; c + lanes <= columns; c += lanes) {
    const auto* codes = reinterpret_cast<const std::uint16_t*>(stored + 2 * c);
    hn::StoreU(hn::BitCast(df, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(dh, codes)))), df, values + c);
  }
  for (; c < columns; ++c) {
    std::uint16_t code = 0;
    std::memcpy(&code, stored + 2 * c, 2);
    values[c] = std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16);
  }
}

/// Running figures of the rows of a strip; lanes past the end of a row are neutral everywhere.
template <int kRows>
struct Scan {
  VF min[kRows], max[kRows], sumAbs, smallest, largest;
  VI zeros;
  MF isOdd;
};

template <int kRows>
HWY_INLINE void scanColumns(const ErrorStrip& strip, std::size_t c, MF valid, float* columnEnergy,
                            float* columnAbsmax, Scan<kRows>& scan) {
  const DF df;
  VF energy = hn::LoadU(df, columnEnergy + c), absmax = hn::LoadU(df, columnAbsmax + c);
  for (int r = 0; r < kRows; ++r) {
    const VF w = hn::LoadU(df, strip.values + static_cast<std::size_t>(r) * strip.stride + c);
    const VF magnitude = hn::Abs(w);
    scan.min[r] = hn::Min(scan.min[r], hn::IfThenElse(valid, w, scan.min[r]));
    scan.max[r] = hn::Max(scan.max[r], hn::IfThenElse(valid, w, scan.max[r]));
    const auto isZero = hn::And(valid, hn::Eq(w, hn::Zero(df)));
    scan.zeros = hn::Sub(scan.zeros, hn::VecFromMask(DI(), hn::RebindMask(DI(), isZero)));
    // not (magnitude <= kLargest) is also true for NaN; padding is zero and passes
    const auto isBig = hn::Not(hn::Le(magnitude, scan.largest));
    const auto isSmall = hn::And(hn::Lt(magnitude, scan.smallest), hn::Gt(magnitude, hn::Zero(df)));
    scan.isOdd = hn::Or(scan.isOdd, hn::Or(isBig, isSmall));
    scan.sumAbs = hn::Add(scan.sumAbs, magnitude);
    energy = hn::MulAdd(w, w, energy);
    absmax = hn::Max(absmax, magnitude);
  }
  hn::StoreU(energy, df, columnEnergy + c);
  hn::StoreU(absmax, df, columnAbsmax + c);
}

template <int kRows>
StripWeights scanRows(const ErrorStrip& strip, float* columnEnergy, float* columnAbsmax) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  Scan<kRows> scan;
  for (int r = 0; r < kRows; ++r) {
    scan.min[r] = hn::Set(df, std::numeric_limits<float>::infinity());
    scan.max[r] = hn::Neg(scan.min[r]);
  }
  scan.smallest = hn::Set(df, kSmallest);
  scan.largest = hn::Set(df, kLargest);
  scan.zeros = hn::Zero(DI());
  scan.isOdd = hn::Lt(hn::Zero(df), hn::Zero(df));
  StripWeights result;
  for (std::size_t begin = 0; begin < strip.columns; begin += kFlushColumns) {
    const std::size_t end = std::min(strip.columns, begin + kFlushColumns);
    scan.sumAbs = hn::Zero(df);
    for (std::size_t c = begin; c < end; c += lanes) {
      scanColumns<kRows>(strip, c, firstLanes(c, end), columnEnergy, columnAbsmax, scan);
    }
    result.sumAbs += sumOf(scan.sumAbs);
  }
  result.zeros = countOf(scan.zeros);
  result.isRegular = hn::AllFalse(df, scan.isOdd);
  for (int r = 0; r < kRows; ++r) {
    result.rowMin[r] = hn::GetLane(hn::MinOfLanes(df, scan.min[r]));
    result.rowMax[r] = hn::GetLane(hn::MaxOfLanes(df, scan.max[r]));
  }
  return result;
}

void partRange(const float* values, std::size_t begin, std::size_t end, float& min, float& max) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  VF low = hn::Set(df, std::numeric_limits<float>::infinity());
  VF high = hn::Neg(low);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    const VF w = hn::LoadU(df, values + c);
    low = hn::Min(low, w);
    high = hn::Max(high, w);
  }
  if (c < end) {
    const MF valid = firstLanes(c, end);
    const VF w = hn::LoadU(df, values + c);
    low = hn::Min(low, hn::IfThenElse(valid, w, low));
    high = hn::Max(high, hn::IfThenElse(valid, w, high));
  }
  min = hn::GetLane(hn::MinOfLanes(df, low));
  max = hn::GetLane(hn::MaxOfLanes(df, high));
}

struct ErrorSums {
  VF sumAbs, maxAbs;
  VI zeroCodes;
};

/// One vector of columns of all rows of a strip. kShift: the zero point is added before rounding
/// (PartGrid::shift).
template <int kRows, bool kShift, bool kTail>
HWY_INLINE void errorColumns(const ErrorStrip& strip, std::size_t c, MF valid, const PartGrid* grids,
                             float* columnError, ErrorSums& sums) {
  const DF df;
  const VF magic = hn::Set(df, 12582912.0f);  // 1.5 * 2^23: adding it rounds half to even (rtn_grid.h)
  VF squares = hn::LoadU(df, columnError + c);
  for (int r = 0; r < kRows; ++r) {
    const VF w = hn::LoadU(df, strip.values + static_cast<std::size_t>(r) * strip.stride + c);
    const VF scale = hn::Set(df, grids[r].scale), shift = hn::Set(df, grids[r].shift);
    VF t = hn::Div(w, scale);
    if (kShift) t = hn::Add(t, shift);
    t = hn::Min(hn::Max(t, hn::Set(df, grids[r].lo)), hn::Set(df, grids[r].hi));
    VF code = hn::Sub(hn::Add(t, magic), magic);
    if (kShift) code = hn::Sub(code, shift);
    VF error = hn::Sub(hn::Mul(code, scale), w);
    auto isZero = hn::Eq(code, hn::Zero(df));
    if (kTail) {
      error = hn::IfThenElseZero(valid, error);
      isZero = hn::And(valid, isZero);
    }
    const VF magnitude = hn::Abs(error);
    squares = hn::MulAdd(error, error, squares);
    sums.sumAbs = hn::Add(sums.sumAbs, magnitude);
    sums.maxAbs = hn::Max(sums.maxAbs, magnitude);
    sums.zeroCodes = hn::Sub(sums.zeroCodes, hn::VecFromMask(DI(), hn::RebindMask(DI(), isZero)));
  }
  hn::StoreU(squares, df, columnError + c);
}

template <int kRows, bool kShift>
HWY_INLINE void errorSpan(const ErrorStrip& strip, std::size_t begin, std::size_t end, const PartGrid* grids,
                          float* columnError, ErrorSums& sums) {
  const std::size_t lanes = hn::Lanes(DF());
  const MF all = hn::FirstN(DF(), lanes);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes)
    errorColumns<kRows, kShift, false>(strip, c, all, grids, columnError, sums);
  if (c < end) errorColumns<kRows, kShift, true>(strip, c, firstLanes(c, end), grids, columnError, sums);
}

template <int kRows>
void partGrids(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
               std::size_t begin, std::size_t end, PartGrid* grids) {
  for (int r = 0; r < kRows; ++r) {
    if (scheme.hasFixedGrid) {
      grids[r] = scheme.fixedGrid;
      continue;
    }
    float min = weights.rowMin[r], max = weights.rowMax[r];
    if (scheme.width < strip.columns) {
      partRange(strip.values + static_cast<std::size_t>(r) * strip.stride, begin, end, min, max);
    }
    grids[r] = partGrid(scheme.rule, min, max);
  }
}

template <int kRows, bool kShift>
void addErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
               float* columnError, StripErrors& errors) {
  const DF df;
  ErrorSums sums{hn::Zero(df), hn::Zero(df), hn::Zero(DI())};
  PartGrid grids[kRows];
  const std::size_t width = std::min(scheme.width, strip.columns);
  std::size_t unflushed = 0;
  for (std::size_t part = 0; part < strip.columns; part += width) {
    const std::size_t partEnd = std::min(strip.columns, part + width);
    partGrids<kRows>(scheme, strip, weights, part, partEnd, grids);
    for (std::size_t begin = part; begin < partEnd; begin += kFlushColumns) {
      const std::size_t end = std::min(partEnd, begin + kFlushColumns);
      errorSpan<kRows, kShift>(strip, begin, end, grids, columnError, sums);
      unflushed += end - begin;
      if (unflushed < kFlushColumns) continue;
      errors.sumAbs += sumOf(sums.sumAbs);
      sums.sumAbs = hn::Zero(df);
      unflushed = 0;
    }
  }
  errors.sumAbs += sumOf(sums.sumAbs);
  errors.zeroCodes += countOf(sums.zeroCodes);
  errors.maxAbs = std::max(errors.maxAbs, hn::GetLane(hn::MaxOfLanes(df, sums.maxAbs)));
}

StripWeights scanStripTarget(const ErrorStrip& strip, const std::byte* stored, std::size_t rowBytes,
                             float* columnEnergy, float* columnAbsmax) {
  for (int r = 0; stored && r < strip.rows; ++r) {
    const std::size_t row = static_cast<std::size_t>(r);
    widenRow(stored + row * rowBytes, strip.columns, strip.values + row * strip.stride);
  }
  if (strip.rows == kErrorStripRows) return scanRows<kErrorStripRows>(strip, columnEnergy, columnAbsmax);
  StripWeights result;
  for (int r = 0; r < strip.rows; ++r) {
    const ErrorStrip row{strip.values + static_cast<std::size_t>(r) * strip.stride, strip.stride,
                         strip.columns, 1};
    const StripWeights one = scanRows<1>(row, columnEnergy, columnAbsmax);
    result.rowMin[r] = one.rowMin[0];
    result.rowMax[r] = one.rowMax[0];
    result.sumAbs += one.sumAbs;
    result.zeros += one.zeros;
    result.isRegular = result.isRegular && one.isRegular;
  }
  return result;
}

template <bool kShift>
void addAllErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                  float* columnError, StripErrors& errors) {
  if (strip.rows == kErrorStripRows) {
    return addErrors<kErrorStripRows, kShift>(scheme, strip, weights, columnError, errors);
  }
  for (int r = 0; r < strip.rows; ++r) {
    const ErrorStrip row{strip.values + static_cast<std::size_t>(r) * strip.stride, strip.stride,
                         strip.columns, 1};
    StripWeights one;
    one.rowMin[0] = weights.rowMin[r];
    one.rowMax[0] = weights.rowMax[r];
    addErrors<1, kShift>(scheme, row, one, columnError, errors);
  }
}

void addStripErrorsTarget(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                          float* columnError, StripErrors& errors) {
  const bool addsZeroFirst =
      scheme.rule.flavour == RtnRule::Flavour::CompressedTensors && !scheme.rule.symmetric;
  if (addsZeroFirst) return addAllErrors<true>(scheme, strip, weights, columnError, errors);
  addAllErrors<false>(scheme, strip, weights, columnError, errors);
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(scanStripTarget);
HWY_EXPORT(addStripErrorsTarget);

StripWeights scanStrip(const ErrorStrip& strip, const std::byte* stored, std::size_t rowBytes,
                       float* columnEnergy, float* columnAbsmax) {
  return HWY_DYNAMIC_DISPATCH(scanStripTarget)(strip, stored, rowBytes, columnEnergy, columnAbsmax);
}

void addStripErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
                    float* columnError, StripErrors& errors) {
  HWY_DYNAMIC_DISPATCH(addStripErrorsTarget)(scheme, strip, weights, columnError, errors);
}

}  // namespace ql
#endif
