#include "core/evaluate/row_sample.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace ql {
namespace {

/// Deterministic random bits (splitmix64, Steele et al. 2014): the same model gives the same preview.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

constexpr double kLeastFreedom = 0.1;  // a stratum that decides the slope alone has none left
constexpr double kLeastDegrees = 4;
// the theory is that of many strata: measured, 95 % intervals hold in 94 to 96 % without, 96 to 97 % with it
constexpr double kCaution = 1.08;

/// Differences of the two rows of each stratum, and the weight of their squares in a total's variance.
struct Strata {
  std::vector<double> factor, y, x, z;
};

Strata strataOf(const std::vector<SampledRow>& sample, std::span<const double> y, std::span<const double> x,
                std::span<const double> z) {
  std::int64_t count = 0;
  for (const SampledRow& row : sample) count = std::max(count, row.stratum + 1);
  const std::size_t n = static_cast<std::size_t>(count);
  Strata strata{std::vector<double>(n), std::vector<double>(n), std::vector<double>(n),
                std::vector<double>(n)};
  std::vector<int> rows(n);
  std::vector<double> size(n);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].stratum < 0) continue;
    const std::size_t h = static_cast<std::size_t>(sample[i].stratum);
    const double sign = rows[h]++ == 0 ? 1 : -1;
    strata.y[h] += sign * y[i];
    strata.x[h] += sign * x[i];
    if (!z.empty()) strata.z[h] += sign * z[i];
    size[h] += sample[i].weight;
  }
  // two rows a stratum: s^2 = difference^2 / 2; a stratum of one row is known exactly
  for (std::size_t h = 0; h < n; ++h) strata.factor[h] = rows[h] == 2 ? size[h] * (size[h] - 2) / 4 : 0.0;
  return strata;
}

double dot(const std::vector<double>& factor, const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t h = 0; h < factor.size(); ++h) sum += factor[h] * a[h] * b[h];
  return sum;
}

double expanded(const std::vector<SampledRow>& sample, std::span<const double> values) {
  double sum = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) sum += sample[i].weight * values[i];
  return sum;
}

/// Skewness of the drawn rows' residuals, which two rows a stratum cannot say one stratum at a time.
double residualSkewness(const std::vector<SampledRow>& sample,
                        const std::function<double(std::size_t)>& residual, double& drawn) {
  double sum = 0, square = 0, cube = 0;
  drawn = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].stratum < 0) continue;
    sum += residual(i);
    ++drawn;
  }
  const double mean = drawn > 0 ? sum / drawn : 0.0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].stratum < 0) continue;
    const double r = residual(i) - mean;
    square += r * r;
    cube += r * r * r;
  }
  const double deviation = drawn > 0 ? std::sqrt(square / drawn) : 0.0;
  return deviation > 0 ? cube / drawn / (deviation * deviation * deviation) : 0.0;
}

}  // namespace

RatioInterval sampledRatio(const std::vector<SampledRow>& sample, std::span<const double> y,
                           std::span<const double> x, const KnownTotal& known) {
  const Strata strata = strataOf(sample, y, x, known.values);
  double totalY = expanded(sample, y), totalX = expanded(sample, x), slopeY = 0, slopeX = 0;
  const double spread = known.values.empty() ? 0.0 : dot(strata.factor, strata.z, strata.z);
  if (spread > 0) {
    const double missing = known.total - expanded(sample, known.values);
    slopeY = dot(strata.factor, strata.y, strata.z) / spread;
    slopeX = dot(strata.factor, strata.x, strata.z) / spread;
    const double betterX = totalX + slopeX * missing;
    if (betterX > 0) {
      totalX = betterX;
      totalY = std::max(0.0, totalY + slopeY * missing);
    } else {
      slopeX = slopeY = 0;
    }
  }
  if (!(totalX > 0)) return {};
  RatioInterval result{totalY / totalX, 0, 0};
  const double slope = slopeY - result.value * slopeX;
  double variance = 0, squares = 0, strataCount = 0;
  for (std::size_t h = 0; h < strata.factor.size(); ++h) {
    const double leverage = spread > 0 ? strata.factor[h] * strata.z[h] * strata.z[h] / spread : 0.0;
    const double u = (strata.y[h] - result.value * strata.x[h] - slope * strata.z[h]) /
                     std::max(1 - leverage, kLeastFreedom);
    const double part = strata.factor[h] * u * u;
    variance += part;
    squares += part * part;
    strataCount += strata.factor[h] > 0 ? 1 : 0;
  }
  if (!(variance > 0)) return result;
  // E[part^2] of a squared normal difference is three times the square of E[part]
  const double degrees =
      std::clamp(3 * variance * variance / squares, kLeastDegrees, std::max(kLeastDegrees, strataCount - 1));
  double drawn = 0;
  const double skewness = residualSkewness(
      sample,
      [&](std::size_t i) {
        const double z = known.values.empty() ? 0.0 : slope * known.values[i];
        return sample[i].weight * (y[i] - result.value * x[i] - z);
      },
      drawn);
  const SkewedQuantiles quantiles = skewedQuantiles(skewness, drawn, degrees);
  const double standardError = kCaution * std::sqrt(variance) / totalX;
  result.below = standardError * quantiles.below;
  result.above = standardError * quantiles.above;
  return result;
}

std::vector<SampledRow> stratifiedRows(const std::vector<float>& rowAbsmax, std::int64_t sampleRows) {
  const std::int64_t rows = static_cast<std::int64_t>(rowAbsmax.size());
  std::vector<std::int64_t> order(rowAbsmax.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return rowAbsmax[static_cast<std::size_t>(a)] > rowAbsmax[static_cast<std::size_t>(b)];
  });
  const std::int64_t strata = std::max<std::int64_t>(1, (sampleRows - sampleRows / 8) / 2);
  const std::int64_t certain = std::max<std::int64_t>(0, sampleRows - 2 * strata);
  std::vector<SampledRow> sample;
  for (std::int64_t i = 0; i < certain; ++i) sample.push_back({order[static_cast<std::size_t>(i)], -1, 1});
  const std::int64_t rest = rows - certain;
  for (std::int64_t h = 0; h < strata; ++h) {
    const std::int64_t begin = certain + rest * h / strata, end = certain + rest * (h + 1) / strata;
    const std::uint64_t size = static_cast<std::uint64_t>(end - begin);
    const std::uint64_t first = mixed(static_cast<std::uint64_t>(h)) % size;
    const auto add = [&](std::uint64_t offset, double weight) {
      sample.push_back({order[static_cast<std::size_t>(begin) + offset], h, weight});
    };
    add(first, size > 1 ? static_cast<double>(size) / 2 : 1.0);
    if (size > 1) add((first + 1 + mixed(first ^ size) % (size - 1)) % size, static_cast<double>(size) / 2);
  }
  std::sort(sample.begin(), sample.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  return sample;
}

SampleRatio stratifiedRatio(const std::vector<SampledRow>& sample, std::span<const double> y,
                            std::span<const double> x) {
  double error = 0, energy = 0;
  std::int64_t strata = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    error += sample[i].weight * y[i];
    energy += sample[i].weight * x[i];
    strata = std::max(strata, sample[i].stratum + 1);
  }
  if (energy <= 0) return {};
  SampleRatio ratio{error / energy, 0};
  std::vector<double> difference(static_cast<std::size_t>(strata), 0.0),
      size(static_cast<std::size_t>(strata), 0.0);
  std::vector<int> count(static_cast<std::size_t>(strata), 0);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].stratum < 0) continue;
    const std::size_t h = static_cast<std::size_t>(sample[i].stratum);
    const double residual = y[i] - ratio.value * x[i];
    difference[h] += count[h] == 0 ? residual : -residual;
    size[h] += sample[i].weight;
    ++count[h];
  }
  double variance = 0;
  for (std::size_t h = 0; h < size.size(); ++h) {
    // two rows a stratum: s^2 = difference^2 / 2; a stratum of one row is known exactly
    if (count[h] == 2) variance += size[h] * (size[h] - 2) * difference[h] * difference[h] / 4;
  }
  ratio.standardError = std::sqrt(std::max(variance, 0.0)) / energy;
  return ratio;
}

}  // namespace ql
