#pragma once
// Hessian salience: what each weight costs when it is taken away, from the second moment of the layer's
// input. A weight's salience is w^2 times a factor of its column; this file makes the factors, the columns'
// sums and the conditioning. Elements as a matrix: salience_source.h. Channels over a threshold:
// outlier_census.h.
#include "core/jobs/job_context.h"
#include "core/stats/site_moment.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ql {

/// Which of the definitions in use. H = 2 M + damping, j the column.
///   Obs         w^2 / [H^-1]_jj      twice the least squared output error a token that removing w adds
///   BillmCode   w^2 / U_jj^2         U^T U = H^-1, U upper: the same, for what is left behind column j
///   BillmPaper  w^2 / [H^-1]_jj^2    as printed
/// Sources: Hassibi & Stork 1993 (Optimal Brain Surgeon); SparseGPT, arXiv:2301.00774; BiLLM,
/// arXiv:2402.04291, eq. 3 and utils/structure.py.
enum class SalienceMode { Obs, BillmCode, BillmPaper };
std::string_view salienceModeName(SalienceMode mode);  // "obs", "billm_code", "billm_paper"
std::optional<SalienceMode> salienceModeFromName(std::string_view name);

/// Diagonals of the inverse of H, where H = 2 M, H_jj := 1 for dead channels, and then damping times the mean
/// of the diagonal is added to it (as GPTQ and BiLLM do: their H is a multiple of this one, which scales all
/// saliences alike).
struct InverseHessian {
  double damping = 0;           // asked for, as a share of the mean of the diagonal
  double usedDamping = 0;       // larger when H could not be factored with that
  int retries = 0;              // each ten times the damping before
  double added = 0;             // to the diagonal, in units of H
  std::vector<double> inverse;  // [width] [H^-1]_jj
  std::vector<double> upper;    // [width] U_jj
  double conditionNumber = 0;   // of H with the damping; both ends by Lanczos steps
};

/// The damping is multiplied by ten at most three times when the factorization fails. n^3 / 3 multiply-adds,
/// 4 n^2 bytes; bits do not depend on threads; steps the job by inverseHessianUnits(), more with retries.
/// Throws Error(Numeric) when three retries do not help, Error(Usage) for a damping outside 0..1000.
InverseHessian invertHessian(const SiteMoment& site, double damping, JobContext& job);
std::uint64_t inverseHessianUnits(const SiteMoment& site);
std::uint64_t inverseHessianBytes(std::int64_t width);

/// [width] what w^2 is multiplied with; 0 for dead channels.
std::vector<double> salienceFactors(const SiteMoment& site, const InverseHessian& inverse, SalienceMode mode);

/// Columns by the sum of their weights' saliences.
struct ColumnSalience {
  std::vector<double> sums;         // [in]
  std::vector<std::int64_t> order;  // columns, largest sum first, ties by number
  std::vector<double> cumulative;   // [in] share of the total in the first columns of `order`
  double total = 0;
  std::int64_t topCount = 0;  // 1 % of the columns, rounded up
  double concentration = 0;   // share of the total in those; 0 when the total is
};
/// `energy` [in]: sum over rows of w^2.
ColumnSalience columnSalience(std::span<const double> factors, std::span<const double> energy);
/// The first `count` columns of a ranking, ascending.
std::vector<std::int64_t> topColumns(const ColumnSalience& columns, std::int64_t count);

}  // namespace ql
