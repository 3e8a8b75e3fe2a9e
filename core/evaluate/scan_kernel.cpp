#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/evaluate/scan_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/evaluate/error_columns_inl.h"
#include "core/evaluate/error_kernel.h"

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

using DU = hn::RebindToUnsigned<DF>;

// Squares of what lies between stay normal floats, and so do sums of 2^20 of them.
constexpr float kSmallest = 0x1p-55f, kLargest = 0x1p50f;

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

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(scanStripTarget);

StripWeights scanStrip(const ErrorStrip& strip, const std::byte* stored, std::size_t rowBytes,
                       float* columnEnergy, float* columnAbsmax) {
  return HWY_DYNAMIC_DISPATCH(scanStripTarget)(strip, stored, rowBytes, columnEnergy, columnAbsmax);
}

}  // namespace ql
#endif
