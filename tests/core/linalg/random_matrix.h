#pragma once
// Matrices of random numbers with a stride, and products in double precision by three plain loops.
#include "core/linalg/gemm.h"

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace ql::test {

/// [rows, columns] of bell-shaped values in rows of `stride`; what lies between the rows is NaN, so a kernel
/// that reads it is found out.
struct RandomMatrix {
  RandomMatrix(std::int64_t height, std::int64_t width, unsigned seed, std::int64_t gap = 0)
      : rows(height), columns(width), stride(width + gap) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    values.assign(static_cast<std::size_t>(rows * stride), std::nanf(""));
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) at(i, j) = normal(random);
  }
  float& at(std::int64_t i, std::int64_t j) { return values[static_cast<std::size_t>(i * stride + j)]; }
  float at(std::int64_t i, std::int64_t j) const { return values[static_cast<std::size_t>(i * stride + j)]; }
  ConstMatrix view() const { return {values.data(), rows, columns, stride}; }
  MutableMatrix edit() { return {values.data(), rows, columns, stride}; }

  std::int64_t rows, columns, stride;
  std::vector<float> values;
};

/// An element of a product: sum over k of a(k) b(k), and of their absolute values.
struct Exact {
  double sum = 0, absolute = 0;
};
template <class A, class B>
Exact exactSum(std::int64_t k, const A& a, const B& b) {
  Exact exact;
  for (std::int64_t p = 0; p < k; ++p) {
    const double term = static_cast<double>(a(p)) * static_cast<double>(b(p));
    exact.sum += term;
    exact.absolute += std::abs(term);
  }
  return exact;
}

/// Bound of a float32 sum of k products in chains of 256 whose sums are added: 2^-24 sum |a b| for each of
/// the at most 256 + k / 256 + 2 roundings an addend takes part in (Higham, Accuracy and Stability, 3.1).
inline double roundingBound(std::int64_t k, const Exact& exact) {
  const double roundings = static_cast<double>(std::min<std::int64_t>(k, 256) + k / 256 + 2);
  return std::ldexp(roundings, -24) * exact.absolute;
}

inline bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace ql::test
