#include "core/folded_plan.h"

#include "core/smoothed_ranges.h"

#include <algorithm>

namespace ql {
namespace {

using State = WorkspaceAccess::State;

/// A linear as its method sees it behind the rotations.
ErrorInput rotatedInput(State& state, const RotatedModel& rotated, const PlannedInputs& plain, LinearId id,
                        const WeightScheme& scheme, JobContext& job) {
  if (id >= state.model.linears.size()) {  // the new head: nothing was calibrated in front of it
    const Linear& head = rotated.model().linears.at(id);
    if (quantizerNeeds(scheme).activations)
      throwMissingActivations(rotated.model(), id, scheme.algorithm.name);
    ErrorInput input;
    input.matrix = head.matrix;
    input.storedBits = static_cast<double>(dtypeInfo(head.dtype).bits);
    return input;
  }
  ErrorInput input = plain.input(id, scheme);
  input.activations = rotated.behind(id, input.activations, job);
  if (!input.gain.empty() && !rotated.source()->foldedGain(input.matrix).empty())
    std::fill(input.gain.begin(), input.gain.end(), 1.0f);
  return input;
}

void fold(State& state, FoldedPlan& result, JobContext& later) {
  const PlanStatistics statistics{
      [&state](std::size_t site) { return state.activations(site); },
      [&state](const std::string& point) { return state.pointActivations(point); }};
  result.inputs = plannedInputs(state, result.factors);
  if (!result.rotated) {
    result.statistics = behindSmoothing(statistics, state.model, state.configJson, result.factors);
    return;
  }
  result.statistics = result.rotated->behind(statistics, later);
  result.inputs.input = [&state, &later, rotated = result.rotated, plain = result.inputs](
                            LinearId id, const WeightScheme& scheme) {
    return rotatedInput(state, *rotated, plain, id, scheme, later);
  };
}

}  // namespace

FoldedPlan foldPlan(State& state, const QuantizationPlan& plan, const FoldOptions& options, JobContext& job,
                    JobContext& later) {
  requireRotationAlone(plan);
  FoldedPlan result;
  result.plan = plan;
  result.source = state.source;
  const ModelRotation rotation = planRotation(plan);
  if (!rotation.isEmpty()) {
    job.setStage("Making the rotations");
    result.rotated =
        std::make_shared<const RotatedModel>(state.source, state.model, state.configJson, rotation, job);
    result.source = result.rotated->source();
    result.plan = result.rotated->planFor(plan);
    result.plan.rotations = "[]";
  }
  result.factors = state.planFactorsByGroup(plan, options.planFolder, job);
  if (options.powersOfTwo)
    for (auto& [group, s] : result.factors) roundToPowersOfTwo(s);
  if (!result.factors.empty()) {
    result.smoothed =
        std::make_shared<const SmoothedSource>(state.source, state.model, state.configJson, result.factors);
    result.source = result.smoothed;
  }
  fold(state, result, later);
  return result;
}

}  // namespace ql
