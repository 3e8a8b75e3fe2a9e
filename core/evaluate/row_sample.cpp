#include "core/evaluate/row_sample.h"

#include <algorithm>
#include <cmath>
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

}  // namespace

std::vector<SampledRow> stratifiedRows(const std::vector<float>& rowAbsmax, std::int64_t sampleRows) {
  const std::int64_t rows = static_cast<std::int64_t>(rowAbsmax.size());
  std::vector<std::int64_t> order(rowAbsmax.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return rowAbsmax[static_cast<std::size_t>(a)] > rowAbsmax[static_cast<std::size_t>(b)];
  });
  const std::int64_t strata = std::max<std::int64_t>(1, (sampleRows - sampleRows / 4) / 2);
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
