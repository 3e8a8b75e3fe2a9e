#include "core/workspace_salience.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/memory_plan.h"
#include "core/workspace_state.h"

#include <algorithm>

namespace ql {
namespace {

std::string methodText(const SiteMoment& moment) {
  const std::string tokens = withThousands(moment.tokens);
  switch (moment.origin) {
    case HessianOrigin::SecondMoment:
      return "Hessian of the second moment of " + tokens + " tokens";
    case HessianOrigin::Sample:
      return "Hessian of a sample of " + tokens + " tokens, rank <= " + tokens;
    case HessianOrigin::Diagonal:
      break;
  }
  return "diagonal Hessian of " + tokens + " tokens (mean of x^2 alone)";
}

Evidence evidenceOf(const SiteMoment& moment, const ActivationStats& stats) {
  Evidence evidence = stats.evidence;
  evidence.method = methodText(moment);
  evidence.kind =
      moment.origin == HessianOrigin::SecondMoment ? Evidence::Kind::Exact : Evidence::Kind::Sampled;
  evidence.n = static_cast<std::int64_t>(moment.tokens);
  evidence.interval.reset();
  evidence.level = "activations";
  return evidence;
}

}  // namespace

std::shared_ptr<const SalienceBasis> salienceBasis(Workspace& workspace, LinearId id, JobContext& job) {
  const Linear& linear = workspace.model().linears.at(id);
  const auto stats = linear.site ? workspace.activations(*linear.site) : nullptr;
  if (!stats)
    throw Error(ErrorCode::Unsupported, "There are no activations of the input of " +
                                            quotedText(linear.name) +
                                            "; calibrate on text (qloupe analyze --calibration), or import "
                                            "them.");
  job.setStage("Reading the input of " + linear.name);
  auto basis = std::make_shared<SalienceBasis>();
  basis->site = *linear.site;
  basis->moment = siteMoment(*stats, job);
  basis->extremes = siteExtremes(*linear.site, *stats);
  basis->inputAbsmax = stats->all.absmax;
  basis->evidence = evidenceOf(basis->moment, *stats);
  return basis;
}

InverseHessian salienceInverse(const SalienceBasis& basis, double damping, JobContext& job) {
  const std::int64_t width = basis.moment.width;
  const std::uint64_t needed = inverseHessianBytes(width), most = remainingBudget(0);
  if (basis.moment.moment && needed > most)
    throw Error(ErrorCode::Unsupported, "The Hessian of " + withThousands(static_cast<std::uint64_t>(width)) +
                                            " channels takes " + memoryText(needed) + " of memory, and " +
                                            memoryText(most) +
                                            " may be used; close other programs or use a larger machine.");
  job.setStage("Factoring the Hessian of " + withThousands(static_cast<std::uint64_t>(width)) + " channels");
  job.expect(inverseHessianUnits(basis.moment));
  return invertHessian(basis.moment, damping, job);
}

std::shared_ptr<const WeightStats> salienceWeights(Workspace& workspace, LinearId id, JobContext& job) {
  if (auto stats = workspace.weightStats(id)) return stats;
  const auto& state = WorkspaceAccess::state(workspace);
  job.setStage("Measuring " + workspace.model().linears.at(id).name);
  state.requireWeights("salience");
  job.expect(state.statsUnits(id));
  return std::make_shared<const WeightStats>(state.measureStats(id, job));
}

SalienceReport salienceReport(const SalienceBasis& basis, const InverseHessian& inverse,
                              const WeightStats& weights, SalienceMode mode, double threshold) {
  SalienceReport report;
  report.mode = mode;
  report.threshold = threshold;
  report.factors = salienceFactors(basis.moment, inverse, mode);
  report.columns = columnSalience(report.factors, weights.columns.sumSq);
  const std::int64_t count = report.columns.topCount;
  const std::vector<std::int64_t> top = topColumns(report.columns, count);
  report.withWeights = overlapOf(top, largestChannels(weights.columns.absmax, count));
  if (basis.inputAbsmax.empty()) return report;
  report.withInputs = overlapOf(top, largestChannels(basis.inputAbsmax, count));
  report.withOutliers = overlapOf(top, channelsFrom(basis.inputAbsmax, threshold));
  return report;
}

std::shared_ptr<const WeightSource> salienceSource(const Workspace& workspace, std::vector<double> factors,
                                                   float threshold) {
  const auto& state = WorkspaceAccess::state(workspace);
  state.requireWeights("the salience of single weights");
  return std::make_shared<SalienceSource>(state.source, std::move(factors), threshold);
}

std::vector<SiteExtremes> outlierCensus(Workspace& workspace, JobContext& job) {
  std::vector<SiteExtremes> census;
  const std::size_t count = workspace.model().sites.size();
  job.setStage("Counting outlier channels");
  job.expect(count);
  for (std::size_t site = 0; site < count; ++site) {
    const auto stats = workspace.activationSummary(site) ? workspace.activations(site) : nullptr;
    if (stats && stats->hasExtremes()) census.push_back(siteExtremes(site, *stats));
    job.step(1);
  }
  return census;
}

std::uint64_t momentBytes(const Model& model) {
  std::uint64_t bytes = 0;
  for (const Site& site : model.sites) {
    const std::uint64_t own = SecondMoment::bytesFor(site.width);
    bytes = own > UINT64_MAX - bytes ? UINT64_MAX : bytes + own;
  }
  return bytes;
}

}  // namespace ql
