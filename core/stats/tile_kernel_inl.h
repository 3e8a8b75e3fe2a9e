// What the SIMD kernels of tile_kernel.h share; compiled once a Highway target, hence the unusual guard.
#if defined(QL_CORE_STATS_TILE_KERNEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef QL_CORE_STATS_TILE_KERNEL_INL_H
#undef QL_CORE_STATS_TILE_KERNEL_INL_H
#else
#define QL_CORE_STATS_TILE_KERNEL_INL_H
#endif

#include "core/stats/tile_kernel.h"

#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// Rows handled together, so that column accumulators are loaded and stored once for all of them: four need 32
// registers.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
constexpr int kRowGroup = 4;
#else
constexpr int kRowGroup = 2;
#endif

using DF = hn::ScalableTag<float>;
using DU = hn::RebindToUnsigned<DF>;
using DI = hn::RebindToSigned<DF>;
using D8 = hn::Repartition<std::uint8_t, DF>;
using VF = hn::Vec<DF>;
using VU = hn::Vec<DU>;

HWY_INLINE const std::uint8_t* rowPointer(const StripTile& tile, int row) {
  return reinterpret_cast<const std::uint8_t*>(tile.data) + static_cast<std::size_t>(row) * tile.rowBytes;
}

// Fetches what is summed next. Beyond the mapping it does nothing.
HWY_INLINE void prefetch(const std::uint8_t* p) {
  constexpr int kRead = 0, kEveryLevel = 3;
  __builtin_prefetch(p, kRead, kEveryLevel);
}

struct Powers {
  VF sum, sq, quad;
};

HWY_INLINE Powers zeroPowers() {
  const VF zero = hn::Zero(DF());
  return {zero, zero, zero};
}

template <bool kMoments, bool kCube>
HWY_INLINE void powerStep(VF v, Powers& row, Powers& column, VF& cube) {
  row.sum = hn::Add(row.sum, v);
  column.sum = hn::Add(column.sum, v);
  if constexpr (kMoments) {
    const VF square = hn::Mul(v, v);
    row.sq = hn::Add(row.sq, square);
    column.sq = hn::Add(column.sq, square);
    row.quad = hn::MulAdd(square, square, row.quad);
    column.quad = hn::MulAdd(square, square, column.quad);
    if constexpr (kCube) cube = hn::MulAdd(square, v, cube);
  }
}

HWY_INLINE void storePowers(const Powers& row, TileSums& sums, int index) {
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

template <class D>
HWY_INLINE void fill(D d, hn::TFromD<D>* values, std::size_t n, hn::TFromD<D> value) {
  const auto v = hn::Set(d, value);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) hn::Store(v, d, values + i);
}

// All but the extremes.
HWY_INLINE void clearSums(const StripTile& tile, TileSums& sums) {
  const std::size_t bytes = static_cast<std::size_t>(tile.columns) * sizeof(float);
  std::memset(sums.columnSum, 0, bytes);
  std::memset(sums.columnSq, 0, bytes);
  std::memset(sums.columnQuad, 0, bytes);
  std::memset(sums.rowZeros, 0, sizeof sums.rowZeros);
  sums.cube = 0;
  sums.bitsOr = 0;
  sums.hasZeros = false;
  sums.countedRows = 0;
}

// Before zeros of the tile are counted for the first time.
HWY_INLINE void beginZeros(TileSums& sums) {
  if (!sums.hasZeros) std::memset(sums.columnZeros, 0, sizeof sums.columnZeros);
  sums.hasZeros = true;
}

#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#endif  // guard
