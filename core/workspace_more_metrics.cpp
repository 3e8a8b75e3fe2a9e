#include "core/workspace_more_metrics.h"

#include "core/evaluate/error_figures.h"
#include "core/planned_inputs.h"

namespace ql {

MoreMetrics moreMetrics(Workspace& workspace, LinearId id, const Choice& choice, JobContext& job) {
  auto& state = WorkspaceAccess::state(workspace);
  const Linear& linear = state.model.linears.at(id);
  const WeightSource& source = state.requireWeights("measuring " + weightSchemeText(choice));
  job.setStage("Measuring " + linear.name);
  const ErrorInput input = state.errorInputFor(id, measurableSchemes(std::span(&choice, 1)));
  const auto stats = inputStatistics(state, id);
  job.expect(moreMetricsUnits(input));
  return measureMoreMetrics(source, input, choice, stats.get(), job);
}

}  // namespace ql
