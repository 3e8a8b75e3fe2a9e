#include "core/stats/activation_kernel.h"

#include <algorithm>
#include <bit>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/activation_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

std::uint32_t largestMagnitudeTarget(const float* x, std::int64_t columns) {
  // Patterns of |x| are ordered like the values, with infinity and NaN on top.
  const hn::ScalableTag<std::int32_t> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto* bits = reinterpret_cast<const std::int32_t*>(x);
  const auto mask = hn::Set(d, 0x7fffffff);
  auto largest = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + lanes <= columns; i += lanes) largest = hn::Max(largest, hn::And(mask, hn::LoadU(d, bits + i)));
  auto result = static_cast<std::uint32_t>(hn::GetLane(hn::MaxOfLanes(d, largest)));
  for (; i < columns; ++i) result = std::max(result, std::bit_cast<std::uint32_t>(x[i]) & 0x7fffffffu);
  return result;
}

// One vector of columns over all rows of the tile; the columns left over are for the scalar sibling.
void addMomentVector(const TokenTile& tile, std::int64_t c, const MomentPointers& to) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  auto low = hn::LoadU(df, to.min + c), high = hn::LoadU(df, to.max + c);
  auto sum = hn::LoadU(d, to.sum + c), sumAbs = hn::LoadU(d, to.sumAbs + c);
  auto sumSq = hn::LoadU(d, to.sumSq + c), sumCube = hn::LoadU(d, to.sumCube + c);
  auto sumQuad = hn::LoadU(d, to.sumQuad + c);
  const float* p = tile.x + c;
  for (std::int64_t row = 0; row < tile.rows; ++row, p += tile.stride) {
    const auto narrow = hn::LoadU(df, p);
    low = hn::Min(low, narrow);
    high = hn::Max(high, narrow);
    const auto x = hn::PromoteTo(d, narrow);
    const auto square = hn::Mul(x, x);  // exact: 48 bits
    sum = hn::Add(sum, x);
    sumAbs = hn::Add(sumAbs, hn::Abs(x));
    sumSq = hn::Add(sumSq, square);
    sumCube = hn::Add(sumCube, hn::Mul(square, x));
    sumQuad = hn::Add(sumQuad, hn::Mul(square, square));
  }
  hn::StoreU(low, df, to.min + c), hn::StoreU(high, df, to.max + c);
  hn::StoreU(sum, d, to.sum + c), hn::StoreU(sumAbs, d, to.sumAbs + c);
  hn::StoreU(sumSq, d, to.sumSq + c), hn::StoreU(sumCube, d, to.sumCube + c);
  hn::StoreU(sumQuad, d, to.sumQuad + c);
}

void addMomentColumn(const TokenTile& tile, std::int64_t c, const MomentPointers& to) {
  const float* p = tile.x + c;
  for (std::int64_t row = 0; row < tile.rows; ++row, p += tile.stride) {
    to.min[c] = std::min(to.min[c], *p);
    to.max[c] = std::max(to.max[c], *p);
    const double x = *p, square = x * x;
    to.sum[c] += x;
    to.sumAbs[c] += std::abs(x);
    to.sumSq[c] += square;
    to.sumCube[c] += square * x;
    to.sumQuad[c] += square * square;
  }
}

void addMomentsTarget(const TokenTile& tile, const MomentPointers& to) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<double>()));
  std::int64_t c = 0;
  for (; c + lanes <= tile.columns; c += lanes) addMomentVector(tile, c, to);
  for (; c < tile.columns; ++c) addMomentColumn(tile, c, to);
}

// kColumns channels x kSketchStep columns of the sketch in registers, down all rows.
template <int kColumns>
HWY_INLINE void addSketchGroup(const float* x, std::int64_t rows, std::int64_t stride, const float* signs,
                               std::int64_t k, float* z) {
  const hn::CappedTag<float, static_cast<std::size_t>(kSketchStep)> d;
  constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(d));
  constexpr int kVectors = static_cast<int>(kSketchStep / kLanes);
  hn::Vec<decltype(d)> sums[kColumns][kVectors];
  for (int c = 0; c < kColumns; ++c)
    for (int v = 0; v < kVectors; ++v) sums[c][v] = hn::LoadU(d, z + c * k + v * kLanes);
  for (std::int64_t row = 0; row < rows; ++row, x += stride, signs += k) {
    for (int v = 0; v < kVectors; ++v) {
      const auto sign = hn::LoadU(d, signs + v * kLanes);
      for (int c = 0; c < kColumns; ++c) sums[c][v] = hn::MulAdd(hn::Set(d, x[c]), sign, sums[c][v]);
    }
  }
  for (int c = 0; c < kColumns; ++c)
    for (int v = 0; v < kVectors; ++v) hn::StoreU(sums[c][v], d, z + c * k + v * kLanes);
}

// As many channels as there are chains of additions to fill the pipelines with, and registers to hold them.
constexpr int kSketchChannels = hn::MaxLanes(hn::CappedTag<float, kSketchStep>()) == kSketchStep ? 8 : 4;

void addSketchTarget(const TokenTile& tile, const float* signs, std::int64_t k, float* z) {
  for (std::int64_t j = 0; j < k; j += kSketchStep) {
    std::int64_t c = 0;
    for (; c + kSketchChannels <= tile.columns; c += kSketchChannels)
      addSketchGroup<kSketchChannels>(tile.x + c, tile.rows, tile.stride, signs + j, k, z + c * k + j);
    for (; c < tile.columns; ++c)
      addSketchGroup<1>(tile.x + c, tile.rows, tile.stride, signs + j, k, z + c * k + j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(largestMagnitudeTarget);
HWY_EXPORT(addMomentsTarget);
HWY_EXPORT(addSketchTarget);

std::uint32_t largestMagnitude(const float* x, std::int64_t columns) {
  return HWY_DYNAMIC_DISPATCH(largestMagnitudeTarget)(x, columns);
}

void addMoments(const TokenTile& tile, const MomentPointers& to) {
  HWY_DYNAMIC_DISPATCH(addMomentsTarget)(tile, to);
}

void addSketch(const TokenTile& tile, const float* signs, std::int64_t k, float* z) {
  HWY_DYNAMIC_DISPATCH(addSketchTarget)(tile, signs, k, z);
}

}  // namespace ql
#endif
