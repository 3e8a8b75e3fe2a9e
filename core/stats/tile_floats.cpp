// The tile kernel of float32 values.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/tile_floats.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/stats/tile_kernel_inl.h"

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
bool sumFloatsTarget(const StripTile&, bool, TileSums&) {
  return false;
}
#else

constexpr float kLargest = 16777216.0f;           // 2^24: fourth power 2^96, times 2^15 values
constexpr float kSmallest = 3.7252902984619e-9f;  // 2^-28: lost tails of w^4 stay under 2^-23 of the sum

struct FloatRow {
  Powers powers;
  VF min, max;
};

/// What a group of rows has in common.
struct FloatGroup {
  VF smallest, cube;
  VU all;
};

template <bool kMoments>
HWY_INLINE void floatStep(const std::uint8_t* p, FloatRow& row, FloatRow& column, FloatGroup& group) {
  const VF v = hn::BitCast(DF(), hn::LoadU(D8(), p));
  row.min = hn::Min(row.min, v);
  row.max = hn::Max(row.max, v);
  column.min = hn::Min(column.min, v);
  column.max = hn::Max(column.max, v);
  group.all = hn::Or(group.all, hn::BitCast(DU(), v));
  group.smallest = hn::Min(group.smallest, hn::Abs(v));
  powerStep<kMoments, true>(v, row.powers, column.powers, group.cube);
}

// False when a value is not finite (then so is the sum) or the row leaves the range of the fast path.
HWY_INLINE bool storeFloatRow(const FloatRow& row, TileSums& sums, int index) {
  const DF d;
  const float low = hn::GetLane(hn::MinOfLanes(d, row.min)), high = hn::GetLane(hn::MaxOfLanes(d, row.max));
  const float magnitude = std::max(std::abs(low), std::abs(high));
  sums.rowMin[index] = low;
  sums.rowMax[index] = high;
  storePowers(row.powers, sums, index);
  return std::isfinite(sums.rowSum[index]) && magnitude <= kLargest &&
         (magnitude == 0.0f || magnitude >= kSmallest);
}

void countFloatZeros(const StripTile& tile, int row, int rows, TileSums& sums) {
  beginZeros(sums);
  const hn::Rebind<std::uint16_t, DF> narrow;
  const std::size_t lanes = hn::Lanes(DF()), columns = static_cast<std::size_t>(tile.columns);
  for (int r = row; r < row + rows; ++r) {
    const std::uint8_t* p = rowPointer(tile, r);
    std::size_t count = 0;
    for (std::size_t i = 0; i < columns; i += lanes) {
      const VU bits = hn::BitCast(DU(), hn::LoadU(D8(), p + 4 * i));
      const auto isZero = hn::Eq(hn::Add(bits, bits), hn::Zero(DU()));
      count += hn::CountTrue(DU(), isZero);
      const auto one = hn::BitCast(DI(), hn::IfThenElseZero(isZero, hn::Set(DU(), 1)));
      const auto sum = hn::Add(hn::LoadU(narrow, sums.columnZeros + i), hn::DemoteTo(narrow, one));
      hn::StoreU(sum, narrow, sums.columnZeros + i);
    }
    sums.rowZeros[r] = static_cast<std::uint32_t>(count);
  }
}

template <bool kMoments, int kRows>
bool floatRows(const StripTile& tile, int row, TileSums& sums) {
  const DF d;
  const VF top = hn::Set(d, std::numeric_limits<float>::infinity());
  FloatRow a{zeroPowers(), top, hn::Neg(top)}, b = a;
  FloatGroup group{top, hn::Zero(d), hn::Zero(DU())};
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t ld = tile.rowBytes, columns = static_cast<std::size_t>(tile.columns);
  for (std::size_t i = 0; i < columns; i += hn::Lanes(d)) {
    FloatRow column{loadColumn<kMoments>(sums, i), hn::Load(d, sums.columnMin + i),
                    hn::Load(d, sums.columnMax + i)};
    prefetch(p + kRows * ld + 4 * i);
    floatStep<kMoments>(p + 4 * i, a, column, group);
    if constexpr (kRows > 1) {
      prefetch(p + (kRows + 1) * ld + 4 * i);
      floatStep<kMoments>(p + ld + 4 * i, b, column, group);
    }
    storeColumn<kMoments>(column.powers, sums, i);
    hn::Store(column.min, d, sums.columnMin + i);
    hn::Store(column.max, d, sums.columnMax + i);
  }
  alignas(64) std::uint32_t lanes[HWY_MAX_BYTES / 4];
  hn::Store(group.all, DU(), lanes);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) sums.bitsOr |= lanes[i];
  sums.cube += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, group.cube)));
  bool good = storeFloatRow(a, sums, row);
  if constexpr (kRows > 1) good = storeFloatRow(b, sums, row + 1) && good;
  if (good && hn::GetLane(hn::MinOfLanes(d, group.smallest)) == 0.0f) countFloatZeros(tile, row, kRows, sums);
  return good;
}

template <bool kMoments>
bool sumFloatRows(const StripTile& tile, TileSums& sums) {
  const std::size_t n = static_cast<std::size_t>(tile.columns);
  clearSums(tile, sums);
  fill(DF(), sums.columnMin, n, std::numeric_limits<float>::infinity());
  fill(DF(), sums.columnMax, n, -std::numeric_limits<float>::infinity());
  int row = 0;
  for (; row + 2 <= tile.rows; row += 2)
    if (!floatRows<kMoments, 2>(tile, row, sums)) return false;
  return row == tile.rows || floatRows<kMoments, 1>(tile, row, sums);
}

bool sumFloatsTarget(const StripTile& tile, bool withMoments, TileSums& sums) {
  return withMoments ? sumFloatRows<true>(tile, sums) : sumFloatRows<false>(tile, sums);
}
#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(sumFloatsTarget);

bool sumFloatTile(const StripTile& tile, bool withMoments, TileSums& sums) {
  return HWY_DYNAMIC_DISPATCH(sumFloatsTarget)(tile, withMoments, sums);
}

}  // namespace ql
#endif
