#pragma once
// GPTQ and OBQ written down slowly in double precision from their papers: the inverse Hessian itself,
// eliminated one channel at a time.
#include "core/quant/gptq_batch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace ql::test {

using Square = std::vector<double>;  // [n][n]

inline Square inverseOf(Square a, std::size_t n) {
  Square inverse(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) inverse[i * n + i] = 1;
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = a[k * n + k];
    for (std::size_t j = 0; j < n; ++j) {
      a[k * n + j] /= pivot;
      inverse[k * n + j] /= pivot;
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = a[i * n + k];
      for (std::size_t j = 0; j < n; ++j) {
        a[i * n + j] -= factor * a[k * n + j];
        inverse[i * n + j] -= factor * inverse[k * n + j];
      }
    }
  }
  return inverse;
}

/// H = 2 X^T X / windows with the rule for dead channels and the damping.
inline Square dampedHessian(const std::vector<float>& x, std::size_t n, double windows, double damp) {
  Square h(n * n, 0.0);
  for (std::size_t t = 0; t < x.size(); t += n)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        h[i * n + j] += 2 / windows * static_cast<double>(x[t + i]) * static_cast<double>(x[t + j]);
  double mean = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (h[i * n + i] == 0) h[i * n + i] = 1;
    mean += h[i * n + i] / static_cast<double>(n);
  }
  for (std::size_t i = 0; i < n; ++i) h[i * n + i] += damp * mean;
  return h;
}

/// What the slow one is told; grids are made by the same code, of values it found itself.
struct SlowScheme {
  RtnRule rule;
  std::int64_t group = 0;  // columns a part; 0: whole rows
  bool isStatic = false, actOrder = false;
  std::int64_t block = 128;
};

inline PartGrid gridOf(const RtnRule& rule, const std::vector<double>& values) {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return partGrid(rule, static_cast<float>(*min), static_cast<float>(*max));
}

/// One row. `h` damped.
inline std::vector<float> slowGptqRow(const SlowScheme& scheme, const Square& h, std::size_t n,
                                      const std::vector<float>& row) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (scheme.actOrder)
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return h[a * n + a] > h[b * n + b]; });
  Square permuted(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) permuted[i * n + j] = h[order[i] * n + order[j]];
  Square inverse = inverseOf(permuted, n);
  std::vector<double> w(n), before;
  for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<double>(row[order[i]]);
  const auto slice = [](const std::vector<double>& v, std::size_t first, std::size_t last) {
    return std::vector<double>(v.begin() + static_cast<std::ptrdiff_t>(first),
                               v.begin() + static_cast<std::ptrdiff_t>(std::min(last, v.size())));
  };
  const std::vector<double> original(row.begin(), row.end());
  const std::size_t group = scheme.group > 0 ? static_cast<std::size_t>(scheme.group) : n;
  PartGrid grid = gridOf(scheme.rule, original);
  std::vector<float> result(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (i % static_cast<std::size_t>(scheme.block) == 0) before = w;
    if (scheme.group > 0 && scheme.isStatic) {
      const std::size_t part = order[i] / group * group;
      grid = gridOf(scheme.rule, slice(original, part, part + group));
    } else if (scheme.group > 0 && i % group == 0) {
      grid = gridOf(scheme.rule, slice(before, i, i + group));
    }
    const float q = gridValue(grid, gridCode(grid, static_cast<float>(w[i])));
    result[order[i]] = q;
    const double error = (w[i] - static_cast<double>(q)) / inverse[i * n + i];
    for (std::size_t j = i + 1; j < n; ++j) w[j] -= error * inverse[i * n + j];
    const Square old = inverse;
    for (std::size_t a = i + 1; a < n; ++a)
      for (std::size_t b = i + 1; b < n; ++b)
        inverse[a * n + b] -= old[a * n + i] * old[i * n + b] / old[i * n + i];
  }
  return result;
}

/// tr(D H D^T) / 2 of D = Q - W.
inline double lossOf(const std::vector<float>& q, const std::vector<float>& w, const Square& h,
                     std::size_t n) {
  double loss = 0;
  for (std::size_t r = 0; r < w.size(); r += n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double d = static_cast<double>(q[r + i]) - static_cast<double>(w[r + i]);
      for (std::size_t j = 0; j < n; ++j)
        loss += d * h[i * n + j] * (static_cast<double>(q[r + j]) - static_cast<double>(w[r + j])) / 2;
    }
  }
  return loss;
}

}  // namespace ql::test
