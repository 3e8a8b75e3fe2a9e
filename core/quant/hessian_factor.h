#pragma once
// U, upper triangular with U^T U = H^-1, of a site's Hessian: what GPTQ, BiLLM and their kin pass errors on
// with. Not for saliences on the screen (evaluate/salience.h).
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"
#include "core/stats/site_moment.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ql {

/// The upper triangle of a matrix [n, n] in float32, in panels of kPanel rows: row i holds columns
/// [panelBegin(i), n), of which those before i are zero. About 2 n^2 bytes.
class UpperTriangle {
 public:
  static constexpr std::int64_t kPanel = 128;

  explicit UpperTriangle(std::int64_t n = 0);
  std::int64_t size() const { return m_size; }
  static std::int64_t panelBegin(std::int64_t row) { return row / kPanel * kPanel; }
  /// Elements from one row of a panel to the next.
  std::int64_t stride(std::int64_t row) const { return m_size - panelBegin(row); }
  /// Element (row, column), column >= panelBegin(row); the rest of the row follows it.
  float* at(std::int64_t row, std::int64_t column) { return m_values.data() + index(row, column); }
  const float* at(std::int64_t row, std::int64_t column) const {
    return m_values.data() + index(row, column);
  }
  /// Columns [i, n) of row i.
  std::span<const float> row(std::int64_t i) const {
    return {at(i, i), static_cast<std::size_t>(m_size - i)};
  }

 private:
  std::size_t index(std::int64_t row, std::int64_t column) const {
    const std::int64_t begin = panelBegin(row);
    return m_panels[static_cast<std::size_t>(row / kPanel)] +
           static_cast<std::size_t>((row - begin) * stride(row) + column - begin);
  }

  std::int64_t m_size = 0;
  std::vector<std::size_t> m_panels;  // where each begins in m_values
  std::vector<float> m_values;
};

struct HessianRequest {
  double damp = 0.01;     // share of the mean of the diagonal that is added to it
  bool actOrder = false;  // columns in order of falling diagonal instead of as they stand (BiLLM: as they
                          // stand)
};

/// H = (2 / windows) X^T X, H_jj := 1 for dead channels, columns in `order`, then `added` on the diagonal,
/// and its U. Rows of U are all that is used: while column i is quantized, e = (w_i - q_i) / U_ii, and every
/// later column k loses e U_ik.
struct HessianFactor {
  HessianOrigin origin = HessianOrigin::SecondMoment;
  std::uint64_t tokens = 0;
  std::vector<std::int64_t> order;  // the column at each place
  std::vector<double> diagonal;     // [n] of H without damping, by place; 1 where dead
  std::vector<std::uint8_t> dead;   // [n] by place: channels that were always zero
  double damp = 0, usedDamp = 0;    // asked for; larger when H could not be factored with that
  int retries = 0;                  // each ten times the damping before
  double added = 0;                 // usedDamp times the mean of the diagonal
  /// Nothing off the diagonal: only the mean of x^2 is known, or H could not be factored at all. Then `upper`
  /// is empty, and no error can be passed on: rounding to nearest is what is left.
  bool isDiagonal = false;
  UpperTriangle upper;
  std::vector<float> upperDiagonal;  // [n] U_jj
  std::vector<Fallback> fallbacks;   // what went otherwise than asked

  std::int64_t size() const { return static_cast<std::int64_t>(diagonal.size()); }
};

/// Source: Frantar et al. 2022, arXiv:2210.17323, and IST-DASLab/gptq gptq.py (there the inverse is formed
/// and factored again; here H read backwards is factored as L L^T, and U is L^-1 read backwards). In double,
/// rounded to float32 once; n^3 / 3 multiply-adds in all, same bits for any number of threads. When H is
/// singular to rounding the damping is multiplied by ten, at most three times; after that isDiagonal.
/// The two factors used last are kept as long as their second moments live, so that readers of one site
/// (q, k, v) and several schemes share the work. Adds its steps to what the job expects. Throws what
/// siteMoment() throws, Error(Usage) for a damping that is not within 0..1000, Cancelled.
std::shared_ptr<const HessianFactor> hessianFactor(const ActivationStats& stats,
                                                   const HessianRequest& request, JobContext& job);

/// Lets go of the factors that are kept.
void forgetHessianFactors();

}  // namespace ql
