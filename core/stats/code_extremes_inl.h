// Smallest and largest values of 16-bit floats without converting them; compiled once a Highway target, hence
// the unusual guard. For tile_kernel.cpp only.
#if defined(QL_CORE_STATS_CODE_EXTREMES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QL_CORE_STATS_CODE_EXTREMES_INL_H
#undef QL_CORE_STATS_CODE_EXTREMES_INL_H
#else
#define QL_CORE_STATS_CODE_EXTREMES_INL_H
#endif

#include "core/base/dtype.h"
#include "core/stats/tile_kernel_inl.h"

#include <algorithm>
#include <bit>

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

using DS = hn::Repartition<std::int16_t, DF>;
using DH = hn::Repartition<std::uint16_t, DF>;
using VS = hn::Vec<DS>;
using VH = hn::Vec<DH>;

template <class V>
HWY_INLINE int maxOf(V v) {
  const hn::DFromV<V> d;
  const hn::Half<decltype(d)> half;
  const DI di;
  return hn::GetLane(hn::MaxOfLanes(
      di, hn::Max(hn::PromoteTo(di, hn::LowerHalf(half, v)), hn::PromoteTo(di, hn::UpperHalf(half, v)))));
}

template <class V>
HWY_INLINE int minOf(V v) {
  const hn::DFromV<V> d;
  const hn::Half<decltype(d)> half;
  const DI di;
  return hn::GetLane(hn::MinOfLanes(
      di, hn::Min(hn::PromoteTo(di, hn::LowerHalf(half, v)), hn::PromoteTo(di, hn::UpperHalf(half, v)))));
}

template <StoredKind kKind>
HWY_INLINE float valueOfCode(int code) {
  const auto bits = static_cast<std::uint16_t>(code);
  return kKind == StoredKind::F16 ? fp16ToFloat(bits) : bf16ToFloat(bits);
}

// Whether fourth powers of a row with this largest magnitude fit into the float range.
template <StoredKind kKind>
HWY_INLINE bool isInRange(int magnitude) {
  constexpr int kTop = kKind == StoredKind::F16 ? 0x7bff : 0x4b80;  // largest finite; 2^24
  constexpr int kBottom = kKind == StoredKind::F16 ? 0 : 0x3180;    // 2^-28
  return magnitude <= kTop && (magnitude == 0 || magnitude >= kBottom);
}

template <StoredKind kKind>
void codesToFloats(const std::int16_t* codes, std::size_t n, float* values) {
  const DF d;
  const hn::Rebind<std::uint16_t, DF> narrow;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto code = hn::LoadU(narrow, reinterpret_cast<const std::uint16_t*>(codes + i));
    if constexpr (kKind == StoredKind::Bf16) {
      hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(DU(), code))), d, values + i);
    } else {
      const hn::Rebind<hwy::float16_t, DF> half;
      hn::StoreU(hn::PromoteTo(d, hn::BitCast(half, code)), d, values + i);
    }
  }
}

// Zeros, counted only where there are any.
inline void countCodeZeros(const StripTile& tile, int row, int rows, TileSums& sums) {
  beginZeros(sums);
  const DH d;
  const std::size_t columns = static_cast<std::size_t>(tile.columns);
  for (int r = row; r < row + rows; ++r) {
    const std::uint8_t* p = rowPointer(tile, r);
    std::size_t count = 0;
    for (std::size_t i = 0; i < columns; i += hn::Lanes(d)) {
      const VH code = hn::BitCast(d, hn::LoadU(D8(), p + 2 * i));
      const auto isZero = hn::Eq(hn::Add(code, code), hn::Zero(d));
      count += hn::CountTrue(d, isZero);
      const VH sum = hn::Sub(hn::Load(d, sums.columnZeros + i), hn::VecFromMask(d, isZero));
      hn::Store(sum, d, sums.columnZeros + i);
    }
    sums.rowZeros[r] = static_cast<std::uint32_t>(count);
  }
}

// Channels of both signs, the ordinary case: as signed integers non-negative codes are in the order of their
// values and above all others, so that the largest is the maximum; as unsigned ones the same holds for
// negative codes, so that the largest is the minimum.
// -------------------------------------------------------------------------------------------------------

struct SignExtremes {
  VS top;
  VH bottom;
};

HWY_INLINE SignExtremes emptySigns() {
  return {hn::Set(DS(), static_cast<std::int16_t>(-0x8000)), hn::Zero(DH())};
}

HWY_INLINE SignExtremes loadSigns(const TileSums& sums, std::size_t i) {
  const DS d;
  return {hn::Load(d, sums.keyMax + i), hn::BitCast(DH(), hn::Load(d, sums.keyMin + i))};
}

HWY_INLINE void storeSigns(const SignExtremes& extremes, TileSums& sums, std::size_t i) {
  const DS d;
  hn::Store(extremes.top, d, sums.keyMax + i);
  hn::Store(hn::BitCast(d, extremes.bottom), d, sums.keyMin + i);
}

HWY_INLINE void signStep(VH code, SignExtremes& row, SignExtremes& column) {
  const VS asSigned = hn::BitCast(DS(), code);
  row.top = hn::Max(row.top, asSigned);
  row.bottom = hn::Max(row.bottom, code);
  column.top = hn::Max(column.top, asSigned);
  column.bottom = hn::Max(column.bottom, code);
}

// False when the row leaves the range of the fast path. Clears sums.isMixed when it has one sign only.
template <StoredKind kKind>
HWY_INLINE bool storeSignRow(const SignExtremes& row, TileSums& sums, int index) {
  const int top = maxOf(row.top), bottom = maxOf(row.bottom);
  sums.isMixed = sums.isMixed && top >= 0 && bottom >= 0x8000;
  sums.rowMin[index] = valueOfCode<kKind>(bottom);
  sums.rowMax[index] = valueOfCode<kKind>(top);
  return isInRange<kKind>(std::max(top < 0 ? 0 : top, bottom & 0x7fff));
}

inline void clearSigns(std::size_t n, TileSums& sums) {
  const DS d;
  fill(d, sums.keyMin, n, static_cast<std::int16_t>(0));
  fill(d, sums.keyMax, n, static_cast<std::int16_t>(-0x8000));
  sums.isMixed = true;
}

// False when a row or a column has one sign only: its extremes are not known then.
template <StoredKind kKind>
bool finishSigns(std::size_t n, TileSums& sums) {
  if (!sums.isMixed) return false;
  const DS d;
  VS bothSigns = hn::Set(d, static_cast<std::int16_t>(-1));
  for (std::size_t i = 0; i < n; i += hn::Lanes(d))
    bothSigns = hn::And(bothSigns, hn::AndNot(hn::Load(d, sums.keyMax + i), hn::Load(d, sums.keyMin + i)));
  if (maxOf(bothSigns) >= 0) return false;
  codesToFloats<kKind>(sums.keyMin, n, sums.columnMin);
  codesToFloats<kKind>(sums.keyMax, n, sums.columnMax);
  return true;
}

// Any channels: a code becomes a signed integer in the order of the values, negative ones with their
// magnitude bits flipped.
// -------------------------------------------------------------------------------------------------------

struct KeyExtremes {
  VS min, max;
};

HWY_INLINE VS keyOf(VS code) {
  return hn::Xor(code, hn::And(hn::ShiftRight<15>(code), hn::Set(DS(), static_cast<std::int16_t>(0x7fff))));
}

HWY_INLINE void keyStep(const std::uint8_t* p, KeyExtremes& row, KeyExtremes& column, VH& smallest) {
  const VH code = hn::BitCast(DH(), hn::LoadU(D8(), p));
  const VS key = keyOf(hn::BitCast(DS(), code));
  smallest = hn::Min(smallest, hn::Add(code, code));
  row.min = hn::Min(row.min, key);
  row.max = hn::Max(row.max, key);
  column.min = hn::Min(column.min, key);
  column.max = hn::Max(column.max, key);
}

template <StoredKind kKind>
HWY_INLINE bool storeKeyRow(const KeyExtremes& row, TileSums& sums, int index) {
  const auto codeOf = [](int key) { return key < 0 ? key ^ 0x7fff : key; };
  const int low = codeOf(minOf(row.min)), high = codeOf(maxOf(row.max));
  sums.rowMin[index] = valueOfCode<kKind>(low);
  sums.rowMax[index] = valueOfCode<kKind>(high);
  return isInRange<kKind>(std::max(low & 0x7fff, high & 0x7fff));
}

template <StoredKind kKind, bool kZeros, int kRows>
HWY_INLINE bool keyRows(const StripTile& tile, int row, TileSums& sums) {
  const DS d;
  KeyExtremes a{hn::Set(d, static_cast<std::int16_t>(0x7fff)),
                hn::Set(d, static_cast<std::int16_t>(-0x8000))};
  KeyExtremes b = a;
  VH smallest = hn::Set(DH(), static_cast<std::uint16_t>(0xffff));
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t ld = tile.rowBytes, columns = static_cast<std::size_t>(tile.columns);
  for (std::size_t i = 0; i < columns; i += hn::Lanes(d)) {
    KeyExtremes column{hn::Load(d, sums.keyMin + i), hn::Load(d, sums.keyMax + i)};
    prefetch(p + kRows * ld + 2 * i);
    keyStep(p + 2 * i, a, column, smallest);
    if constexpr (kRows > 1) {
      prefetch(p + (kRows + 1) * ld + 2 * i);
      keyStep(p + ld + 2 * i, b, column, smallest);
    }
    hn::Store(column.min, d, sums.keyMin + i);
    hn::Store(column.max, d, sums.keyMax + i);
  }
  bool good = storeKeyRow<kKind>(a, sums, row);
  if constexpr (kRows > 1) good = storeKeyRow<kKind>(b, sums, row + 1) && good;
  if (kZeros && good && minOf(smallest) == 0) countCodeZeros(tile, row, kRows, sums);
  return good;
}

// All extremes of the tile, and its zeros if they are wanted. False when a row leaves the range of the fast
// path.
template <StoredKind kKind, bool kZeros>
bool keyExtremes(const StripTile& tile, TileSums& sums) {
  const DS d;
  const std::size_t n = static_cast<std::size_t>(tile.columns);
  fill(d, sums.keyMin, n, static_cast<std::int16_t>(0x7fff));
  fill(d, sums.keyMax, n, static_cast<std::int16_t>(-0x8000));
  int row = 0;
  for (; row + 2 <= tile.rows; row += 2)
    if (!keyRows<kKind, kZeros, 2>(tile, row, sums)) return false;
  if (row < tile.rows && !keyRows<kKind, kZeros, 1>(tile, row, sums)) return false;
  for (std::int16_t* keys : {sums.keyMin, sums.keyMax})
    for (std::size_t i = 0; i < n; i += hn::Lanes(d)) hn::Store(keyOf(hn::Load(d, keys + i)), d, keys + i);
  codesToFloats<kKind>(sums.keyMin, n, sums.columnMin);
  codesToFloats<kKind>(sums.keyMax, n, sums.columnMax);
  return true;
}

#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#endif  // guard
