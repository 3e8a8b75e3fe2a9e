#include "core/linalg/cholesky.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#define QL_DECLARE_F64(level)                                                                              \
  extern "C" {                                                                                             \
  void ql_subtract_nt_f64_##level(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, const double*,           \
                                  std::ptrdiff_t, const double*, std::ptrdiff_t, double*, std::ptrdiff_t); \
  void ql_subtract_nn_f64_##level(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, const double*,           \
                                  std::ptrdiff_t, const double*, std::ptrdiff_t, double*, std::ptrdiff_t); \
  void ql_solve_left_f64_##level(std::ptrdiff_t, std::ptrdiff_t, const double*, std::ptrdiff_t, double*,   \
                                 std::ptrdiff_t);                                                          \
  void ql_solve_right_f64_##level(std::ptrdiff_t, std::ptrdiff_t, const double*, std::ptrdiff_t, double*,  \
                                  std::ptrdiff_t);                                                         \
  }
#define QL_F64_TABLE(level)                                                            \
  DoubleKernels {                                                                      \
    ql_subtract_nt_f64_##level, ql_subtract_nn_f64_##level, ql_solve_left_f64_##level, \
        ql_solve_right_f64_##level                                                     \
  }

QL_DECLARE_F64(v1)
#if defined(QL_LINALG_X86_LEVELS)
QL_DECLARE_F64(v3)
QL_DECLARE_F64(v4)
#endif

namespace ql {
namespace {

constexpr std::int64_t kTile = LowerTriangle::kTile;
constexpr std::int64_t kStepDepth =
    4096;                                // 128 x 128 x 4096 multiply-adds: 3 ms with AVX-512, 30 ms with SSE2
constexpr std::int64_t kSolveRows = 64;  // of a triangular solve between two steps of the job

/// levels/kernel_f64.cpp
struct DoubleKernels {
  using Subtract = void (*)(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, const double* a,
                            std::ptrdiff_t lda, const double* b, std::ptrdiff_t ldb, double* c,
                            std::ptrdiff_t ldc);
  using Solve = void (*)(std::ptrdiff_t n, std::ptrdiff_t m, const double* l, std::ptrdiff_t ldl, double* x,
                         std::ptrdiff_t ldx);
  Subtract nt, nn;
  Solve left, right;
};

DoubleKernels kernels() {
#if defined(QL_LINALG_X86_LEVELS)
  const std::string_view level = gemmKernels().name;
  if (level == "avx512") return QL_F64_TABLE(v4);
  if (level == "avx2") return QL_F64_TABLE(v3);
#endif
  return QL_F64_TABLE(v1);
}

std::size_t sized(std::int64_t value) {
  return static_cast<std::size_t>(value);
}

/// The diagonal tile [n, n] row by row. Returns the row of the first pivot that is not above its `least`.
std::optional<std::int64_t> factorTile(double* a, std::int64_t n, std::int64_t stride, const double* least) {
  for (std::int64_t i = 0; i < n; ++i) {
    double* const row = a + i * stride;
    for (std::int64_t j = 0; j <= i; ++j) {
      const double* const other = a + j * stride;
      double sum = row[j];
      for (std::int64_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (j < i) {
        row[j] = sum / other[j];
      } else if (sum > least[i] && std::isfinite(sum)) {
        row[j] = std::sqrt(sum);
      } else {
        return i;
      }
    }
  }
  return std::nullopt;
}

/// Columns of L^-1 that begin in panel p, from row p * kTile on: X [n - p * kTile, width].
std::vector<double> inverseColumns(const LowerTriangle& l, std::int64_t p, const DoubleKernels& kernel,
                                   JobContext& job) {
  const std::int64_t first = p * kTile, width = l.panelHeight(p);
  std::vector<double> x(sized((l.size() - first) * width), 0.0);
  for (std::int64_t i = 0; i < width; ++i) x[sized(i * width + i)] = 1;
  for (std::int64_t q = p; q < l.panels(); ++q) {
    const std::int64_t height = l.panelHeight(q), stride = l.stride(q), depth = (q - p) * kTile;
    double* const target = x.data() + depth * width;
    for (std::int64_t k = 0; k < depth; k += kStepDepth) {
      job.step();
      kernel.nn(height, width, std::min(kStepDepth, depth - k), l.panel(q) + first + k, stride,
                x.data() + k * width, width, target, width);
    }
    kernel.left(height, width, l.panel(q) + q * kTile, stride, target, width);
    job.step(static_cast<std::uint64_t>(q - p + 1));
  }
  return x;
}

}  // namespace

LowerTriangle::LowerTriangle(std::int64_t n) : m_size(n) {
  QL_ASSERT(n >= 0 && n <= std::int64_t{1} << 20);
  std::size_t total = 0;
  for (std::int64_t p = 0; p < panels(); ++p) {
    m_begin.push_back(total);
    total += sized(panelHeight(p) * stride(p));
  }
  m_values.resize(total);
}

std::uint64_t LowerTriangle::bytesFor(std::int64_t n) {
  const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0));
  return (size * size + size * static_cast<std::uint64_t>(kTile)) / 2 * sizeof(double);
}

std::int64_t LowerTriangle::panelHeight(std::int64_t panel) const {
  return std::min(kTile, m_size - panel * kTile);
}

std::span<double> LowerTriangle::row(std::int64_t i) {
  QL_ASSERT(i >= 0 && i < m_size);
  const std::int64_t p = i / kTile;
  return {panel(p) + (i - p * kTile) * stride(p), sized(i + 1)};
}

std::span<const double> LowerTriangle::row(std::int64_t i) const {
  QL_ASSERT(i >= 0 && i < m_size);
  const std::int64_t p = i / kTile;
  return {panel(p) + (i - p * kTile) * stride(p), sized(i + 1)};
}

std::uint64_t choleskyUnits(std::int64_t n) {
  const auto panels = static_cast<std::uint64_t>((n + kTile - 1) / kTile);
  std::uint64_t units = 0;
  for (std::uint64_t k = 0; k < panels; ++k) units += (panels - k) * (k + 1);
  return units;
}

std::optional<std::int64_t> factorCholesky(LowerTriangle& a, JobContext& job) {
  const DoubleKernels kernel = kernels();
  // What is left of a pivot below this is rounding: twice the (n + 1) eps A_jj that the backward error of row
  // j allows (Higham, Accuracy and Stability, 2nd ed., theorem 10.3).
  std::vector<double> least(sized(a.size()));
  const double unit = 2 * std::numeric_limits<double>::epsilon() * static_cast<double>(a.size() + 1);
  for (std::int64_t i = 0; i < a.size(); ++i) least[sized(i)] = std::max(0.0, unit * a.row(i).back());
  for (std::int64_t k = 0; k < a.panels(); ++k) {
    const std::int64_t width = a.panelHeight(k), begin = k * kTile;
    parallelFor(job, a.panels() - k, [&](std::int64_t block) {
      const std::int64_t i = k + block;
      for (std::int64_t depth = 0; depth < begin; depth += kStepDepth) {
        job.step();
        kernel.nt(a.panelHeight(i), width, std::min(kStepDepth, begin - depth), a.panel(i) + depth,
                  a.stride(i), a.panel(k) + depth, a.stride(k), a.panel(i) + begin, a.stride(i));
      }
      job.step(static_cast<std::uint64_t>(k + 1));
    });
    double* const diagonal = a.panel(k) + begin;
    if (const auto failed = factorTile(diagonal, width, a.stride(k), least.data() + begin))
      return begin + *failed;
    parallelFor(job, a.panels() - k - 1, [&](std::int64_t block) {
      const std::int64_t i = k + 1 + block;
      job.step();
      kernel.right(width, a.panelHeight(i), diagonal, a.stride(k), a.panel(i) + begin, a.stride(i));
    });
  }
  return std::nullopt;
}

void visitInverse(const LowerTriangle& l, const InverseColumns& visit, JobContext& job) {
  const DoubleKernels kernel = kernels();
  parallelFor(job, l.panels(), [&](std::int64_t p) {
    const std::vector<double> x = inverseColumns(l, p, kernel, job);
    visit(p * kTile, l.panelHeight(p), x);
  });
}

std::vector<double> inverseDiagonal(const LowerTriangle& l, JobContext& job) {
  std::vector<double> diagonal(sized(l.size()), 0.0);
  const auto add = [&](std::int64_t first, std::int64_t width, std::span<const double> x) {
    double* const out = diagonal.data() + first;
    for (std::size_t row = 0; row < x.size(); row += sized(width))
      for (std::int64_t j = 0; j < width; ++j) {
        const double value = x[row + sized(j)];
        out[j] += value * value;
      }
  };
  visitInverse(l, add, job);
  return diagonal;
}

void solveCholesky(const LowerTriangle& l, std::span<double> x, JobContext& job) {
  QL_ASSERT(x.size() == sized(l.size()));
  for (std::int64_t i = 0; i < l.size(); ++i) {
    if (i % kSolveRows == 0) job.step();
    const std::span<const double> row = l.row(i);
    double sum = x[sized(i)];
    for (std::size_t k = 0; k + 1 < row.size(); ++k) sum -= row[k] * x[k];
    x[sized(i)] = sum / row.back();
  }
  for (std::int64_t i = l.size() - 1; i >= 0; --i) {
    if (i % kSolveRows == 0) job.step();
    const std::span<const double> row = l.row(i);
    const double value = x[sized(i)] /= row.back();
    for (std::size_t k = 0; k + 1 < row.size(); ++k) x[k] -= row[k] * value;
  }
}

}  // namespace ql
