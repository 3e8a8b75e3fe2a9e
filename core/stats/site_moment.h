#pragma once
// The second moment M of a site's input, from the best that its statistics support.
#include "core/jobs/job_context.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace ql {

/// What M is made of. A sample of n tokens gives a matrix of rank n at most, the rest of H is damping; a
/// diagonal alone (an imatrix) gives w^2 H_jj, Optimal Brain Damage (LeCun et al. 1990).
enum class HessianOrigin { SecondMoment, Sample, Diagonal };
std::string_view hessianOriginName(HessianOrigin origin);  // "second moment", "token sample", "diagonal"

/// M = X^T X / T of a site and what does not depend on the damping.
struct SiteMoment {
  std::int64_t width = 0;
  HessianOrigin origin = HessianOrigin::SecondMoment;
  std::uint64_t tokens = 0;                    // behind M
  double tokensPerWindow = 1;                  // all tokens over windows (first tokens); all when unknown
  std::shared_ptr<const SecondMoment> moment;  // null for a diagonal
  std::vector<double> diagonal;                // [width] of M
  std::vector<std::int64_t> dead;              // channels that were always zero, ascending
  double largestEigenvalue = 0;                // of M; the largest M_jj without the spectrum
  double effectiveRank = 0;                    // tr(M)^2 / |M|_F^2; that of the diagonal without the spectrum
};

/// The best that the statistics support: the second moment, else the token sample, else the diagonal. Throws
/// Error(Unsupported) for none of them, Error(Numeric) for values that are not finite. Methods that only want
/// M leave the spectrum out: it costs a few dozen products with M.
SiteMoment siteMoment(const ActivationStats& stats, JobContext& job, bool withSpectrum = true);

}  // namespace ql
