#pragma once
// Float32 matrix products in fixed tiles as tasks of the job's arena: the same bits for any number of
// threads, and for AVX2 and AVX-512. Eigen, compiled once per instruction set and chosen at run time.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <string_view>

namespace ql {

/// A row-major matrix in memory: `stride` elements from one row to the next.
struct ConstMatrix {
  const float* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
};
struct MutableMatrix {
  float* data = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
};

/// "avx512", "avx2" or "sse2": what this machine runs. SSE2 has no fused multiply-add and other last bits.
std::string_view gemmLevel();

/// C = A B^T. A [m, k], B [n, k], C [m, n]. Parallel; cancellable within about 50 ms. Counts no work on
/// `job`. Each element is one chain of fused multiply-adds over k in panels of 256: bits do not depend on
/// threads, tile sizes, m or n.
void multiplyTransposed(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c, JobContext& job);

/// The same on the calling thread alone, for small matrices inside a task.
void multiplyTransposedSerial(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c);
/// C = A B on the calling thread. A [m, k], B [k, n], C [m, n].
void multiplySerial(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c);
/// C += A^T B on the calling thread. A [k, m], B [k, n], C [m, n].
void addTransposedProductSerial(const ConstMatrix& a, const ConstMatrix& b, const MutableMatrix& c);

}  // namespace ql
