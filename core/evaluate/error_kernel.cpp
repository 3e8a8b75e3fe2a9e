#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/error_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/error_kernel.h"
#include "core/quant/grid_round_inl.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<DF>;
using VF = hn::Vec<DF>;
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
/// bfloat16 is the upper half of a float32.
struct StoredRows {
  const std::byte* data;  // null: the strip holds the values already
  std::size_t rowBytes;
};

/// Running figures of the rows of a strip.
template <int kRows>
struct Scan {
  VF min[kRows], max[kRows], sumAbs;
  VF smallest;  // magnitude
};

template <int kRows, bool kTail>
HWY_INLINE void scanColumns(const ErrorStrip& strip, const StoredRows& stored, std::size_t c, MF valid,
                            float* columnEnergy, float* columnAbsmax, Scan<kRows>& scan) {
  const DF df;
  const hn::Rebind<std::uint16_t, DF> dh;
  VF energy = hn::LoadU(df, columnEnergy + c), absmax = hn::LoadU(df, columnAbsmax + c);
  for (int r = 0; r < kRows; ++r) {
    const std::size_t row = static_cast<std::size_t>(r);
    float* values = strip.values + row * strip.stride + c;
    VF w = hn::LoadU(df, values);
    if (stored.data && !kTail) {
      const auto* codes = reinterpret_cast<const std::uint16_t*>(stored.data + row * stored.rowBytes + 2 * c);
      w = hn::BitCast(df, hn::ShiftLeft<16>(hn::PromoteTo(DU(), hn::LoadU(dh, codes))));
      hn::StoreU(w, df, values);
      // the same place of the next strip: memory works while this one is measured
      hwy::Prefetch(codes + static_cast<std::size_t>(kRows) * stored.rowBytes / 2);
    }
    const VF magnitude = hn::Abs(w);
    if (kTail) {
      scan.min[r] = hn::Min(scan.min[r], hn::IfThenElse(valid, w, scan.min[r]));
      scan.max[r] = hn::Max(scan.max[r], hn::IfThenElse(valid, w, scan.max[r]));
      scan.smallest = hn::Min(scan.smallest, hn::IfThenElse(valid, magnitude, scan.smallest));
    } else {
      scan.min[r] = hn::Min(scan.min[r], w);
      scan.max[r] = hn::Max(scan.max[r], w);
      scan.smallest = hn::Min(scan.smallest, magnitude);
    }
    scan.sumAbs = hn::Add(scan.sumAbs, magnitude);
    energy = hn::MulAdd(w, w, energy);
    absmax = hn::Max(absmax, magnitude);
  }
  hn::StoreU(energy, df, columnEnergy + c);
  hn::StoreU(absmax, df, columnAbsmax + c);
}

/// Counts zeros. False when there are other magnitudes whose squares leave the float range. Padding counts
/// for nothing.
bool countZeros(const ErrorStrip& strip, std::uint64_t& zeros) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  const VF smallest = hn::Set(df, kSmallest);
  std::size_t tiny = 0, zero = 0;
  for (int r = 0; r < strip.rows; ++r) {
    const float* row = strip.values + static_cast<std::size_t>(r) * strip.stride;
    for (std::size_t c = 0; c < strip.columns; c += lanes) {
      const MF valid = firstLanes(c, strip.columns);
      const VF magnitude = hn::Abs(hn::LoadU(df, row + c));
      tiny += hn::CountTrue(df, hn::And(valid, hn::Lt(magnitude, smallest)));
      zero += hn::CountTrue(df, hn::And(valid, hn::Eq(magnitude, hn::Zero(df))));
    }
  }
  zeros = zero;
  return tiny == zero;
}

/// Bits of the tail of a row that a whole vector would overrun.
template <int kRows>
void widenTail(const ErrorStrip& strip, const StoredRows& stored, std::size_t begin) {
  for (int r = 0; stored.data && r < kRows; ++r) {
    const std::size_t row = static_cast<std::size_t>(r);
    for (std::size_t c = begin; c < strip.columns; ++c) {
      std::uint16_t code = 0;
      std::memcpy(&code, stored.data + row * stored.rowBytes + 2 * c, 2);
      strip.values[row * strip.stride + c] = std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16);
    }
  }
}

template <int kRows>
StripWeights scanRows(const ErrorStrip& strip, const StoredRows& stored, float* columnEnergy,
                      float* columnAbsmax) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df), whole = strip.columns / lanes * lanes;
  Scan<kRows> scan;
  for (int r = 0; r < kRows; ++r) {
    scan.min[r] = hn::Set(df, std::numeric_limits<float>::infinity());
    scan.max[r] = hn::Neg(scan.min[r]);
  }
  scan.smallest = scan.min[0];
  StripWeights result;
  for (std::size_t begin = 0; begin < whole; begin += kFlushColumns) {
    const std::size_t end = std::min(whole, begin + kFlushColumns);
    const MF all = hn::FirstN(df, lanes);
    scan.sumAbs = hn::Zero(df);
    for (std::size_t c = begin; c < end; c += lanes) {
      scanColumns<kRows, false>(strip, stored, c, all, columnEnergy, columnAbsmax, scan);
    }
    result.sumAbs += sumOf(scan.sumAbs);
  }
  if (whole < strip.columns) {
    widenTail<kRows>(strip, stored, whole);
    scan.sumAbs = hn::Zero(df);
    scanColumns<kRows, true>(strip, stored, whole, firstLanes(whole, strip.columns), columnEnergy,
                             columnAbsmax, scan);
    result.sumAbs += sumOf(scan.sumAbs);
  }
  // NaN and infinities show in the sum, large values in the extremes
  const bool hasTiny = hn::GetLane(hn::MinOfLanes(df, scan.smallest)) < kSmallest;
  result.isRegular = std::isfinite(result.sumAbs) && (!hasTiny || countZeros(strip, result.zeros));
  for (int r = 0; r < kRows; ++r) {
    result.rowMin[r] = hn::GetLane(hn::MinOfLanes(df, scan.min[r]));
    result.rowMax[r] = hn::GetLane(hn::MaxOfLanes(df, scan.max[r]));
    result.isRegular = result.isRegular && result.rowMin[r] >= -kLargest && result.rowMax[r] <= kLargest;
  }
  return result;
}

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

struct ErrorSums {
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
                             float* columnError, ErrorSums& sums) {
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

template <int kRows, Codes kCodes>
HWY_INLINE void errorSpan(const ErrorStrip& strip, std::size_t begin, std::size_t end, const PartGrid* parts,
                          float* columnError, ErrorSums& sums) {
  const std::size_t lanes = hn::Lanes(DF());
  const DF df;
  Grids<kRows> grids;
  grids.element = elementVectors(df, parts[0].element);
  for (int r = 0; r < kRows; ++r) grids.rows[r] = gridVectors(df, parts[r]);
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

template <int kRows, Codes kCodes>
void addErrors(const StripScheme& scheme, const ErrorStrip& strip, const StripWeights& weights,
               float* columnError, StripErrors& errors) {
  const DF df;
  ErrorSums sums{hn::Zero(df), hn::Zero(df), 0};
  PartGrid grids[kRows];
  const std::size_t width = std::min(scheme.width, strip.columns);
  std::size_t unflushed = 0;
  for (std::size_t part = 0; part < strip.columns; part += width) {
    const std::size_t partEnd = std::min(strip.columns, part + width);
    partGrids<kRows>(scheme, strip, weights, part, partEnd, grids);
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

StripWeights scanStripTarget(const ErrorStrip& strip, const std::byte* stored, std::size_t rowBytes,
                             float* columnEnergy, float* columnAbsmax) {
  if (strip.rows == kErrorStripRows) {
    return scanRows<kErrorStripRows>(strip, {stored, rowBytes}, columnEnergy, columnAbsmax);
  }
  StripWeights result;
  for (int r = 0; r < strip.rows; ++r) {
    const ErrorStrip row{strip.values + static_cast<std::size_t>(r) * strip.stride, strip.stride,
                         strip.columns, 1};
    const std::byte* storedRow = stored ? stored + static_cast<std::size_t>(r) * rowBytes : nullptr;
    const StripWeights one = scanRows<1>(row, {storedRow, rowBytes}, columnEnergy, columnAbsmax);
    result.rowMin[r] = one.rowMin[0];
    result.rowMax[r] = one.rowMax[0];
    result.sumAbs += one.sumAbs;
    result.zeros += one.zeros;
    result.isRegular = result.isRegular && one.isRegular;
  }
  return result;
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
