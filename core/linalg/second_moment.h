#pragma once
// X^T X of a site's input in float32, the upper triangle only, in panels of rows.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// Accumulates sum over tokens of x x^T for X [tokens, n]. Panel p holds rows [p * kPanel, ...) from column
/// p * kPanel on (its first tile is whole, both halves), so memory is about half of n^2 floats. Tiles are
/// owned by one task each: same bits for any number of threads. Non-finite rows must be left out by the
/// caller. Accuracy: 1e-5 of sqrt(M_ii M_jj) for 10^5 tokens in calls of 512 or more; why: second_moment.cpp.
class SecondMoment {
 public:
  static constexpr std::int64_t kPanel = 384;

  explicit SecondMoment(std::int64_t n);
  static std::uint64_t bytesFor(std::int64_t n);

  std::int64_t size() const { return m_size; }
  std::uint64_t tokens() const { return m_tokens; }
  std::uint64_t bytes() const;

  /// Adds X [tokens, n]. Parallel. Counts no work on `job`. Of no use any more once Cancelled was thrown.
  void add(std::span<const float> x, std::int64_t tokens, JobContext& job);
  /// Adds another one's sums (data-parallel calibration). QL_ASSERT equal sizes.
  void merge(const SecondMoment& other);

  /// Element of X^T X (not divided), i and j in any order.
  float sum(std::int64_t i, std::int64_t j) const;
  /// Rows [i, panel end) of a panel as stored: row i begins at column (i / kPanel) * kPanel.
  std::span<const float> storedRow(std::int64_t i) const;
  /// The diagonal of M = X^T X / T, [n].
  std::vector<double> diagonal() const;
  /// Row i of M (divided by T), [n]: both halves.
  void row(std::int64_t i, std::span<float> out) const;
  /// y = M v, v and y [n], not the same, in double accumulation over tiles. Parallel.
  void multiply(std::span<const double> v, std::span<double> y, JobContext& job) const;
  /// out [rows, n] = D [rows, n] M in float32, not in place. Parallel GEMM by tiles of the triangle.
  void multiplyRows(std::span<const float> d, std::int64_t rows, std::span<float> out, JobContext& job) const;

  /// All stored floats, panel after panel, for the statistics file; and back. Throws Error(Store) for a wrong
  /// count.
  std::span<const float> values() const { return m_values; }
  static SecondMoment fromValues(std::int64_t n, std::uint64_t tokens, std::vector<float> values);

 private:
  std::int64_t m_size = 0;
  std::uint64_t m_tokens = 0;
  std::vector<std::size_t> m_panelBegin;  // into m_values
  std::vector<float> m_values;
};

/// Extremes of the spectrum of M by the Lanczos method with full re-orthogonalisation (Golub & Van
/// Loan 10.3). All 0 for no tokens or nothing but zeros; all NaN when the sums are not finite.
struct Conditioning {
  double largestEigenvalue = 0, smallestEigenvalue = 0;  // smallest Ritz value: an upper bound, see steps
  double conditionNumber = 0;  // largest over max(smallest, eps * largest), eps = 2^-23: sums are float32
  double effectiveRank = 0;    // tr(M)^2 / |M|_F^2
  int steps = 0;
};
Conditioning conditioning(const SecondMoment& moment, JobContext& job, int steps = 64);

}  // namespace ql
