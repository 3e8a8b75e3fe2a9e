#include "core/linalg/hadamard.h"

#include "core/base/error.h"

#include <cstddef>

namespace ql {
namespace {

/// Sums and differences of the two halves of every stretch of 2 h values, h doubling: the butterflies.
template <class T>
void transform(T* row, std::size_t n) {
  for (std::size_t h = 1; h < n; h *= 2) {
    for (std::size_t begin = 0; begin < n; begin += 2 * h) {
      T* const low = row + begin;
      T* const high = low + h;
      for (std::size_t i = 0; i < h; ++i) {
        const T a = low[i], b = high[i];
        low[i] = a + b;
        high[i] = a - b;
      }
    }
  }
}

}  // namespace

bool isPowerOfTwo(std::int64_t n) {
  return n > 0 && (n & (n - 1)) == 0;
}

std::int64_t powerOfTwoIn(std::int64_t n) {
  QL_ASSERT(n > 0);
  return n & -n;
}

void hadamardTransform(std::span<double> row) {
  QL_ASSERT(isPowerOfTwo(static_cast<std::int64_t>(row.size())));
  transform(row.data(), row.size());
}

void hadamardTransform(std::span<float> row) {
  QL_ASSERT(isPowerOfTwo(static_cast<std::int64_t>(row.size())));
  transform(row.data(), row.size());
}

}  // namespace ql
