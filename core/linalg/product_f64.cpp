#include "core/linalg/product_f64.h"

#include "core/linalg/gemm_kernels.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#define QL_DECLARE_SUBTRACT(level)                                                                         \
  extern "C" {                                                                                             \
  void ql_subtract_nn_f64_##level(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, const double*,           \
                                  std::ptrdiff_t, const double*, std::ptrdiff_t, double*, std::ptrdiff_t); \
  }

QL_DECLARE_SUBTRACT(v1)
#if defined(QL_LINALG_X86_LEVELS)
QL_DECLARE_SUBTRACT(v3)
QL_DECLARE_SUBTRACT(v4)
#endif

namespace ql {
namespace {

using Subtract = void (*)(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, const double* a,
                          std::ptrdiff_t lda, const double* b, std::ptrdiff_t ldb, double* c,
                          std::ptrdiff_t ldc);

Subtract subtractKernel() {
#if defined(QL_LINALG_X86_LEVELS)
  const std::string_view level = gemmKernels().name;
  if (level == "avx512") return ql_subtract_nn_f64_v4;
  if (level == "avx2") return ql_subtract_nn_f64_v3;
#endif
  return ql_subtract_nn_f64_v1;
}

// Eigen takes rows in fours or eights and what is left over with other kernels, whose sums end in other last
// bits: rows are padded, so that none is ever left over. Its blocks over k depend on k alone.
constexpr std::int64_t kRowUnit = 8;
constexpr std::int64_t kRows = 256;       // a call: B is packed anew in each
constexpr std::int64_t kLeastSides = 20;  // below, Eigen chooses between kernels by m + n + k

void multiplyPlainly(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t strideA,
                     const double* b, std::int64_t strideB, double* c, std::int64_t strideC) {
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t l = 0; l < k; ++l) sum += a[i * strideA + l] * b[l * strideB + j];
      c[i * strideC + j] = sum;
    }
}

}  // namespace

void multiplyDouble(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t strideA,
                    const double* b, std::int64_t strideB, double* c, std::int64_t strideC) {
  if (n + k < kLeastSides) return multiplyPlainly(m, n, k, a, strideA, b, strideB, c, strideC);
  const Subtract subtract = subtractKernel();
  const std::int64_t most = std::min(kRows, (m + kRowUnit - 1) / kRowUnit * kRowUnit);
  std::vector<double> left(static_cast<std::size_t>(most * k)), result(static_cast<std::size_t>(most * n));
  for (std::int64_t row = 0; row < m; row += kRows) {
    const std::int64_t count = std::min(kRows, m - row);
    const std::int64_t padded = (count + kRowUnit - 1) / kRowUnit * kRowUnit;
    std::fill(left.begin(), left.end(), 0.0);
    std::fill(result.begin(), result.end(), 0.0);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < k; ++j)
        left[static_cast<std::size_t>(i * k + j)] = -a[(row + i) * strideA + j];
    subtract(padded, n, k, left.data(), k, b, strideB, result.data(), n);
    for (std::int64_t i = 0; i < count; ++i) std::copy_n(result.data() + i * n, n, c + (row + i) * strideC);
  }
}

}  // namespace ql
