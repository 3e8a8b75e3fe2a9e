// A plan's smoothing: factors from its file or from the activations at hand, folded into the weights.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/folded_plan.h"
#include "core/smooth/smoothing.h"
#include "core/workspace_smoothing.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <set>

namespace ql {

namespace {

/// The group that an entry of a plan means; its readers must be all of the group's, as they share one S.
std::size_t groupOf(const Model& model, const PlanSmoothing& smoothing) {
  const auto found =
      std::find_if(model.smoothingGroups.begin(), model.smoothingGroups.end(),
                   [&](const SmoothingGroup& group) { return group.producer == smoothing.producer; });
  if (found == model.smoothingGroups.end())
    throw Error(ErrorCode::Plan,
                "The plan smooths behind " + quotedText(smoothing.producer) +
                    ", which feeds no linear of this model; remove the entry from \"smoothing\".");
  std::set<std::string> readers;
  for (const LinearId id : found->consumers) readers.insert(model.linears[id].name);
  const std::set<std::string> named(smoothing.consumers.begin(), smoothing.consumers.end());
  if (!named.empty() && named != readers)
    throw Error(ErrorCode::Plan, "The plan's smoothing behind " + quotedText(smoothing.producer) + " names " +
                                     std::to_string(named.size()) + " readers, but " +
                                     std::to_string(readers.size()) +
                                     " linears read it and must share its factors; list them all.");
  return static_cast<std::size_t>(found - model.smoothingGroups.begin());
}

}  // namespace

SmoothingOptions smoothingOptions(const PlanSmoothing& entry) {
  SmoothingOptions options;
  options.method = entry.method;
  options.statistic = entry.statistic;
  options.alpha = entry.alpha;
  options.powersOfTwo = entry.powersOfTwo;
  if (!entry.formula.empty()) options.options["formula"] = entry.formula;
  if (entry.dataFree) options.options["data_free"] = true;
  return options;
}

PlanSmoothing planSmoothing(const Model& model, std::size_t group, const SmoothingOptions& options) {
  const SmoothingGroup& readers = model.smoothingGroups.at(group);
  PlanSmoothing entry;
  entry.producer = readers.producer;
  for (const LinearId id : readers.consumers) entry.consumers.push_back(model.linears[id].name);
  entry.method = options.method;
  entry.statistic = options.statistic;
  entry.alpha = options.alpha;
  entry.powersOfTwo = options.powersOfTwo;
  const auto option = [&](const char* key) {
    const auto found = options.options.find(key);
    return found == options.options.end() ? std::string() : optionText(found->second);
  };
  if (option("formula") != "official") entry.formula = option("formula");
  entry.dataFree = option("data_free") == optionText(true);
  return entry;
}

std::vector<float> Workspace::State::planFactors(const PlanSmoothing& smoothing, std::size_t group,
                                                 const std::filesystem::path& planFolder, JobContext& job) {
  const FoldTarget target = foldTarget(model, group, configJson);
  if (!target.isFoldable)
    throw Error(ErrorCode::Plan, "The smoothing behind " + quotedText(smoothing.producer) +
                                     " cannot be folded into the weights: " + target.reason + ".");
  if (smoothing.scales) return readSmoothingFactors(*smoothing.scales, planFolder, target.channels);
  const auto site = smoothingSite(model, group);
  const auto stats = site ? activations(*site) : nullptr;
  const std::vector<float> norm = model.smoothingGroups[group].consumers.empty()
                                      ? std::vector<float>()
                                      : gain(model.smoothingGroups[group].consumers.front());
  const SmoothingInput input =
      smoothingInput(*source, model, group, stats.get(), norm, smoothing.statistic == "median", job);
  return groupFactors(input, target, smoothingOptions(smoothing)).s;
}

std::map<std::size_t, std::vector<float>> Workspace::State::planFactorsByGroup(
    const QuantizationPlan& plan, const std::filesystem::path& planFolder, JobContext& job) {
  std::map<std::size_t, std::vector<float>> factors;
  for (const PlanSmoothing& smoothing : plan.smoothing) {
    const std::size_t group = groupOf(model, smoothing);
    job.setStage("Smoothing behind " + smoothing.producer);
    if (!factors.emplace(group, planFactors(smoothing, group, planFolder, job)).second)
      throw Error(ErrorCode::Plan, "The plan smooths behind " + quotedText(smoothing.producer) +
                                       " twice; keep one of the entries.");
  }
  return factors;
}

std::shared_ptr<const WeightSource> Workspace::State::smoothedSource(const QuantizationPlan& plan,
                                                                     const std::filesystem::path& planFolder,
                                                                     JobContext& job) {
  if (plan.smoothing.empty()) return source;
  return std::make_shared<const SmoothedSource>(source, model, configJson,
                                                planFactorsByGroup(plan, planFolder, job));
}

std::shared_ptr<const WeightSource> Workspace::plannedSource(const QuantizationPlan& plan,
                                                             const std::filesystem::path& planFolder,
                                                             JobContext& job) const {
  m_state->requireWeights("applying a plan");
  requireActivations(*m_state, plan);
  // matrices are made when they are read, perhaps long after `job`
  struct Owned {
    JobContext job;
    FoldedPlan folded;
    PlannedSource source;
    Owned(State& state, const QuantizationPlan& plan, const std::filesystem::path& folder, JobContext& now)
        : job(now.threads()),
          folded(foldPlan(state, plan, {folder, false}, now, job)),
          source(folded.source, folded.model(state), folded.plan, job, folded.inputs) {}
  };
  auto owned = std::make_shared<const Owned>(*m_state, plan, planFolder, job);
  return std::shared_ptr<const WeightSource>(owned, &owned->source);
}

}  // namespace ql
