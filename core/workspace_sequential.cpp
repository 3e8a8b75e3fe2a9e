#include "core/workspace_sequential.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/calib/memory_plan.h"
#include "core/calibration_run.h"
#include "core/planned_inputs.h"

#include <algorithm>
#include <set>

namespace ql {
namespace {

using State = WorkspaceAccess::State;

bool quantizes(const Choice& choice) {
  const NumberFormatInfo* format = choice.weight ? findNumberFormat(choice.weight->format) : nullptr;
  return format && format->isQuantized;
}

/// The plan's weight schemes in a few words: those of most linears first.
std::string nameOf(const Model& model, const QuantizationPlan& plan) {
  std::map<std::string, std::size_t> counts;
  for (const Linear& linear : model.linears) {
    const Choice choice = plan.choiceFor(linear.name);
    if (quantizes(choice)) ++counts[specText({choice.weight, std::nullopt})];
  }
  const auto most = std::max_element(counts.begin(), counts.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end()) return {};
  return most->first + (counts.size() > 1 ? " and other schemes" : "");
}

std::string identityOf(const QuantizationPlan& plan, const SmoothingFactorsByGroup& factors) {
  QuantizationPlan bare = plan;
  bare.evidence = "{}";
  Sha256 hash;
  hash.add(planJson(bare));
  for (const auto& [group, s] : factors) {
    hash.add(std::uint64_t{group});
    hash.add(std::as_bytes(std::span(s)));
  }
  return hash.finish();
}

}  // namespace

void checkSequential(Workspace& workspace, const QuantizationPlan& plan) {
  const Model& model = workspace.model();
  const bool isQuantized = std::any_of(model.linears.begin(), model.linears.end(), [&](const Linear& linear) {
    const Choice choice = plan.choiceFor(linear.name);
    if (quantizes(choice)) requireMeasurable(*choice.weight);
    return quantizes(choice);
  });
  if (!isQuantized)
    throw Error(
        ErrorCode::Plan,
        "The plan quantizes no weight of this model, so there is nothing to calibrate behind; calibrate "
        "without --plan.");
  for (const PlanSmoothing& smoothing : plan.smoothing) {
    if (smoothing.scales) continue;
    throw Error(
        ErrorCode::Plan,
        "The plan's smoothing behind " + quotedText(smoothing.producer) +
            " takes its factors from a calibration, which is only being made; name a file of factors in "
            "\"scales\", or apply the smoothing first and calibrate the smoothed checkpoint.");
  }
}

void calibrateSequentially(Workspace& workspace, const CalibrateOptions& options,
                           const QuantizationPlan& plan, const std::filesystem::path& planFolder,
                           JobContext& job, const std::function<void(int block)>& done) {
  State& state = WorkspaceAccess::state(workspace);
  checkSequential(workspace, plan);
  const auto one = state.lockAnalysis(job);
  state.requireWeights("calibration");
  const auto factors = state.planFactorsByGroup(plan, planFolder, job);
  std::shared_ptr<const WeightSource> weights = state.source;
  if (!factors.empty())
    weights = std::make_shared<const SmoothedSource>(weights, state.model, state.configJson, factors);
  PlannedInputs inputs = plannedInputs(state, factors);
  inputs.cacheBytes = std::min(PlannedSource::defaultCacheBytes(),
                               std::max<std::uint64_t>(remainingBudget(options.memoryBytes) / 2, 1));
  SequentialPlan sequential;
  sequential.identity = identityOf(plan, factors);
  sequential.name = nameOf(state.model, plan);
  sequential.cacheBytes = inputs.cacheBytes;
  const auto source =
      std::make_shared<const PlannedSource>(std::move(weights), state.model, plan, job, std::move(inputs));
  sequential.quantized = state.forwardModel(source);
  CalibrateOptions kept = options;
  kept.keepMoments = true;
  CalibrationRun(state, options.output, options.resume).calibrateModel(kept, job, done, &sequential);
  for (const std::string& line : fallbackLines(source->fallbacks())) state.warn(line);
}

}  // namespace ql
