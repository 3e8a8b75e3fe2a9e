// Compiled with -march=native, as no file of the product is.
#include "sgemm_floor.h"

#define EIGEN_DONT_PARALLELIZE
#include <Eigen/Core>

#include <thread>
#include <vector>

namespace ql::bench {

void wholeProduct(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float* c,
                  int threads) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto part = [&](int thread) {
    const std::int64_t begin = m * thread / threads, end = m * (thread + 1) / threads;
    const Eigen::Map<const Matrix> left(a + begin * k, end - begin, k), right(b, n, k);
    Eigen::Map<Matrix>(c + begin * n, end - begin, n).noalias() = left * right.transpose();
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(part, t);
  part(0);
  for (std::thread& thread : others) thread.join();
}

}  // namespace ql::bench
