#pragma once
// A matrix product in double on the calling thread, for what float32 is too coarse for: rotating weights.
#include <cstdint>

namespace ql {

/// C [m, n] = A [m, k] B [k, n], all row-major with strides in elements; C is none of the others. The same
/// bits for every call on one CPU model; rows of C do not depend on m. Thread-safe.
void multiplyDouble(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, std::int64_t strideA,
                    const double* b, std::int64_t strideB, double* c, std::int64_t strideC);

}  // namespace ql
