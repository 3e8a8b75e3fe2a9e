#include "core/calib/logit_scores.h"

#include "core/stats/activation_kernel.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/calib/logit_scores.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Below this exp() is 0 in double; keeps -infinity away from hn::Exp.
constexpr double kLeastExponent = -2000;

float largestLogitTarget(const float* x, std::size_t n) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Set(d, -std::numeric_limits<float>::infinity());
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) largest = hn::Max(largest, hn::LoadU(d, x + i));
  float result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; i < n; ++i) result = std::max(result, x[i]);
  return result;
}

double sumExpTarget(const float* x, std::size_t n, double largest) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const std::size_t lanes = hn::Lanes(d);
  const auto shift = hn::Set(d, largest), least = hn::Set(d, kLeastExponent);
  auto sum = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto exponent = hn::Sub(hn::PromoteTo(d, hn::LoadU(df, x + i)), shift);
    sum = hn::Add(sum, hn::Exp(d, hn::Max(exponent, least)));
  }
  double result = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) result += std::exp(double{x[i]} - largest);
  return result;
}

// sum p (x - y) with p = exp(x - logSumExp); terms with p = 0 count nothing even where x - y is not a number.
double meanDifferenceTarget(const float* x, const float* y, std::size_t n, double logSumExp) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const std::size_t lanes = hn::Lanes(d);
  const auto shift = hn::Set(d, logSumExp), least = hn::Set(d, kLeastExponent), zero = hn::Zero(d);
  auto sum = zero;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto a = hn::PromoteTo(d, hn::LoadU(df, x + i)), b = hn::PromoteTo(d, hn::LoadU(df, y + i));
    const auto p = hn::Exp(d, hn::Max(hn::Sub(a, shift), least));
    sum = hn::Add(sum, hn::IfThenZeroElse(hn::Eq(p, zero), hn::Mul(p, hn::Sub(a, b))));
  }
  double result = hn::GetLane(hn::SumOfLanes(d, sum));
  for (; i < n; ++i) {
    const double p = std::exp(double{x[i]} - logSumExp);
    if (p > 0) result += p * (double{x[i]} - double{y[i]});
  }
  return result;
}

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(largestLogitTarget);
HWY_EXPORT(sumExpTarget);
HWY_EXPORT(meanDifferenceTarget);

LogitScore scoreLogits(std::span<const float> logits) {
  constexpr std::uint32_t kInfinityBits = 0x7f800000;
  LogitScore score;
  if (largestMagnitude(logits.data(), static_cast<std::int64_t>(logits.size())) > kInfinityBits) return score;
  const float largest = HWY_DYNAMIC_DISPATCH(largestLogitTarget)(logits.data(), logits.size());
  if (!std::isfinite(largest)) return score;
  score.top = static_cast<std::int32_t>(std::find(logits.begin(), logits.end(), largest) - logits.begin());
  const double sum = HWY_DYNAMIC_DISPATCH(sumExpTarget)(logits.data(), logits.size(), largest);
  score.logSumExp = largest + std::log(sum);
  score.isValid = true;
  return score;
}

double klDivergence(std::span<const float> reference, const LogitScore& referenceScore,
                    std::span<const float> model, const LogitScore& modelScore) {
  const double difference = HWY_DYNAMIC_DISPATCH(meanDifferenceTarget)(
      reference.data(), model.data(), reference.size(), referenceScore.logSumExp);
  return std::max(0.0, difference - referenceScore.logSumExp + modelScore.logSumExp);
}

}  // namespace ql
#endif
