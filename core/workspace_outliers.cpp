#include "core/workspace_outliers.h"

#include "core/base/error.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::uint64_t kReads = 4;

void requireSound(const OutlierRequest& request) {
  const auto& rules = outlierRuleNames();
  if (std::find(rules.begin(), rules.end(), request.rule) == rules.end())
    throw Error(ErrorCode::Usage, "The rule \"" + request.rule + "\" for outliers is not known; use " +
                                      rules.front() + " or " + rules.back() + ".");
  const bool areSound =
      std::all_of(request.ns.begin(), request.ns.end(), [](double n) { return n > 0 && std::isfinite(n); });
  if (request.ns.empty() || !areSound)
    throw Error(ErrorCode::Usage, "Outliers are counted beyond numbers above 0, e.g. --n 2,3,4,5,6.");
  if (!(request.pruneShare >= 0) || request.pruneShare > 1)
    throw Error(ErrorCode::Usage, "The share of weights set to zero lies between 0 and 1, e.g. 0.01.");
}

/// E[x_j^2] of the input; empty when it is not known or always zero.
std::vector<float> meanSquaresOf(const Workspace& workspace, const Linear& linear) {
  const auto stats = linear.site ? workspace.activations(*linear.site) : nullptr;
  if (!stats || !stats->hasDiagonal() || stats->width != linear.in()) return {};
  std::vector<float> result;
  for (std::size_t j = 0; j < static_cast<std::size_t>(stats->width); ++j)
    result.push_back(static_cast<float>(stats->all.meanSq(j)));
  return result;
}

void add(OutlierSums& sums, const WeightOutliers& layer) {
  ++sums.layers;
  sums.weights += layer.spread.count;
  sums.counts.resize(layer.counts.size());
  for (std::size_t i = 0; i < layer.counts.size(); ++i) sums.counts[i] += layer.counts[i];
}

std::vector<LinearId> quantizable(const Model& model) {
  std::vector<LinearId> ids;
  for (LinearId id = 0; id < model.linears.size(); ++id)
    if (model.linears[id].isQuantizable) ids.push_back(id);
  return ids;
}

}  // namespace

OutlierReport outlierReport(Workspace& workspace, const OutlierRequest& request, JobContext& job) {
  requireSound(request);
  const auto& state = WorkspaceAccess::state(workspace);
  const WeightSource& source = state.requireWeights("counting outliers");
  OutlierReport report;
  report.request = request;
  const Model& model = workspace.model();
  if (request.linears.empty()) report.request.linears = quantizable(model);
  const auto units = [&](LinearId id) {
    const MatrixRef& matrix = model.linears.at(id).matrix;
    return kReads * static_cast<std::uint64_t>(matrix.out) * static_cast<std::uint64_t>(matrix.in);
  };
  for (const LinearId id : report.request.linears) job.expect(units(id));
  for (const LinearId id : report.request.linears) {
    const Linear& linear = model.linears[id];
    job.setStage("Counting outliers of " + linear.name);
    const std::vector<float> input = meanSquaresOf(workspace, linear);
    LayerOutliers layer;
    layer.id = id;
    layer.outliers = measureWeightOutliers(source, linear.matrix, request.ns, request.rule,
                                           request.pruneShare, input, job);
    layer.evidence.method = "weight outliers";
    layer.evidence.n = static_cast<std::int64_t>(layer.outliers.spread.count);
    layer.evidence.level = input.empty() ? "weights" : "activations";
    state.stamp(layer.evidence);
    add(report.total, layer.outliers);
    add(report.roles[std::string(roleName(linear.role))], layer.outliers);
    if (linear.block) add(report.blocks[*linear.block], layer.outliers);
    report.layers.push_back(std::move(layer));
    job.step(units(id));
  }
  return report;
}

}  // namespace ql
