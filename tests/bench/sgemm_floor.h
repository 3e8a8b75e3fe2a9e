#pragma once
// The rate of float32 matrix products that this machine reaches with nothing in the way.
#include <cstdint>

namespace ql::bench {

/// C [m, n] = A [m, k] B [n, k]^T by one whole call a thread of Eigen, compiled for this very CPU: no tiles,
/// no cancellation, bits that depend on the machine. Each thread takes a range of rows.
void wholeProduct(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c,
                  int threads);

}  // namespace ql::bench
