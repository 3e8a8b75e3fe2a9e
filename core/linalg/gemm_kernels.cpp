// Choice of the instruction set at run time, and the padding that makes the bits of all levels with fused
// multiply-add the same.
#include "core/linalg/gemm_kernels.h"

#include "core/base/error.h"
#include "core/linalg/gemm.h"

#include <algorithm>
#include <atomic>

#define QL_DECLARE_PRODUCT(name)                                                                        \
  void name(std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, const float*, std::ptrdiff_t, const float*, \
            std::ptrdiff_t, float*, std::ptrdiff_t, int);
#define QL_DECLARE_LEVEL(level)                                                                          \
  extern "C" {                                                                                           \
  QL_DECLARE_PRODUCT(ql_product_nt_##level)                                                              \
  QL_DECLARE_PRODUCT(ql_product_nn_##level)                                                              \
  QL_DECLARE_PRODUCT(ql_product_tn_##level)                                                              \
  void ql_symmetric_##level(std::ptrdiff_t, std::ptrdiff_t, const float*, std::ptrdiff_t, const double*, \
                            double*, const double*, double*);                                            \
  void ql_widen_bf16_##level(std::ptrdiff_t, const unsigned char*, float*);                              \
  void ql_widen_f16_##level(std::ptrdiff_t, const unsigned char*, float*);                               \
  void ql_init_##level();                                                                                \
  }
#define QL_LEVEL_TABLE(name, level)                                                                  \
  GemmKernels {                                                                                      \
    name, ql_product_nt_##level, ql_product_nn_##level, ql_product_tn_##level, ql_symmetric_##level, \
        ql_widen_bf16_##level, ql_widen_f16_##level                                                  \
  }

QL_DECLARE_LEVEL(v1)
#if defined(QL_LINALG_X86_LEVELS)
QL_DECLARE_LEVEL(v3)
QL_DECLARE_LEVEL(v4)
#endif

namespace ql {
namespace {

/// The levels this machine can run, best first. Asks for exactly the features of core/CMakeLists.txt.
std::vector<GemmKernels> availableLevels() {
  std::vector<GemmKernels> levels;
#if defined(QL_LINALG_X86_LEVELS)
  __builtin_cpu_init();
  const bool hasAvx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAvx512 = hasAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512vl");
  if (hasAvx512) {
    ql_init_v4();
    levels.push_back(QL_LEVEL_TABLE("avx512", v4));
  }
  if (hasAvx2) {
    ql_init_v3();
    levels.push_back(QL_LEVEL_TABLE("avx2", v3));
  }
#endif
  ql_init_v1();
  levels.push_back(QL_LEVEL_TABLE("sse2", v1));
  return levels;
}

const std::vector<GemmKernels>& levels() {
  static const std::vector<GemmKernels> all = availableLevels();
  return all;
}

std::atomic<const GemmKernels*>& chosenLevel() {
  static std::atomic<const GemmKernels*> chosen{&levels().front()};
  return chosen;
}

GemmKernels::Product kernelOf(ProductKind kind) {
  const GemmKernels& kernels = gemmKernels();
  return kind == ProductKind::Nt ? kernels.nt : kind == ProductKind::Nn ? kernels.nn : kernels.tn;
}

void copyRows(std::int64_t rows, std::int64_t columns, const float* from, std::int64_t fromStride, float* to,
              std::int64_t toStride) {
  for (std::int64_t r = 0; r < rows; ++r) std::copy_n(from + r * fromStride, columns, to + r * toStride);
}

/// One row: computed as the first of two. The second is zero.
void productOfOneRow(ProductKind kind, const ProductShape& shape, const float* a, std::int64_t lda,
                     const float* b, std::int64_t ldb, float* c, bool isAdded) {
  const bool isColumn = kind == ProductKind::Tn;
  std::vector<float> two(static_cast<std::size_t>(2 * shape.k)), out(static_cast<std::size_t>(2 * shape.n));
  if (isColumn) {
    copyRows(shape.k, 1, a, lda, two.data(), 2);
  } else {
    copyRows(1, shape.k, a, lda, two.data(), shape.k);
  }
  if (isAdded) copyRows(1, shape.n, c, shape.n, out.data(), shape.n);
  productSerial(kind, {2, shape.n, shape.k}, two.data(), isColumn ? 2 : shape.k, b, ldb, out.data(), shape.n,
                isAdded);
  copyRows(1, shape.n, out.data(), shape.n, c, shape.n);
}

/// The last columns, fewer than a unit, with columns of zeros beside them.
void productOfTail(ProductKind kind, const ProductShape& shape, const float* a, std::int64_t lda,
                   const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool isAdded) {
  const bool isRows = kind == ProductKind::Nt;  // a column of the product is a row of B
  std::vector<float> padded(static_cast<std::size_t>(kColumnUnit * shape.k));
  std::vector<float> out(static_cast<std::size_t>(shape.m * kColumnUnit));
  if (isRows) {
    copyRows(shape.n, shape.k, b, ldb, padded.data(), shape.k);
  } else {
    copyRows(shape.k, shape.n, b, ldb, padded.data(), kColumnUnit);
  }
  if (isAdded) copyRows(shape.m, shape.n, c, ldc, out.data(), kColumnUnit);
  kernelOf(kind)(shape.m, kColumnUnit, shape.k, a, lda, padded.data(), isRows ? shape.k : kColumnUnit,
                 out.data(), kColumnUnit, isAdded ? 1 : 0);
  copyRows(shape.m, shape.n, out.data(), kColumnUnit, c, ldc);
}

}  // namespace

const GemmKernels& gemmKernels() {
  return *chosenLevel().load(std::memory_order_relaxed);
}

bool forceGemmLevel(std::string_view name) {
  for (const GemmKernels& level : levels()) {
    if (!name.empty() && level.name != name) continue;
    chosenLevel().store(&level, std::memory_order_relaxed);
    return true;
  }
  return false;
}

std::string_view gemmLevel() {
  return gemmKernels().name;
}

void productSerial(ProductKind kind, const ProductShape& shape, const float* a, std::int64_t lda,
                   const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool isAdded) {
  const auto [m, n, k] = shape;
  if (m <= 0 || n <= 0) return;
  if (k <= 0) {
    for (std::int64_t r = 0; r < m && !isAdded; ++r) std::fill_n(c + r * ldc, n, 0.0f);
    return;
  }
  if (m == 1) return productOfOneRow(kind, shape, a, lda, b, ldb, c, isAdded);
  const std::int64_t whole = n - n % kColumnUnit;
  if (whole > 0) kernelOf(kind)(m, whole, k, a, lda, b, ldb, c, ldc, isAdded ? 1 : 0);
  if (whole == n) return;
  const float* const tail = kind == ProductKind::Nt ? b + whole * ldb : b + whole;
  productOfTail(kind, {m, n - whole, k}, a, lda, tail, ldb, c + whole, ldc, isAdded);
}

std::int64_t stripWidth(std::int64_t columns, int threads) {
  constexpr std::int64_t kMostUnits = 8;  // 384: measured best of 240 to 768 with 512 rows
  const std::int64_t units = (columns + kColumnUnit - 1) / kColumnUnit;
  const std::int64_t least = (units + kMostUnits - 1) / kMostUnits;
  const std::int64_t strips = std::max<std::int64_t>((least + threads - 1) / threads * threads, 1);
  return std::max<std::int64_t>((units + strips - 1) / strips, 1) * kColumnUnit;
}

}  // namespace ql
