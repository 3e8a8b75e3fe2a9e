#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/tile_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/base/dtype.h"
#include "core/stats/tile_kernel.h"

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

// Rows handled together, so that column accumulators are loaded and stored once for all of them: four need 32
// registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr int kRowGroup = 4;
#else
constexpr int kRowGroup = 2;
#endif

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

#if HWY_TARGET == HWY_SCALAR
// Nothing to gain over exact_tile.h on a CPU without SSSE3: the caller's exact path does it all.
bool sumTileTarget(const StripTile&, bool, TileSums&) {
  return false;
}
#else
using DU = hn::RebindToUnsigned<DF>;
using DI = hn::RebindToSigned<DF>;
using D8 = hn::Repartition<std::uint8_t, DF>;
using DS = hn::Repartition<std::int16_t, DF>;
using DH = hn::Half<DS>;
using VU = hn::Vec<DU>;
using VS = hn::Vec<DS>;

// Prefetch into the second-level cache: row lengths are multiples of 4 KiB as a rule, so that the rows of a
// group share a few sets of the first-level cache and would push each other out (8.6 against 7.2 GB/s on a
// Zen 4 thread).
constexpr int kSecondLevel = 2;

// Limits of the fast path in 16-bit magnitude codes and as floats.
constexpr float kLargest = 16777216.0f;           // 2^24: fourth power 2^96, times 2^15 values
constexpr float kSmallest = 3.7252902984619e-9f;  // 2^-28: lost tails of w^4 stay under 2^-23 of the sum

HWY_INLINE const std::uint8_t* rowPointer(const StripTile& tile, int row) {
  return reinterpret_cast<const std::uint8_t*>(tile.data) + static_cast<std::size_t>(row) * tile.rowBytes;
}

// Extremes of 16-bit codes
// -------------------------------------------------------------------------------------

struct KeyExtremes {
  VS min, max;
};

// A code becomes a signed integer in the order of the values: negative ones have their magnitude bits
// flipped.
HWY_INLINE void keyStep(const std::uint8_t* p, VS magnitudeBits, KeyExtremes& row, KeyExtremes& column,
                        VS& smallest) {
  const VS code = hn::BitCast(DS(), hn::LoadU(D8(), p));
  const VS key = hn::Xor(code, hn::And(hn::ShiftRight<15>(code), magnitudeBits));
  row.min = hn::Min(row.min, key);
  row.max = hn::Max(row.max, key);
  column.min = hn::Min(column.min, key);
  column.max = hn::Max(column.max, key);
  smallest = hn::Min(smallest, hn::And(code, magnitudeBits));
}

HWY_INLINE int minOf(VS v) {
  const DI di;
  const auto low = hn::PromoteTo(di, hn::LowerHalf(DH(), v)),
             high = hn::PromoteTo(di, hn::UpperHalf(DH(), v));
  return hn::GetLane(hn::MinOfLanes(di, hn::Min(low, high)));
}

HWY_INLINE int maxOf(VS v) {
  const DI di;
  const auto low = hn::PromoteTo(di, hn::LowerHalf(DH(), v)),
             high = hn::PromoteTo(di, hn::UpperHalf(DH(), v));
  return hn::GetLane(hn::MaxOfLanes(di, hn::Max(low, high)));
}

HWY_INLINE std::uint16_t codeOfKey(int key) {
  return static_cast<std::uint16_t>(key < 0 ? key ^ 0x7fff : key);
}

template <StoredKind kKind>
HWY_INLINE float valueOfKey(int key) {
  const std::uint16_t code = codeOfKey(key);
  if constexpr (kKind == StoredKind::F16) return fp16ToFloat(code);
  return std::bit_cast<float>(static_cast<std::uint32_t>(code) << 16);
}

// Row extremes of the group into `sums`. False when a row leaves the range of the fast path.
template <StoredKind kKind>
HWY_INLINE bool storeRow(const KeyExtremes& row, TileSums& sums, int index) {
  constexpr int kTop = kKind == StoredKind::F16 ? 0x7bff : 0x4b80;  // largest finite; 2^24
  constexpr int kBottom = kKind == StoredKind::F16 ? 0 : 0x3180;    // 2^-28
  const int low = minOf(row.min), high = maxOf(row.max);
  const int magnitude = std::max(codeOfKey(low) & (low < 0 ? 0x7fff : 0), high < 0 ? 0 : high);
  if (magnitude > kTop || (magnitude != 0 && magnitude < kBottom)) return false;
  sums.rowMin[index] = valueOfKey<kKind>(low);
  sums.rowMax[index] = valueOfKey<kKind>(high);
  return true;
}

template <StoredKind kKind, int kRows>
bool keyExtremes(const StripTile& tile, int row, TileSums& sums, bool& anyZero) {
  const DS d;
  const VS bits = hn::Set(d, static_cast<std::int16_t>(0x7fff));
  const VS top = bits, bottom = hn::Set(d, static_cast<std::int16_t>(-0x8000));
  KeyExtremes a{top, bottom}, b = a, c = a, e = a;
  VS smallest = top;
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t ld = tile.rowBytes;
  const std::size_t step = hn::Lanes(d), columns = static_cast<std::size_t>(tile.columns);
  for (std::size_t i = 0; i < columns; i += step) {
    KeyExtremes column{hn::Load(d, sums.keyMin + i), hn::Load(d, sums.keyMax + i)};
    keyStep(p + 2 * i, bits, a, column, smallest);
    if constexpr (kRows > 1) keyStep(p + ld + 2 * i, bits, b, column, smallest);
    if constexpr (kRows > 2) keyStep(p + 2 * ld + 2 * i, bits, c, column, smallest);
    if constexpr (kRows > 3) keyStep(p + 3 * ld + 2 * i, bits, e, column, smallest);
    hn::Store(column.min, d, sums.keyMin + i);
    hn::Store(column.max, d, sums.keyMax + i);
  }
  anyZero = minOf(smallest) == 0;
  bool good = storeRow<kKind>(a, sums, row);
  if constexpr (kRows > 1) good = storeRow<kKind>(b, sums, row + 1) && good;
  if constexpr (kRows > 2) good = storeRow<kKind>(c, sums, row + 2) && good;
  if constexpr (kRows > 3) good = storeRow<kKind>(e, sums, row + 3) && good;
  return good;
}

// Extremes of floats
// ---------------------------------------------------------------------------------------------

struct FloatExtremes {
  VF min, max;
};

HWY_INLINE void floatStep(const std::uint8_t* p, FloatExtremes& row, FloatExtremes& column, VU& largest,
                          VU& all, VF& smallest) {
  const VF v = hn::BitCast(DF(), hn::LoadU(D8(), p));
  const VF magnitude = hn::Abs(v);
  row.min = hn::Min(row.min, v);
  row.max = hn::Max(row.max, v);
  column.min = hn::Min(column.min, v);
  column.max = hn::Max(column.max, v);
  largest = hn::Max(largest, hn::BitCast(DU(), magnitude));
  all = hn::Or(all, hn::BitCast(DU(), v));
  smallest = hn::Min(smallest, magnitude);
}

HWY_INLINE bool storeRow(const FloatExtremes& row, TileSums& sums, int index) {
  const DF d;
  const float low = hn::GetLane(hn::MinOfLanes(d, row.min)), high = hn::GetLane(hn::MaxOfLanes(d, row.max));
  const float magnitude = std::max(std::abs(low), std::abs(high));
  sums.rowMin[index] = low;
  sums.rowMax[index] = high;
  return magnitude <= kLargest && (magnitude == 0.0f || magnitude >= kSmallest);
}

template <int kRows>
bool floatExtremes(const StripTile& tile, int row, TileSums& sums, bool& anyZero) {
  const DF d;
  const VF top = hn::Set(d, std::numeric_limits<float>::infinity());
  FloatExtremes a{top, hn::Neg(top)}, b = a;
  VF smallest = top;
  VU largest = hn::Zero(DU()), all = largest;
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t step = hn::Lanes(d), columns = static_cast<std::size_t>(tile.columns);
  for (std::size_t i = 0; i < columns; i += step) {
    FloatExtremes column{hn::Load(d, sums.columnMin + i), hn::Load(d, sums.columnMax + i)};
    floatStep(p + 4 * i, a, column, largest, all, smallest);
    if constexpr (kRows > 1) floatStep(p + tile.rowBytes + 4 * i, b, column, largest, all, smallest);
    hn::Store(column.min, d, sums.columnMin + i);
    hn::Store(column.max, d, sums.columnMax + i);
  }
  alignas(64) std::uint32_t lanes[HWY_MAX_BYTES / 4];
  hn::Store(all, DU(), lanes);
  for (std::size_t i = 0; i < step; ++i) sums.bitsOr |= lanes[i];
  anyZero = hn::GetLane(hn::MinOfLanes(d, smallest)) == 0.0f;
  bool good = hn::GetLane(hn::MaxOfLanes(DU(), largest)) < 0x7f800000u;
  good = storeRow(a, sums, row) && good;
  if constexpr (kRows > 1) good = storeRow(b, sums, row + 1) && good;
  return good;
}

// Moments
// ----------------------------------------------------------------------------------------------------------

struct Powers {
  VF sum, sq, quad;
};

// Two vectors of neighbouring values: even and odd ones for bf16 (untangled once a strip), else one after the
// other.
template <StoredKind kKind>
HWY_INLINE void loadTwo(const std::uint8_t* p, VF& first, VF& second) {
  const DF d;
  if constexpr (kKind == StoredKind::Bf16) {
    const VU two = hn::BitCast(DU(), hn::LoadU(D8(), p));
    first = hn::BitCast(d, hn::ShiftLeft<16>(two));
    second = hn::BitCast(d, hn::And(two, hn::Set(DU(), 0xffff0000u)));
  } else if constexpr (kKind == StoredKind::F16) {
    const hn::Rebind<hwy::float16_t, DF> half;
    const auto two = hn::BitCast(hn::Repartition<hwy::float16_t, DF>(), hn::LoadU(D8(), p));
    first = hn::PromoteTo(d, hn::LowerHalf(half, two));
    second = hn::PromoteTo(d, hn::UpperHalf(half, two));
  } else {
    first = hn::BitCast(d, hn::LoadU(D8(), p));
    second = hn::BitCast(d, hn::LoadU(D8(), p + 4 * hn::Lanes(d)));
  }
}

template <bool kMoments>
HWY_INLINE void powerStep(VF v, Powers& row, Powers& column, VF& cube) {
  row.sum = hn::Add(row.sum, v);
  column.sum = hn::Add(column.sum, v);
  if constexpr (kMoments) {
    const VF square = hn::Mul(v, v);
    row.sq = hn::Add(row.sq, square);
    column.sq = hn::Add(column.sq, square);
    row.quad = hn::MulAdd(square, square, row.quad);
    column.quad = hn::MulAdd(square, square, column.quad);
    cube = hn::MulAdd(square, v, cube);
  }
}

template <StoredKind kKind, bool kMoments>
HWY_INLINE void rowStep(const std::uint8_t* p, Powers& row, Powers& first, Powers& second, VF& cube) {
  VF a, b;
  loadTwo<kKind>(p, a, b);
  powerStep<kMoments>(a, row, first, cube);
  powerStep<kMoments>(b, row, second, cube);
}

HWY_INLINE void storeRow(const Powers& row, TileSums& sums, int index) {
  const DF d;
  sums.rowSum[index] = hn::GetLane(hn::SumOfLanes(d, row.sum));
  sums.rowSq[index] = hn::GetLane(hn::SumOfLanes(d, row.sq));
  sums.rowQuad[index] = hn::GetLane(hn::SumOfLanes(d, row.quad));
}

template <bool kMoments>
HWY_INLINE Powers loadColumn(const TileSums& sums, std::size_t i) {
  const DF d;
  Powers p{hn::Load(d, sums.columnSum + i), hn::Zero(d), hn::Zero(d)};
  if constexpr (kMoments) p.sq = hn::Load(d, sums.columnSq + i), p.quad = hn::Load(d, sums.columnQuad + i);
  return p;
}

template <bool kMoments>
HWY_INLINE void storeColumn(const Powers& p, TileSums& sums, std::size_t i) {
  const DF d;
  hn::Store(p.sum, d, sums.columnSum + i);
  if constexpr (kMoments) hn::Store(p.sq, d, sums.columnSq + i), hn::Store(p.quad, d, sums.columnQuad + i);
}

template <StoredKind kKind, bool kMoments, int kRows>
void moments(const StripTile& tile, int row, TileSums& sums) {
  const DF d;
  const VF zero = hn::Zero(d);
  Powers a{zero, zero, zero}, b = a, c = a, e = a;
  VF cube = zero;
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t ld = tile.rowBytes, lanes = hn::Lanes(d),
                    columns = static_cast<std::size_t>(tile.columns);
  constexpr std::size_t kBytes = storedBytes(kKind);
  // The next rows, at the end those of the next tile, come from memory while these are summed. A prefetch
  // beyond the mapping does nothing.
  const std::uint8_t* next =
      row + 2 * kRows <= tile.rows ? p + kRows * ld : rowPointer(tile, 0) + kBytes * columns;
  for (std::size_t i = 0; i < columns; i += 2 * lanes) {
    Powers first = loadColumn<kMoments>(sums, i), second = loadColumn<kMoments>(sums, i + lanes);
    const std::uint8_t* q = p + kBytes * i;
    __builtin_prefetch(next + kBytes * i, 0, kSecondLevel);
    if constexpr (kRows > 1) __builtin_prefetch(next + ld + kBytes * i, 0, kSecondLevel);
    if constexpr (kRows > 2) __builtin_prefetch(next + 2 * ld + kBytes * i, 0, kSecondLevel);
    if constexpr (kRows > 3) __builtin_prefetch(next + 3 * ld + kBytes * i, 0, kSecondLevel);
    rowStep<kKind, kMoments>(q, a, first, second, cube);
    if constexpr (kRows > 1) rowStep<kKind, kMoments>(q + ld, b, first, second, cube);
    if constexpr (kRows > 2) rowStep<kKind, kMoments>(q + 2 * ld, c, first, second, cube);
    if constexpr (kRows > 3) rowStep<kKind, kMoments>(q + 3 * ld, e, first, second, cube);
    storeColumn<kMoments>(first, sums, i);
    storeColumn<kMoments>(second, sums, i + lanes);
  }
  storeRow(a, sums, row);
  if constexpr (kRows > 1) storeRow(b, sums, row + 1);
  if constexpr (kRows > 2) storeRow(c, sums, row + 2);
  if constexpr (kRows > 3) storeRow(e, sums, row + 3);
  sums.cube += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, cube)));
}

// Zeros, counted only where there are any
// ----------------------------------------------------------------------------

template <StoredKind kKind>
void countZeros(const StripTile& tile, int row, int rows, TileSums& sums) {
  if (!sums.hasZeros) std::memset(sums.columnZeros, 0, sizeof sums.columnZeros);
  sums.hasZeros = true;
  const DF d;
  const hn::Rebind<std::uint16_t, DF> narrow;
  const std::size_t lanes = hn::Lanes(d), columns = static_cast<std::size_t>(tile.columns);
  for (int r = row; r < row + rows; ++r) {
    const std::uint8_t* p = rowPointer(tile, r);
    std::size_t count = 0;
    for (std::size_t i = 0; i < columns; i += lanes) {
      VU bits;
      if constexpr (kKind == StoredKind::F32) {
        bits = hn::Add(hn::BitCast(DU(), hn::LoadU(D8(), p + 4 * i)),
                       hn::BitCast(DU(), hn::LoadU(D8(), p + 4 * i)));
      } else {
        const hn::Rebind<std::uint8_t, hn::Repartition<std::uint8_t, decltype(narrow)> > bytes;
        bits = hn::ShiftLeft<17>(hn::PromoteTo(DU(), hn::BitCast(narrow, hn::LoadU(bytes, p + 2 * i))));
      }
      const auto isZero = hn::Eq(bits, hn::Zero(DU()));
      count += hn::CountTrue(DU(), isZero);
      const auto one = hn::BitCast(DI(), hn::IfThenElseZero(isZero, hn::Set(DU(), 1)));
      const auto sum = hn::Add(hn::LoadU(narrow, sums.columnZeros + i), hn::DemoteTo(narrow, one));
      hn::StoreU(sum, narrow, sums.columnZeros + i);
    }
    sums.rowZeros[r] = static_cast<std::uint32_t>(count);
  }
}

// A whole tile
// -------------------------------------------------------------------------------------------------------

template <StoredKind kKind, bool kMoments, int kRows>
HWY_INLINE bool rowGroup(const StripTile& tile, int row, TileSums& sums) {
  bool anyZero = false;
  if constexpr (kKind == StoredKind::F32) {
    bool second = false;
    if (!floatExtremes<(kRows > 1 ? 2 : 1)>(tile, row, sums, anyZero)) return false;
    if constexpr (kRows > 2) {
      if (!floatExtremes<2>(tile, row + 2, sums, second)) return false;
    }
    anyZero = anyZero || second;
  } else {
    if (!keyExtremes<kKind, kRows>(tile, row, sums, anyZero)) return false;
  }
  moments<kKind, kMoments, kRows>(tile, row, sums);
  if (anyZero) countZeros<kKind>(tile, row, kRows, sums);
  return true;
}

template <class D>
HWY_INLINE void fill(D d, hn::TFromD<D>* values, std::size_t n, hn::TFromD<D> value) {
  const auto v = hn::Set(d, value);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) hn::Store(v, d, values + i);
}

void clear(const StripTile& tile, TileSums& sums) {
  const std::size_t n = static_cast<std::size_t>(tile.columns), bytes = n * sizeof(float);
  if (tile.kind == StoredKind::F32) {
    fill(DF(), sums.columnMin, n, std::numeric_limits<float>::infinity());
    fill(DF(), sums.columnMax, n, -std::numeric_limits<float>::infinity());
  } else {
    fill(DS(), sums.keyMin, n, static_cast<std::int16_t>(0x7fff));
    fill(DS(), sums.keyMax, n, static_cast<std::int16_t>(-0x8000));
  }
  std::memset(sums.columnSum, 0, bytes);
  std::memset(sums.columnSq, 0, bytes);
  std::memset(sums.columnQuad, 0, bytes);
  std::memset(sums.rowZeros, 0, sizeof sums.rowZeros);
  sums.cube = 0;
  sums.bitsOr = 0;
  sums.hasZeros = false;
}

template <StoredKind kKind>
void keysToFloats(const std::int16_t* keys, std::size_t n, float* values) {
  const DF d;
  const DI di;
  const hn::Rebind<std::int16_t, DF> narrow;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto key = hn::PromoteTo(di, hn::LoadU(narrow, keys + i));
    const auto code = hn::Xor(key, hn::And(hn::ShiftRight<31>(key), hn::Set(di, 0x7fff)));
    if constexpr (kKind == StoredKind::Bf16) {
      hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(code)), d, values + i);
    } else {
      const hn::Rebind<hwy::float16_t, DF> half;
      const auto bits = hn::TruncateTo(hn::Rebind<std::uint16_t, DF>(), hn::BitCast(DU(), code));
      hn::StoreU(hn::PromoteTo(d, hn::BitCast(half, bits)), d, values + i);
    }
  }
}

void untangle(float* values, std::size_t n) {
  const DF d;
  for (std::size_t i = 0; i < n; i += 2 * hn::Lanes(d)) {
    const VF even = hn::Load(d, values + i), odd = hn::Load(d, values + i + hn::Lanes(d));
    hn::StoreInterleaved2(even, odd, d, values + i);
  }
}

template <StoredKind kKind, bool kMoments>
bool sumRows(const StripTile& tile, TileSums& sums) {
  clear(tile, sums);
  int row = 0;
  for (; row + kRowGroup <= tile.rows; row += kRowGroup)
    if (!rowGroup<kKind, kMoments, kRowGroup>(tile, row, sums)) return false;
  for (; row < tile.rows; ++row)
    if (!rowGroup<kKind, kMoments, 1>(tile, row, sums)) return false;
  const std::size_t n = static_cast<std::size_t>(tile.columns);
  if constexpr (kKind != StoredKind::F32) {
    keysToFloats<kKind>(sums.keyMin, n, sums.columnMin);
    keysToFloats<kKind>(sums.keyMax, n, sums.columnMax);
  }
  if constexpr (kKind == StoredKind::Bf16) {
    untangle(sums.columnSum, n);
    if (kMoments) untangle(sums.columnSq, n), untangle(sums.columnQuad, n);
  }
  return true;
}

bool sumTileTarget(const StripTile& tile, bool withMoments, TileSums& sums) {
  switch (tile.kind) {
    case StoredKind::Bf16:
      return withMoments ? sumRows<StoredKind::Bf16, true>(tile, sums)
                         : sumRows<StoredKind::Bf16, false>(tile, sums);
    case StoredKind::F16:
      return withMoments ? sumRows<StoredKind::F16, true>(tile, sums)
                         : sumRows<StoredKind::F16, false>(tile, sums);
    case StoredKind::F32:
      break;
  }
  return withMoments ? sumRows<StoredKind::F32, true>(tile, sums)
                     : sumRows<StoredKind::F32, false>(tile, sums);
}
#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(sumTileTarget);

bool sumTile(const StripTile& tile, bool withMoments, TileSums& sums) {
  return HWY_DYNAMIC_DISPATCH(sumTileTarget)(tile, withMoments, sums);
}

}  // namespace ql
#endif
