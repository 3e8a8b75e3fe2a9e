#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/calib/activation_kernels.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/calib/activation_kernels.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, 16>;
using VF = hn::Vec<DF>;

constexpr std::size_t kGroup = 16;  // values handled together, in kGroup / lanes vectors
constexpr std::size_t kLanes = hn::MaxLanes(DF());
constexpr std::size_t kChunk = 256;  // values summed in float before the sum goes to double
static_assert(kGroup % kLanes == 0);

constexpr float kInfinity = std::numeric_limits<float>::infinity();

HWY_INLINE VF constant(float value) {
  return hn::Set(DF(), value);
}

/// e^x; infinity is cut to the largest power that Exp() knows, NaN stays.
HWY_INLINE VF expOf(VF x) {
  const VF cut = constant(88.7f);  // e^88.7 is the last below the largest float
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(DF(), hn::Min(x, cut)));
}

HWY_INLINE VF sigmoidTimes(VF x, VF argument) {
  return hn::Div(x, hn::Add(constant(1.0f), expOf(hn::Neg(argument))));
}

/// Minimax fits by Chebyshev nodes: erf(x) = x + x p(x^2) up to 0.9277, beyond it 1 - e^(-t - t q(t)) to 4,
/// where erf is one in float32. 1.44 ulp over [-5, 5].
HWY_INLINE VF erfOf(VF x) {
  const VF t = hn::Min(hn::Abs(x), constant(4.0f)), s = hn::Mul(x, x);
  VF p = constant(-0.000598232495f);
  for (const float c : {0.00499192905f, -0.0267661158f, 0.112818144f, -0.376124948f, 0.128379151f})
    p = hn::MulAdd(p, s, constant(c));
  VF q = constant(1.63455443e-05f);
  for (const float c :
       {-0.000369776506f, 0.00380937615f, -0.0240476318f, 0.106470257f, 0.635080576f, 0.128646448f})
    q = hn::MulAdd(q, t, constant(c));
  const VF far = hn::Sub(constant(1.0f), expOf(hn::Neg(hn::MulAdd(q, t, t))));
  const VF erf = hn::IfThenElse(hn::Le(t, constant(0.9277344f)), hn::MulAdd(p, x, x), hn::CopySign(far, x));
  return hn::IfThenElse(hn::IsNaN(x), x, erf);
}

HWY_INLINE VF tanhOf(VF x) {  // 1 - 2 / (e^2x + 1): no cancellation that matters beside 1
  const VF one = constant(1.0f), two = constant(2.0f);
  return hn::Sub(one, hn::Div(two, hn::Add(expOf(hn::Mul(two, x)), one)));
}

struct Silu {
  HWY_INLINE VF operator()(VF x) const { return sigmoidTimes(x, x); }
};
struct Gelu {
  HWY_INLINE VF operator()(VF x) const {
    const VF half = hn::Mul(x, constant(0.5f));
    return hn::MulAdd(half, erfOf(hn::Mul(x, constant(0.70710678f))), half);
  }
};
struct GeluTanh {  // 0.5 x (1 + tanh u) = x sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3)
  HWY_INLINE VF operator()(VF x) const {
    const VF cube = hn::Mul(hn::Mul(x, x), x);
    const VF u = hn::MulAdd(cube, constant(0.044715f), x);
    return sigmoidTimes(x, hn::Mul(u, constant(2.0f * 0.79788456f)));
  }
};
struct QuickGelu {
  HWY_INLINE VF operator()(VF x) const { return sigmoidTimes(x, hn::Mul(x, constant(1.702f))); }
};
struct Relu {
  HWY_INLINE VF operator()(VF x) const {
    return hn::IfThenElse(hn::Lt(x, constant(0.0f)), constant(0.0f), x);
  }
};

/// out[i] = f(x[i]); the rest of less than a vector goes through one on the stack.
template <class F>
HWY_INLINE void mapRow(const float* x, float* out, std::size_t n, const F& f) {
  const DF d;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(f(hn::LoadU(d, x + i)), d, out + i);
  if (i == n) return;
  HWY_ALIGN float rest[kGroup] = {};
  std::memcpy(rest, x + i, (n - i) * sizeof(float));
  hn::Store(f(hn::Load(d, rest)), d, rest);
  std::memcpy(out + i, rest, (n - i) * sizeof(float));
}

template <class F>
HWY_INLINE void mapPairs(const float* x, const float* y, float* out, std::size_t n, const F& f) {
  const DF d;
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) hn::StoreU(f(hn::LoadU(d, x + i), hn::LoadU(d, y + i)), d, out + i);
  if (i == n) return;
  HWY_ALIGN float restX[kGroup] = {}, restY[kGroup] = {};
  std::memcpy(restX, x + i, (n - i) * sizeof(float));
  std::memcpy(restY, y + i, (n - i) * sizeof(float));
  hn::Store(f(hn::Load(d, restX), hn::Load(d, restY)), d, restX);
  std::memcpy(out + i, restX, (n - i) * sizeof(float));
}

struct Group {
  VF part[kGroup / kLanes];
};

HWY_INLINE Group groupOf(VF value) {
  Group group;
  for (VF& part : group.part) part = value;
  return group;
}

/// Lane by lane, then in halves: the same order for every vector width.
HWY_INLINE float sumOf(const Group& group) {
  HWY_ALIGN float lanes[kGroup];
  for (std::size_t k = 0; k < kGroup / kLanes; ++k) hn::Store(group.part[k], DF(), lanes + k * kLanes);
  for (std::size_t width = kGroup / 2; width > 0; width /= 2)
    for (std::size_t k = 0; k < width; ++k) lanes[k] += lanes[k + width];
  return lanes[0];
}

/// Sum of f(x[i]); f(fill) must be zero.
template <class F>
HWY_INLINE double sumRow(const float* x, std::size_t n, float fill, const F& f) {
  const DF d;
  double total = 0;
  std::size_t i = 0;
  while (i + kGroup <= n) {
    Group sums = groupOf(hn::Zero(d));
    for (const std::size_t end = HWY_MIN(n, i + kChunk); i + kGroup <= end; i += kGroup)
      for (std::size_t k = 0; k < kGroup / kLanes; ++k)
        sums.part[k] = hn::Add(sums.part[k], f(hn::LoadU(d, x + i + k * kLanes)));
    total += static_cast<double>(sumOf(sums));
  }
  if (i == n) return total;
  HWY_ALIGN float rest[kGroup];
  for (std::size_t k = 0; k < kGroup; ++k) rest[k] = i + k < n ? x[i + k] : fill;
  Group sums;
  for (std::size_t k = 0; k < kGroup / kLanes; ++k) sums.part[k] = f(hn::Load(d, rest + k * kLanes));
  return total + static_cast<double>(sumOf(sums));
}

float maxRow(const float* x, std::size_t n) {
  const DF d;
  VF best = constant(-kInfinity);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) best = hn::Max(best, hn::LoadU(d, x + i));
  float max = hn::GetLane(hn::MaxOfLanes(d, best));
  for (; i < n; ++i) max = x[i] > max ? x[i] : max;
  return max;
}

void softcapRowTarget(float* x, std::size_t n, float softcap) {
  const VF cap = constant(softcap);
  mapRow(x, x, n, [=](VF v) HWY_ATTR { return hn::Mul(cap, tanhOf(hn::Div(v, cap))); });
}

void softmaxRowTarget(float* row, std::size_t n, float scale, float softcap) {
  const VF factor = constant(scale);
  mapRow(row, row, n, [=](VF v) HWY_ATTR { return hn::Mul(v, factor); });
  if (softcap > 0) softcapRowTarget(row, n, softcap);
  const VF max = constant(maxRow(row, n));
  mapRow(row, row, n, [=](VF v) HWY_ATTR { return expOf(hn::Sub(v, max)); });
  const double sum = sumRow(row, n, 0.0f, [](VF v) HWY_ATTR { return v; });
  const VF inverse = constant(static_cast<float>(1.0 / sum));
  mapRow(row, row, n, [=](VF v) HWY_ATTR { return hn::Mul(v, inverse); });
}

void rmsNormRowTarget(const float* x, const float* gain, float eps, float* out, std::size_t n) {
  const double squares = sumRow(x, n, 0.0f, [](VF v) HWY_ATTR { return hn::Mul(v, v); });
  const auto mean = static_cast<float>(squares / static_cast<double>(n));
  const VF inverse = constant(1.0f / std::sqrt(mean + eps));
  mapPairs(x, gain, out, n, [=](VF v, VF g) HWY_ATTR { return hn::Mul(hn::Mul(v, inverse), g); });
}

void layerNormRowTarget(const float* x, const float* gain, const float* bias, float eps, float* out,
                        std::size_t n) {
  const double sum = sumRow(x, n, 0.0f, [](VF v) HWY_ATTR { return v; });
  const auto mean = static_cast<float>(sum / static_cast<double>(n));
  const VF center = constant(mean);
  const double squares = sumRow(x, n, mean, [=](VF v) HWY_ATTR {
    const VF distance = hn::Sub(v, center);
    return hn::Mul(distance, distance);
  });
  const auto variance = static_cast<float>(squares / static_cast<double>(n));
  const VF inverse = constant(1.0f / std::sqrt(variance + eps));
  mapPairs(x, gain, out, n,
           [=](VF v, VF g) HWY_ATTR { return hn::Mul(hn::Mul(hn::Sub(v, center), inverse), g); });
  mapPairs(out, bias, out, n, [](VF v, VF b) HWY_ATTR { return hn::Add(v, b); });
}

void rotateRowTarget(float* x, const float* cosines, const float* sines, std::size_t half) {
  const DF d;
  float* const second = x + half;
  std::size_t i = 0;
  for (; i + kLanes <= half; i += kLanes) {
    const VF a = hn::LoadU(d, x + i), b = hn::LoadU(d, second + i);
    const VF c = hn::LoadU(d, cosines + i), s = hn::LoadU(d, sines + i);
    hn::StoreU(hn::Sub(hn::Mul(a, c), hn::Mul(b, s)), d, x + i);
    hn::StoreU(hn::Add(hn::Mul(b, c), hn::Mul(a, s)), d, second + i);
  }
  for (; i < half; ++i) {
    const float a = x[i], b = second[i];
    x[i] = a * cosines[i] - b * sines[i];
    second[i] = b * cosines[i] + a * sines[i];
  }
}

template <class F>
void activateTwo(const float* gate, const float* up, float* out, std::size_t n, const F& f) {
  if (up == nullptr) {
    mapRow(gate, out, n, f);
  } else {
    mapPairs(gate, up, out, n, [&](VF g, VF u) HWY_ATTR { return hn::Mul(f(g), u); });
  }
}

void activateTarget(ActivationKind kind, const float* gate, const float* up, float* out, std::size_t n) {
  switch (kind) {
    case ActivationKind::Silu:
      return activateTwo(gate, up, out, n, Silu());
    case ActivationKind::Gelu:
      return activateTwo(gate, up, out, n, Gelu());
    case ActivationKind::GeluTanh:
      return activateTwo(gate, up, out, n, GeluTanh());
    case ActivationKind::QuickGelu:
      return activateTwo(gate, up, out, n, QuickGelu());
    case ActivationKind::Relu:
      return activateTwo(gate, up, out, n, Relu());
  }
}

void addRowTarget(float* x, const float* y, std::size_t n) {
  mapPairs(x, y, x, n, [](VF a, VF b) HWY_ATTR { return hn::Add(a, b); });
}

void addScaledRowTarget(float* x, const float* y, float factor, std::size_t n) {
  const VF f = constant(factor);
  mapPairs(x, y, x, n, [=](VF a, VF b) HWY_ATTR { return hn::Add(a, hn::Mul(f, b)); });
}

void scaleRowTarget(float* x, float factor, std::size_t n) {
  const VF f = constant(factor);
  mapRow(x, x, n, [=](VF v) HWY_ATTR { return hn::Mul(v, f); });
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(activateTarget);
HWY_EXPORT(softmaxRowTarget);
HWY_EXPORT(softcapRowTarget);
HWY_EXPORT(rmsNormRowTarget);
HWY_EXPORT(layerNormRowTarget);
HWY_EXPORT(rotateRowTarget);
HWY_EXPORT(addRowTarget);
HWY_EXPORT(addScaledRowTarget);
HWY_EXPORT(scaleRowTarget);

void activateRow(ActivationKind kind, float* x, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(activateTarget)(kind, x, nullptr, x, n);
}
void activateGatedRow(ActivationKind kind, const float* gate, const float* up, float* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(activateTarget)(kind, gate, up, out, n);
}
void softmaxRow(float* row, std::size_t n, float scale, float softcap) {
  HWY_DYNAMIC_DISPATCH(softmaxRowTarget)(row, n, scale, softcap);
}
void softcapRow(float* x, std::size_t n, float softcap) {
  HWY_DYNAMIC_DISPATCH(softcapRowTarget)(x, n, softcap);
}
void rmsNormRow(const float* x, const float* gain, float eps, float* out, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(rmsNormRowTarget)(x, gain, eps, out, n);
}
void layerNormRow(const float* x, const float* gain, const float* bias, float eps, float* out,
                  std::size_t n) {
  HWY_DYNAMIC_DISPATCH(layerNormRowTarget)(x, gain, bias, eps, out, n);
}
void rotateRow(float* x, const float* cosines, const float* sines, std::size_t half) {
  HWY_DYNAMIC_DISPATCH(rotateRowTarget)(x, cosines, sines, half);
}
void addRow(float* x, const float* y, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(addRowTarget)(x, y, n);
}
void addScaledRow(float* x, const float* y, float factor, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(addScaledRowTarget)(x, y, factor, n);
}
void scaleRow(float* x, float factor, std::size_t n) {
  HWY_DYNAMIC_DISPATCH(scaleRowTarget)(x, factor, n);
}

}  // namespace ql
#endif
