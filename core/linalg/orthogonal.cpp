#include "core/linalg/orthogonal.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ql {
namespace {

constexpr std::int64_t kRows = 8;             // share each reflector while it is in the cache
constexpr std::int64_t kStepFlops = 1 << 22;  // between two steps of the job: a few milliseconds

/// Vectors u_k [n - k] one behind the other with H_k = I - u_k u_k^T, and the signs of R's diagonal.
struct Reflectors {
  std::vector<double> u;
  std::vector<double> signs;
};

Reflectors reflectors(std::int64_t n, std::span<const double> gaussian) {
  Reflectors result{{gaussian.begin(), gaussian.end()},
                    std::vector<double>(static_cast<std::size_t>(n), 1.0)};
  double* u = result.u.data();
  for (std::int64_t k = 0; k < n; u += n - k, ++k) {
    const std::int64_t length = n - k;
    double square = 0;
    for (std::int64_t i = 0; i < length; ++i) square += u[i] * u[i];
    const double norm = std::sqrt(square), sign = u[0] < 0 ? -1.0 : 1.0;
    if (!(norm > 0)) continue;  // u = 0 reflects nothing
    u[0] += sign * norm;        // v = x + sign(x_0) |x| e_0, so that H x = -sign(x_0) |x| e_0
    const double scale = 1 / std::sqrt(norm * std::abs(u[0]));  // 2 / v^T v = 1 / (|x| |v_0|)
    for (std::int64_t i = 0; i < length; ++i) u[i] *= scale;
    result.signs[static_cast<std::size_t>(k)] = -sign;
  }
  return result;
}

/// Four chains: a plain sum waits for itself.
double dot(const double* a, const double* b, std::int64_t n) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += a[i] * b[i], s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2], s3 += a[i + 3] * b[i + 3];
  }
  for (; i < n; ++i) s0 += a[i] * b[i];
  return (s0 + s1) + (s2 + s3);
}

}  // namespace

std::size_t gaussiansFor(std::int64_t n) {
  return static_cast<std::size_t>(n) * static_cast<std::size_t>(n + 1) / 2;
}

std::vector<double> orthogonalMatrix(std::int64_t n, std::span<const double> gaussian, JobContext& job) {
  QL_ASSERT(n > 0 && gaussian.size() == gaussiansFor(n));
  const Reflectors all = reflectors(n, gaussian);
  std::vector<double> q(static_cast<std::size_t>(n * n), 0.0);
  parallelFor(job, (n + kRows - 1) / kRows, [&](std::int64_t tile) {
    const std::int64_t begin = tile * kRows, end = std::min(n, begin + kRows);
    for (std::int64_t row = begin; row < end; ++row) q[static_cast<std::size_t>(row * n + row)] = 1;
    const double* u = all.u.data();
    std::int64_t flops = 0;
    for (std::int64_t k = 0; k < n; u += n - k, ++k) {
      for (std::int64_t row = begin; row < end; ++row) {
        double* const x = q.data() + row * n + k;
        const double along = dot(x, u, n - k);
        for (std::int64_t i = 0; i < n - k; ++i) x[i] -= along * u[i];
      }
      if ((flops += kRows * 4 * (n - k)) < kStepFlops) continue;
      job.step();
      flops = 0;
    }
    for (std::int64_t row = begin; row < end; ++row)
      for (std::int64_t k = 0; k < n; ++k)
        q[static_cast<std::size_t>(row * n + k)] *= all.signs[static_cast<std::size_t>(k)];
  });
  return q;
}

}  // namespace ql
