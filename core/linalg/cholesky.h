#pragma once
// Cholesky factorization of a symmetric positive definite matrix in double, and what is asked of its inverse:
// the diagonal, products, and L^-1 by columns. The inverse itself is never formed.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// The lower triangle of a matrix [n, n] in double, in panels of kTile rows: row i holds columns [0, i] and
/// what is left of its diagonal tile (not used). About 4 n^2 bytes.
class LowerTriangle {
 public:
  static constexpr std::int64_t kTile = 128;

  explicit LowerTriangle(std::int64_t n);
  static std::uint64_t bytesFor(std::int64_t n);

  std::int64_t size() const { return m_size; }
  std::int64_t panels() const { return (m_size + kTile - 1) / kTile; }
  std::int64_t panelHeight(std::int64_t panel) const;
  /// Elements from one row of a panel to the next.
  std::int64_t stride(std::int64_t panel) const { return panel * kTile + panelHeight(panel); }
  double* panel(std::int64_t panel) { return m_values.data() + m_begin[static_cast<std::size_t>(panel)]; }
  const double* panel(std::int64_t panel) const {
    return m_values.data() + m_begin[static_cast<std::size_t>(panel)];
  }
  /// Columns [0, i] of row i.
  std::span<double> row(std::int64_t i);
  std::span<const double> row(std::int64_t i) const;

 private:
  std::int64_t m_size;
  std::vector<std::size_t> m_begin;  // of each panel in m_values
  std::vector<double> m_values;
};

/// A := L with A = L L^T, in place. Returns the index of the first pivot that is not positive, up to rounding
/// (2 (n + 1) eps A_jj; then A is of no use any more), or nothing. Left-looking by tiles, each owned by one
/// task: the same bits for any number of threads on one CPU model. n^3 / 6 multiply-adds; cancellable within
/// 50 ms; steps the job by choleskyUnits(n) in all. Source: Golub & Van Loan, Matrix Computations, 4th
/// ed., 4.2.
std::optional<std::int64_t> factorCholesky(LowerTriangle& a, JobContext& job);

/// [n] diagonal of (L L^T)^-1: the squared norms of the columns of L^-1, a sum without cancellation. Columns
/// of L^-1 are made panel by panel and dropped: kTile * n doubles a thread. n^3 / 6 multiply-adds; bits and
/// cancellation as above; steps the job by choleskyUnits(n) in all.
std::vector<double> inverseDiagonal(const LowerTriangle& l, JobContext& job);

/// Takes columns [first, first + width) of L^-1 from row `first` on: x [n - first, width] row-major.
using InverseColumns = std::function<void(std::int64_t first, std::int64_t width, std::span<const double> x)>;

/// Hands L^-1 out panel by panel, in no fixed order and from several threads at once. Cost, bits,
/// cancellation and steps as of inverseDiagonal().
void visitInverse(const LowerTriangle& l, const InverseColumns& visit, JobContext& job);

/// x [n] := (L L^T)^-1 x, on the calling thread, n^2 multiply-adds. Counts no work on `job`.
void solveCholesky(const LowerTriangle& l, std::span<double> x, JobContext& job);

/// In proportion to the time that factorCholesky() and inverseDiagonal() take each.
std::uint64_t choleskyUnits(std::int64_t n);

}  // namespace ql
