// What happens to the sums of a tile afterwards, and the search for a value: the rest of tile_kernel.h.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/tile_flush.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/base/dtype.h"
#include "core/stats/exact_tile.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;

void addToDoubleTarget(const float* values, int n, double* sums) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); i += hn::Lanes(d))
    hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::PromoteTo(d, hn::LoadU(narrow, values + i))), d, sums + i);
}

void mergeExtremesTarget(const float* minima, const float* maxima, int n, float* min, float* max) {
  const DF d;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); i += hn::Lanes(d)) {
    hn::StoreU(hn::Min(hn::LoadU(d, min + i), hn::LoadU(d, minima + i)), d, min + i);
    hn::StoreU(hn::Max(hn::LoadU(d, max + i), hn::LoadU(d, maxima + i)), d, max + i);
  }
}

void reduceTexelsTarget(const TileSums& sums, int n, int texel, float* min, float* max, float* sum) {
  const hn::CappedTag<float, 8> d;  // the pictures' texel
  const std::size_t lanes = hn::Lanes(d), width = static_cast<std::size_t>(texel);
  std::size_t out = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); i += width, ++out) {
    if (width < lanes) {
      min[out] = *std::min_element(sums.columnMin + i, sums.columnMin + i + width);
      max[out] = *std::max_element(sums.columnMax + i, sums.columnMax + i + width);
      sum[out] = 0;
      for (std::size_t k = 0; k < width; ++k) sum[out] += sums.columnSum[i + k];
      continue;
    }
    auto low = hn::Load(d, sums.columnMin + i), high = hn::Load(d, sums.columnMax + i),
         s = hn::Load(d, sums.columnSum + i);
    for (std::size_t k = lanes; k < width; k += lanes) {
      low = hn::Min(low, hn::Load(d, sums.columnMin + i + k));
      high = hn::Max(high, hn::Load(d, sums.columnMax + i + k));
      s = hn::Add(s, hn::Load(d, sums.columnSum + i + k));
    }
    min[out] = hn::GetLane(hn::MinOfLanes(d, low));
    max[out] = hn::GetLane(hn::MaxOfLanes(d, high));
    sum[out] = hn::GetLane(hn::SumOfLanes(d, s));
  }
}

#if HWY_TARGET == HWY_SCALAR
int findMagnitudeTarget(const std::byte* data, int n, StoredKind kind, float magnitude) {
  for (int i = 0; i < n; ++i)
    if (std::abs(storedValue(data + storedBytes(kind) * static_cast<std::size_t>(i), kind)) == magnitude)
      return i;
  return -1;
}
#else
using D8 = hn::Repartition<std::uint8_t, DF>;

template <class T>
HWY_INLINE int findCode(const std::uint8_t* p, int n, T magnitude) {
  const hn::Repartition<T, DF> d;
  const auto wanted = hn::Set(d, magnitude), mask = hn::Set(d, static_cast<T>(T(-1) >> 1));
  const int step = static_cast<int>(hn::Lanes(d));
  int i = 0;
  for (; i + step <= n; i += step) {
    const auto code = hn::BitCast(d, hn::LoadU(D8(), p + sizeof(T) * static_cast<std::size_t>(i)));
    const auto first = hn::FindFirstTrue(d, hn::Eq(hn::And(code, mask), wanted));
    if (first >= 0) return i + static_cast<int>(first);
  }
  for (; i < n; ++i) {
    T code;
    std::memcpy(&code, p + sizeof(T) * static_cast<std::size_t>(i), sizeof(T));
    if ((code & static_cast<T>(T(-1) >> 1)) == magnitude) return i;
  }
  return -1;
}

int findMagnitudeTarget(const std::byte* data, int n, StoredKind kind, float magnitude) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(data);
  const auto bits = std::bit_cast<std::uint32_t>(magnitude);
  if (kind == StoredKind::Bf16) return findCode<std::uint16_t>(p, n, static_cast<std::uint16_t>(bits >> 16));
  if (kind == StoredKind::F16) return findCode<std::uint16_t>(p, n, floatToFp16(magnitude));
  return findCode<std::uint32_t>(p, n, bits);
}
#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(addToDoubleTarget);
HWY_EXPORT(mergeExtremesTarget);
HWY_EXPORT(reduceTexelsTarget);
HWY_EXPORT(findMagnitudeTarget);

void addToDouble(const float* values, int n, double* sums) {
  HWY_DYNAMIC_DISPATCH(addToDoubleTarget)(values, n, sums);
}

void mergeExtremes(const float* minima, const float* maxima, int n, float* min, float* max) {
  HWY_DYNAMIC_DISPATCH(mergeExtremesTarget)(minima, maxima, n, min, max);
}

void reduceTexels(const TileSums& sums, int n, int texel, float* min, float* max, float* sum) {
  HWY_DYNAMIC_DISPATCH(reduceTexelsTarget)(sums, n, texel, min, max, sum);
}

int findMagnitude(const std::byte* data, int n, StoredKind kind, float magnitude) {
  return HWY_DYNAMIC_DISPATCH(findMagnitudeTarget)(data, n, kind, magnitude);
}

}  // namespace ql
#endif
