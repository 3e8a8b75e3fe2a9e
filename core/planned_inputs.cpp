#include "core/planned_inputs.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/memory_plan.h"
#include "core/evaluate/scaled_stats.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ql {
namespace {

using State = WorkspaceAccess::State;

bool needsActivations(const Choice& choice) {
  if (!choice.weight) return false;
  const NumberFormatInfo* format = findNumberFormat(choice.weight->format);
  if (!format || !format->isQuantized) return false;
  requireMeasurable(*choice.weight);
  return quantizerNeeds(*choice.weight).activations;
}

/// The site whose statistics stand for those of an expert that saw no token: the router's input, which is
/// that of its gate and up too.
std::optional<std::size_t> sharedSite(const Model& model, LinearId id) {
  const Linear& linear = model.linears[id];
  if (!linear.expert || !linear.site) return std::nullopt;
  return siteTable(model).sharedMoment.at(*linear.site);
}

bool hasStatistics(const State& state, std::size_t site) {
  const std::lock_guard lock(state.mutex);
  return state.sites.at(site).summary.has_value();
}

/// The statistics that a method was given last: the matrices of one input come one after another.
struct LastScaled {
  std::shared_ptr<const ActivationStats> plain, scaled;
};

}  // namespace

void throwMissingActivations(const Model& model, LinearId id, const std::string& method) {
  const Linear& linear = model.linears[id];
  throw Error(ErrorCode::Unsupported,
              quotedText(linear.name) + " is quantized with " + method +
                  ", which needs activations of its input, and there are none" +
                  (linear.expert ? " (an expert that saw no token has none; calibrate with more text)" : "") +
                  ": run 'qloupe analyze --calibration TEXT --keep-moments' and give its file with --stats, "
                  "or give a file of activations with --activations.");
}

bool needsActivations(const Model& model, const QuantizationPlan& plan) {
  return std::any_of(model.linears.begin(), model.linears.end(),
                     [&](const Linear& linear) { return needsActivations(plan.choiceFor(linear.name)); });
}

void requireActivations(const State& state, const QuantizationPlan& plan) {
  for (LinearId id = 0; id < state.model.linears.size(); ++id) {
    const Linear& linear = state.model.linears[id];
    const Choice choice = plan.choiceFor(linear.name);
    if (!needsActivations(choice)) continue;
    const auto shared = sharedSite(state.model, id);
    const bool hasOwn = linear.site && hasStatistics(state, *linear.site);
    if (!hasOwn && !(shared && hasStatistics(state, *shared)))
      throwMissingActivations(state.model, id, choice.weight->algorithm.name);
  }
}

std::shared_ptr<const ActivationStats> inputStatistics(State& state, LinearId id) {
  const Linear& linear = state.model.linears[id];
  auto stats = linear.site ? state.activations(*linear.site) : nullptr;
  if (stats) return stats;
  const auto shared = sharedSite(state.model, id);
  return shared ? state.activations(*shared) : nullptr;
}

std::uint64_t memoryBeside(std::uint64_t memoryBytes, std::uint64_t cacheBytes) {
  const std::uint64_t left = remainingBudget(memoryBytes);
  return residentBytes() + (left > 2 * cacheBytes ? left - cacheBytes : left / 2);
}

const std::vector<float>& factorsOf(const Model& model, LinearId id, const SmoothingFactorsByGroup& factors) {
  static const std::vector<float> none;
  const auto& group = model.linears[id].smoothingGroup;
  const auto found = group ? factors.find(*group) : factors.end();
  return found == factors.end() ? none : found->second;
}

PlannedInputs plannedInputs(State& state, SmoothingFactorsByGroup factors) {
  PlannedInputs inputs;
  const auto last = std::make_shared<LastScaled>();
  inputs.input = [&state, last, factors = std::move(factors)](LinearId id, const WeightScheme& scheme) {
    ErrorInput input = state.errorInput(id);
    if (!quantizerNeeds(scheme).activations) return input;
    input.activations = inputStatistics(state, id);
    if (!input.activations) throwMissingActivations(state.model, id, scheme.algorithm.name);
    const std::vector<float>& s = factorsOf(state.model, id, factors);
    if (s.empty()) return input;
    if (last->plain != input.activations) *last = {input.activations, scaledStats(*input.activations, s)};
    input.activations = last->scaled;
    return input;
  };
  return inputs;
}

}  // namespace ql
