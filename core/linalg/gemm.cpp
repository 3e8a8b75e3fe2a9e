#include "core/linalg/gemm.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm_kernels.h"

#include <algorithm>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 512;
// A tile of 512 x 384 stops after so much of k: 3 ms with AVX-512, 16 ms with SSE2.
constexpr std::int64_t kStepDepth = 4 * kChain;

void checkMatrix(const ConstMatrix& matrix) {
  QL_ASSERT(matrix.rows >= 0 && matrix.columns >= 0);
  QL_ASSERT(matrix.rows <= 1 || matrix.stride >= matrix.columns);
  QL_ASSERT(matrix.data != nullptr || matrix.rows == 0 || matrix.columns == 0);
}

ConstMatrix asConst(const MutableMatrix& matrix) {
  return {matrix.data, matrix.rows, matrix.columns, matrix.stride};
}

void checkShapes(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c) {
  checkMatrix(a);
  checkMatrix(b);
  checkMatrix(asConst(c));
}

}  // namespace

void multiplyTransposed(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c, JobContext& job) {
  checkShapes(a, b, c);
  QL_ASSERT(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows);
  const std::int64_t m = a.rows, n = b.rows, k = a.columns;
  const std::int64_t width = stripWidth(n, job.threads());
  const std::int64_t strips = (n + width - 1) / width, tiles = (m + kTileRows - 1) / kTileRows;
  parallelFor(job, strips * tiles, [&](std::int64_t block) {
    const std::int64_t column = block / tiles * width, row = block % tiles * kTileRows;
    const std::int64_t height = std::min(kTileRows, m - row), breadth = std::min(width, n - column);
    std::int64_t p = 0;
    do {
      job.step();
      productSerial(ProductKind::Nt, {height, breadth, std::min(kStepDepth, k - p)},
                    a.data + row * a.stride + p, a.stride, b.data + column * b.stride + p, b.stride,
                    c.data + row * c.stride + column, c.stride, p > 0);
      p += kStepDepth;
    } while (p < k);
  });
}

void multiplyTransposedSerial(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c) {
  checkShapes(a, b, c);
  QL_ASSERT(a.columns == b.columns && c.rows == a.rows && c.columns == b.rows);
  productSerial(ProductKind::Nt, {a.rows, b.rows, a.columns}, a.data, a.stride, b.data, b.stride, c.data,
                c.stride, false);
}

void multiplySerial(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c) {
  checkShapes(a, b, c);
  QL_ASSERT(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns);
  productSerial(ProductKind::Nn, {a.rows, b.columns, a.columns}, a.data, a.stride, b.data, b.stride, c.data,
                c.stride, false);
}

void addTransposedProductSerial(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c) {
  checkShapes(a, b, c);
  QL_ASSERT(a.rows == b.rows && c.rows == a.columns && c.columns == b.columns);
  productSerial(ProductKind::Tn, {a.columns, b.columns, a.rows}, a.data, a.stride, b.data, b.stride, c.data,
                c.stride, true);
}

}  // namespace ql
