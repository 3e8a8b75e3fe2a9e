#pragma once
// Orthogonal matrices from Gaussian numbers. Not for where the numbers come from.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// How many numbers orthogonalMatrix() takes.
std::size_t gaussiansFor(std::int64_t n);

/// Q [n, n] row-major, the orthogonal factor of the QR factorization of a Gaussian matrix with the signs that
/// make R's diagonal positive: uniformly distributed over the orthogonal group when `gaussian` holds
/// independent standard normal numbers. The columns of the Gaussian matrix are drawn as Householder's method
/// meets them: behind k reflections the rest of a column is Gaussian again, so column k is n - k fresh
/// numbers and nothing else of the matrix is needed. In double: |Q Q^T - I| < 1e-12 up to n = 16384. Parallel
/// over rows, the same bits for any number of threads; cancellable; counts no work on `job`. 2 n^3 flops.
/// Source: Stewart 1980, "The efficient generation of random orthogonal matrices", SIAM J. Numer. Anal. 17;
/// Mezzadri 2007, arXiv:math-ph/0609050 (the signs).
std::vector<double> orthogonalMatrix(std::int64_t n, std::span<const double> gaussian, JobContext& job);

}  // namespace ql
