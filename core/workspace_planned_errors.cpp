#include "core/workspace_planned_errors.h"

#include "core/evaluate/rotated_stats.h"
#include "core/evaluate/scaled_stats.h"
#include "core/evaluate/smoothed_error.h"
#include "core/planned_inputs.h"
#include "core/rotated_model.h"
#include "core/workspace_state.h"

#include <limits>

namespace ql {
namespace {

using State = WorkspaceAccess::State;
using Factors = SmoothingFactorsByGroup;

/// The model with the smoothing of all groups folded in, or of all but one: what reads that one then takes
/// its S apart from the others.
SmoothedSource folded(const State& state, Factors factors, std::optional<std::size_t> without) {
  if (without) factors.erase(*without);
  return {state.source, state.model, state.configJson, std::move(factors)};
}

/// Columns are multiplied by S, so the norm in front counts g / S.
std::vector<float> dividedGain(std::vector<float> gain, const std::vector<float>& s) {
  if (gain.size() == s.size())
    for (std::size_t j = 0; j < s.size(); ++j) gain[j] /= s[j];
  return gain;
}

const PlanSmoothing* entryOf(const QuantizationPlan& plan, const std::string& producer) {
  for (const PlanSmoothing& entry : plan.smoothing)
    if (entry.producer == producer) return &entry;
  return nullptr;
}

PlannedError measureOne(State& state, const QuantizationPlan& plan, const Factors& factors, LinearId id,
                        const Choice& choice, const SmoothedSource& all, JobContext& job) {
  const Linear& linear = state.model.linears[id];
  job.setStage("Measuring " + linear.name);
  const auto group = linear.smoothingGroup ? factors.find(*linear.smoothingGroup) : factors.end();
  const bool isReader = group != factors.end();
  PlannedError result;
  if (isReader) result.smoothing = entryOf(plan, state.model.smoothingGroups[group->first].producer);
  ErrorInput input = state.errorInput(id);
  const std::vector<float> gain = input.gain;
  if (isReader) input.gain = dividedGain(gain, group->second);
  std::shared_ptr<const ActivationStats> plain;  // what the method looks at, before and behind S
  if (choice.weight && quantizerNeeds(*choice.weight).activations) {
    plain = inputStatistics(state, id);
    input.activations = plain && isReader ? scaledStats(*plain, group->second) : plain;
  }
  if (choice.weight) {
    job.expect(errorUnits(input, std::span(&choice, 1), false));
    result.error = measureErrors(all, input, std::span(&choice, 1), nullptr, job).front();
  } else {
    result.error.sqnrDb = std::numeric_limits<double>::infinity();
    result.error.bitsPerWeight = input.storedBits;
  }
  const auto stats = linear.site ? state.activations(*linear.site) : nullptr;
  if (!stats || !stats->hasSample()) return result;
  input.gain = gain;
  input.activations = plain;
  const std::vector<float> ones(static_cast<std::size_t>(linear.in()), 1.0f);
  const SmoothedSource others = folded(state, factors, isReader ? std::optional(group->first) : std::nullopt);
  job.expect(smoothedOutputUnits(input, std::span(&choice, 1), *stats));
  result.output =
      smoothedOutputErrors(others, input, std::span(&choice, 1), isReader ? group->second : ones, *stats, job)
          .front();
  result.error.outputRelW = result.output->w;
  result.error.outputRelA = result.output->a;
  result.error.outputRelWa = result.output->wa;
  if (!choice.weight) result.error.evidence = result.output->sampleEvidence;
  return result;
}

void stampAll(const State& state, PlannedError& planned) {
  state.stamp(planned.error.evidence);
  if (!planned.output) return;
  state.stamp(planned.output->sampleEvidence);
  state.stamp(planned.output->weightEvidence);
}

PlannedError measureRotated(State& state, const RotatedModel& rotated, LinearId id, const Choice& choice,
                            JobContext& job) {
  const Linear& linear = state.model.linears[id];
  job.setStage("Measuring " + linear.name);
  const std::span<const Choice> choices(&choice, 1);
  PlannedError result;
  result.isRotated = true;
  ErrorInput input = state.errorInput(id);
  if (!rotated.source()->foldedGain(linear.matrix).empty()) input.gain.assign(input.gain.size(), 1.0f);
  auto stats = inputStatistics(state, id);
  if (stats && !canRotate(*stats)) stats = nullptr;
  input.activations = rotated.behind(id, stats, job);
  if (choice.weight) {
    job.expect(errorUnits(input, choices, false));
    result.error = measureErrors(*rotated.source(), input, choices, nullptr, job).front();
  } else {
    result.error.sqnrDb = std::numeric_limits<double>::infinity();
    result.error.bitsPerWeight = input.storedBits;
  }
  if (!input.activations) return result;
  job.expect(outputErrorUnits(input, choices, *input.activations));
  result.output =
      measureOutputErrors(*rotated.source(), input, choices, nullptr, *input.activations, 0, job).front();
  result.error.outputRelW = result.output->w;
  result.error.outputRelA = result.output->a;
  result.error.outputRelWa = result.output->wa;
  if (!choice.weight) result.error.evidence = result.output->sampleEvidence;
  return result;
}

std::map<LinearId, PlannedError> rotatedErrors(State& state, const QuantizationPlan& plan,
                                               std::span<const LinearId> linears, JobContext& job) {
  std::map<LinearId, PlannedError> errors;
  requireRotationAlone(plan);
  const RotatedModel rotated(state.source, state.model, state.configJson, planRotation(plan), job);
  for (const LinearId id : linears) {
    const Choice choice = plan.choiceFor(state.model.linears[id].name);
    if ((!choice.weight && !choice.activation) || !rotated.source()->changes(state.model.linears[id].matrix))
      continue;
    PlannedError planned = measureRotated(state, rotated, id, choice, job);
    stampAll(state, planned);
    errors.emplace(id, std::move(planned));
  }
  return errors;
}

}  // namespace

std::map<LinearId, PlannedError> plannedErrors(Workspace& workspace, const QuantizationPlan& plan,
                                               const std::filesystem::path& planFolder,
                                               std::span<const LinearId> linears, JobContext& job) {
  State& state = WorkspaceAccess::state(workspace);
  std::map<LinearId, PlannedError> errors;
  if (plan.smoothing.empty() && plan.rotations == "[]") return errors;
  state.requireWeights("measuring a plan with smoothing or rotations");
  if (plan.rotations != "[]") return rotatedErrors(state, plan, linears, job);
  const Factors factors = state.planFactorsByGroup(plan, planFolder, job);
  const SmoothedSource all = folded(state, factors, std::nullopt);
  for (const LinearId id : linears) {
    const Choice choice = plan.choiceFor(state.model.linears[id].name);
    if ((!choice.weight && !choice.activation) || !all.changes(state.model.linears[id].matrix)) continue;
    PlannedError planned = measureOne(state, plan, factors, id, choice, all, job);
    stampAll(state, planned);
    errors.emplace(id, std::move(planned));
  }
  return errors;
}

}  // namespace ql
