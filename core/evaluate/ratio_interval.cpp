#include "core/evaluate/ratio_interval.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ql {
namespace {

constexpr double kNormalQuantile = 1.959963984540054;  // 97.5 %

/// Solves h(t) = z for Hall's cubic h(t) = t + g t^2 / (3 r) + g^2 t^3 / (27 n) + g / (6 r), r = sqrt(n), g
/// the skewness; without its last term it is r / g ((1 + g t / (3 r))^3 - 1).
double hallInverse(double z, double skewness, double n) {
  const double r = std::sqrt(n);
  if (std::abs(skewness) < 1e-9) return z;
  return 3 * r / skewness * (std::cbrt(1 + skewness / r * (z - skewness / (6 * r))) - 1);
}

}  // namespace

double studentQuantile(double degrees) {
  const double z = kNormalQuantile, z2 = z * z, v = degrees;
  const double g1 = z * (z2 + 1) / 4;
  const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  return z + g1 / v + g2 / (v * v) + g3 / (v * v * v) + g4 / (v * v * v * v);
}

SkewedQuantiles skewedQuantiles(double skewness, double n, double degrees) {
  const double t = studentQuantile(degrees);
  return {std::max(t, hallInverse(t, skewness, n)), std::max(t, -hallInverse(-t, skewness, n))};
}

RatioInterval ratioInterval(std::span<const double> y, std::span<const double> x, double populationSize) {
  QL_ASSERT(y.size() == x.size());
  const double n = static_cast<double>(y.size());
  const double totalY = std::accumulate(y.begin(), y.end(), 0.0);
  const double totalX = std::accumulate(x.begin(), x.end(), 0.0);
  QL_ASSERT(totalX > 0);
  RatioInterval result{totalY / totalX, 0, 0};
  if (y.size() < 4) {
    result.below = result.above = std::numeric_limits<double>::infinity();
    return result;
  }
  double square = 0, cube = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double u = (y[i] - result.value * x[i]) * n / totalX;
    square += u * u;
    cube += u * u * u;
  }
  const double deviation = std::sqrt(square / (n - 1));
  if (!(deviation > 0)) return result;
  const double skewness = cube / n / (deviation * deviation * deviation);
  const double unseen = populationSize > n ? 1 - n / populationSize : populationSize > 0 ? 0.0 : 1.0;
  const double standardError = deviation / std::sqrt(n) * std::sqrt(unseen);
  const SkewedQuantiles quantiles = skewedQuantiles(skewness, n, n - 1);
  result.below = standardError * quantiles.below;
  result.above = standardError * quantiles.above;
  return result;
}

}  // namespace ql
