#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/view_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/stats/exact_tile.h"
#include "core/stats/view_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

HWY_INLINE VF loadValues(const std::byte* data, std::size_t i, StoredKind kind) {
  const DF d;
  const hn::Rebind<std::uint16_t, DF> narrow;
  const hn::RebindToUnsigned<DF> du;
  if (kind == StoredKind::F32) return hn::LoadU(d, reinterpret_cast<const float*>(data) + i);
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(
                            du, hn::LoadU(narrow, reinterpret_cast<const std::uint16_t*>(data) + i))));
}

bool foldRowTarget(const std::byte* data, int n, StoredKind kind, float* min, float* max) {
  const DF d;
  const VF infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const std::size_t count = static_cast<std::size_t>(n), lanes = hn::Lanes(d);
  std::size_t i = 0;
  bool anyBad = false;
  for (; kind != StoredKind::F16 && i + lanes <= count; i += lanes) {
    const VF v = loadValues(data, i, kind);
    const auto finite = hn::Lt(hn::Abs(v), infinity);
    anyBad = anyBad || !hn::AllTrue(d, finite);
    hn::StoreU(hn::Min(hn::LoadU(d, min + i), hn::IfThenElse(finite, v, infinity)), d, min + i);
    hn::StoreU(hn::Max(hn::LoadU(d, max + i), hn::IfThenElse(finite, v, hn::Neg(infinity))), d, max + i);
  }
  for (; i < count; ++i) {
    const float v = storedValue(data + storedBytes(kind) * i, kind);
    if (!std::isfinite(v)) {
      anyBad = true;
      continue;
    }
    min[i] = std::min(min[i], v);
    max[i] = std::max(max[i], v);
  }
  return anyBad;
}

void foldExtremesTarget(const float* minima, const float* maxima, int n, float* min, float* max) {
  const DF d;
  const std::size_t count = static_cast<std::size_t>(n), lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(hn::Min(hn::LoadU(d, min + i), hn::LoadU(d, minima + i)), d, min + i);
    hn::StoreU(hn::Max(hn::LoadU(d, max + i), hn::LoadU(d, maxima + i)), d, max + i);
  }
  for (; i < count; ++i) {
    min[i] = std::min(min[i], minima[i]);
    max[i] = std::max(max[i], maxima[i]);
  }
}

void peakKeysTarget(const float* min, const float* max, int n, std::uint32_t* keys) {
  const DF d;
  const hn::RebindToUnsigned<DF> du;
  const std::size_t count = static_cast<std::size_t>(n), lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const VF low = hn::LoadU(d, min + i), high = hn::LoadU(d, max + i);
    const VF peak = hn::IfThenElse(hn::Ge(hn::Abs(high), hn::Abs(low)), high, low);
    const auto bits = hn::BitCast(du, hn::IfThenElseZero(hn::Le(low, high), peak));
    const auto isPositive = hn::AndNot(hn::ShiftRight<31>(bits), hn::Set(du, 1));
    hn::StoreU(hn::Or(hn::Add(bits, bits), isPositive), du, keys + i);
  }
  for (; i < count; ++i)
    keys[i] = peakKey(min[i] > max[i] ? 0.0f : std::abs(max[i]) >= std::abs(min[i]) ? max[i] : min[i]);
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(foldRowTarget);
HWY_EXPORT(foldExtremesTarget);
HWY_EXPORT(peakKeysTarget);

bool foldRow(const std::byte* data, int n, StoredKind kind, float* min, float* max) {
  return HWY_DYNAMIC_DISPATCH(foldRowTarget)(data, n, kind, min, max);
}

void foldExtremes(const float* minima, const float* maxima, int n, float* min, float* max) {
  HWY_DYNAMIC_DISPATCH(foldExtremesTarget)(minima, maxima, n, min, max);
}

void peakKeys(const float* min, const float* max, int n, std::uint32_t* keys) {
  HWY_DYNAMIC_DISPATCH(peakKeysTarget)(min, max, n, keys);
}

}  // namespace ql
#endif
