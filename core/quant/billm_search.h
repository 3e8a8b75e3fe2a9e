#pragma once
// BiLLM's two searches over a block of columns: which columns are salient, and where the other weights are
// cut in two by magnitude. What is done with the answer: billm_quantizer.h.
#include "core/jobs/job_context.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// The numbers that are searched, [rows, columns] row-major. A NaN takes no part; no infinities.
struct BillmTarget {
  std::span<const float> values;
  std::size_t columns = 0;
  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

struct BillmSplit {
  std::vector<std::size_t> salient;  // columns of the block, largest score first
  float breakPoint = 0;              // others with |z| < breakPoint are dense, with |z| >= breakPoint sparse
};

/// [columns] sum over rows of |z|, in double.
std::vector<double> billmScores(const BillmTarget& target, JobContext& job);

/// The number of columns that the count of salient ones is searched below: 50, or the block's width where it
/// is narrower (the published code stops there with an error).
inline constexpr std::size_t kBillmCandidates = 50;

/// Counts k = 1.. of salient columns, taken by score (ties: the lower column first), against the error of
/// binarizing them with order 2 and the others with `otherOrder`; then the break point among the 81 quantiles
/// 0.10, 0.11, .. 0.90 of |z| (numpy's linear interpolation in float32, the zeros of masked columns counted)
/// against the error of order 1 on both sides. The first of equals wins. A single column is never salient.
///
/// Sorts every row once; each of the 49 counts then costs two insertions, each of the thresholds a few steps
/// in the sorted row: no sweep. Sums in double by tiles of rows, merged in order: the same bits for any
/// number of threads. Source: Aaronhuang-778/BiLLM, utils/autosearch.py, structural_searching (up_lim = 50).
BillmSplit billmSearch(const BillmTarget& target, std::span<const double> scores, int otherOrder,
                       JobContext& job);

/// The 81 shares torch.linspace(0.10, 0.90, 81) in float32, last bits included.
std::vector<float> billmShares();
/// Quantiles of `zeros` zeros and `values` (not negative, any order, reordered) as numpy.quantile finds them
/// in float32. All 0 when there is nothing.
std::vector<float> billmQuantiles(std::vector<float>& values, std::size_t zeros);

}  // namespace ql
