#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/range_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/quant/range_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::ScalableTag<float>;
using VF = hn::Vec<DF>;

constexpr std::size_t kFlushVectors = 8;  // added in float before they go to double

/// x^norm for x >= 0 as x^whole * exp(fraction * log(x)): what goes through exp stays small, and its error
/// with it.
HWY_INLINE VF powerOf(VF x, int whole, float fraction) {
  const DF df;
  VF result = hn::Set(df, 1.0f);
  for (int i = 0; i < whole; ++i) result = hn::Mul(result, x);
  if (fraction == 0) return result;
  const auto isZero = hn::Lt(x, hn::Set(df, 1e-30f));  // its power is no normal float
  const VF safe = hn::IfThenElse(isZero, hn::Set(df, 1.0f), x);
  const VF root = hn::Exp(df, hn::Mul(hn::Set(df, fraction), hn::Log(df, safe)));
  return hn::IfThenElse(isZero, hn::Zero(df), hn::Mul(result, root));
}

double powerSumTarget(const float* HWY_RESTRICT e, const float* HWY_RESTRICT weights, std::size_t count,
                      float unit, double norm) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  const int whole = static_cast<int>(norm);
  const float fraction = static_cast<float>(norm - whole);
  const VF scale = hn::Set(df, unit);
  double total = 0;
  for (std::size_t i = 0; i < count;) {
    VF sum = hn::Zero(df);
    const std::size_t end = std::min(count, i + kFlushVectors * lanes);
    for (; i < end; i += lanes) {
      const std::size_t left = std::min(lanes, end - i);
      const auto valid = hn::FirstN(df, left);
      VF x{}, weight = hn::Set(df, 1.0f);
      if (left == lanes) {
        x = hn::LoadU(df, e + i);
        if (weights) weight = hn::LoadU(df, weights + i);
      } else {
        HWY_ALIGN float tail[hn::MaxLanes(df)] = {};
        HWY_ALIGN float tailWeights[hn::MaxLanes(df)] = {};
        std::copy_n(e + i, left, tail);
        x = hn::Load(df, tail);
        if (weights) {
          std::copy_n(weights + i, left, tailWeights);
          weight = hn::Load(df, tailWeights);
        }
      }
      const VF power = powerOf(hn::Abs(hn::Mul(x, scale)), whole, fraction);
      sum = hn::Add(sum, hn::IfThenElseZero(valid, hn::Mul(power, weight)));
    }
    i = end;
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(df, sum)));
  }
  return total;
}

void gridErrorsTarget(const IntegerGrid& grid, const float* HWY_RESTRICT values, std::size_t count,
                      float* HWY_RESTRICT errors) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  const VF scale = hn::Set(df, grid.scale), shift = hn::Set(df, grid.shift);
  const VF least = hn::Set(df, grid.lo), most = hn::Set(df, grid.hi);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const VF w = hn::LoadU(df, values + i);
    const VF t = hn::Add(hn::Div(w, scale), shift);
    const VF code = hn::Round(hn::Min(hn::Max(t, least), most));
    hn::StoreU(hn::Sub(hn::Mul(hn::Sub(code, shift), scale), w), df, errors + i);
  }
  for (; i < count; ++i) {
    const float t = values[i] / grid.scale + grid.shift;
    const float code = std::nearbyint(std::clamp(t, grid.lo, grid.hi));
    errors[i] = (code - grid.shift) * grid.scale - values[i];
  }
}

StepSums stepSumsTarget(const float* HWY_RESTRICT values, std::size_t count, float step, float lo, float hi) {
  const DF df;
  const std::size_t lanes = hn::Lanes(df);
  const VF inverse = hn::Set(df, 1.0f / step), size = hn::Set(df, step);
  const VF least = hn::Set(df, lo), most = hn::Set(df, hi);
  StepSums total;
  std::size_t i = 0;
  while (i + lanes <= count) {
    VF error = hn::Zero(df), squares = hn::Zero(df);
    for (std::size_t v = 0; v < kFlushVectors && i + lanes <= count; ++v, i += lanes) {
      const VF w = hn::LoadU(df, values + i);
      const VF code = hn::Round(hn::Min(hn::Max(hn::Mul(w, inverse), least), most));
      const VF e = hn::NegMulAdd(code, size, w);
      error = hn::MulAdd(e, e, error);
      squares = hn::MulAdd(code, code, squares);
    }
    total.error += static_cast<double>(hn::GetLane(hn::SumOfLanes(df, error)));
    total.codeSquares += static_cast<double>(hn::GetLane(hn::SumOfLanes(df, squares)));
  }
  for (; i < count; ++i) {
    const float code = std::nearbyint(std::clamp(values[i] * (1.0f / step), lo, hi));
    const double e = static_cast<double>(values[i]) - static_cast<double>(code) * static_cast<double>(step);
    total.error += e * e;
    total.codeSquares += static_cast<double>(code) * static_cast<double>(code);
  }
  return total;
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {

HWY_EXPORT(powerSumTarget);
HWY_EXPORT(gridErrorsTarget);
HWY_EXPORT(stepSumsTarget);

double powerSum(std::span<const float> e, std::span<const float> weights, float unit, double norm) {
  return HWY_DYNAMIC_DISPATCH(powerSumTarget)(e.data(), weights.empty() ? nullptr : weights.data(), e.size(),
                                              unit, norm);
}

void gridErrors(const IntegerGrid& grid, std::span<const float> values, std::span<float> errors) {
  HWY_DYNAMIC_DISPATCH(gridErrorsTarget)(grid, values.data(), values.size(), errors.data());
}

StepSums stepSums(std::span<const float> values, float step, float lo, float hi) {
  return HWY_DYNAMIC_DISPATCH(stepSumsTarget)(values.data(), values.size(), step, lo, hi);
}

}  // namespace ql
#endif
