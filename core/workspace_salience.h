#pragma once
// Hessian salience of the linears of an opened model: from the statistics at hand to figures with their
// provenance. The maths is core/evaluate/salience.h.
#include "core/base/evidence.h"
#include "core/evaluate/outlier_census.h"
#include "core/evaluate/salience.h"
#include "core/evaluate/salience_source.h"
#include "core/workspace.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace ql {

/// M of a linear's input and where it comes from. All linears of a site share one.
struct SalienceBasis {
  std::size_t site = 0;
  SiteMoment moment;
  SiteExtremes extremes;
  std::vector<float> inputAbsmax;  // [in] over all tokens; empty when not known
  Evidence evidence;
};

/// Reads the site's statistics; the conditioning of M takes some 64 products with it. Throws
/// Error(Unsupported) when there are no activations of this linear's input, and what siteMoment() throws.
std::shared_ptr<const SalienceBasis> salienceBasis(Workspace& workspace, LinearId id, JobContext& job);

/// invertHessian() unless memory does not suffice: Error(Unsupported) says how much it takes.
InverseHessian salienceInverse(const SalienceBasis& basis, double damping, JobContext& job);

/// The linear's weight statistics, measured when they are not there yet.
std::shared_ptr<const WeightStats> salienceWeights(Workspace& workspace, LinearId id, JobContext& job);

/// What is known of the columns of one linear under one definition and damping.
struct SalienceReport {
  SalienceMode mode = SalienceMode::Obs;
  std::vector<double> factors;  // [in]
  ColumnSalience columns;
  // The most salient 1 % of the columns against as many of the largest |W| and of the largest |X|, and
  // against all channels whose |x| reaches the threshold. Nothing where |X| is not known.
  ChannelOverlap withWeights;
  std::optional<ChannelOverlap> withInputs, withOutliers;
  double threshold = kLlmInt8Threshold;
};
SalienceReport salienceReport(const SalienceBasis& basis, const InverseHessian& inverse,
                              const WeightStats& weights, SalienceMode mode,
                              double threshold = kLlmInt8Threshold);

/// w^2 times the factors, as rows. Throws Error(Unsupported) when only a statistics file is open.
std::shared_ptr<const WeightSource> salienceSource(const Workspace& workspace, std::vector<double> factors,
                                                   float threshold = 0);

/// Extremes of every site with statistics, in the model's order. Reads each once.
std::vector<SiteExtremes> outlierCensus(Workspace& workspace, JobContext& job);

/// What the second moments of all sites take together in a file.
std::uint64_t momentBytes(const Model& model);
/// Below this a window keeps them without being asked: small beside any checkpoint worth calibrating.
inline constexpr std::uint64_t kSmallMomentBytes = std::uint64_t{64} << 20;

}  // namespace ql
