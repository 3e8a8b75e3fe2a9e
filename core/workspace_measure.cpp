// Errors under choices: measured in one pass a linear, previewed, kept in memory.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/evaluate/error_figures.h"
#include "core/evaluate/linear_preview.h"
#include "core/planned_inputs.h"
#include "core/workspace_state.h"

#include <set>

namespace ql {

namespace {

/// Below this many weights an exact measurement is as fast as a preview.
constexpr std::int64_t kPreviewFrom = std::int64_t{4} << 20;

}  // namespace

const WeightSource& Workspace::State::requireWeights(const std::string& purpose) const {
  if (source) return *source;
  throw Error(ErrorCode::Unsupported, "Only the statistics file " + quotedPath(path) + " is open, and " +
                                          purpose + " needs the weights. Open the model itself.");
}

std::uint64_t Workspace::State::statsUnits(LinearId id) const {
  return source ? measureUnits(*source, model.linears[id].matrix) : 0;
}

std::uint64_t Workspace::State::choiceUnits(LinearId id, std::span<const Choice> choices,
                                            bool hasStatistics) const {
  return choices.empty() ? 0 : errorUnits({model.linears[id].matrix, 16, {}}, choices, hasStatistics);
}

ErrorInput Workspace::State::errorInput(LinearId id) const {
  const Linear& linear = model.linears[id];
  ErrorInput input{linear.matrix, static_cast<double>(dtypeInfo(linear.dtype).bits), gain(id)};
  if (!linear.site) return input;
  for (const LinearId reader : model.sites[*linear.site].consumers)
    if (model.linears[reader].isQuantizable) input.siblings.push_back(model.linears[reader].matrix);
  if (input.siblings.size() < 2) input.siblings.clear();
  return input;
}

ErrorInput Workspace::State::errorInputFor(LinearId id, std::span<const WeightScheme> schemes) {
  ErrorInput input = errorInput(id);
  const bool needsActivations = std::any_of(schemes.begin(), schemes.end(), [](const WeightScheme& scheme) {
    return quantizerNeeds(scheme).activations;
  });
  if (!needsActivations) return input;
  input.activations = inputStatistics(*this, id);
  if (input.activations) return input;
  const auto method = std::find_if(schemes.begin(), schemes.end(), [](const WeightScheme& scheme) {
    return quantizerNeeds(scheme).activations;
  });
  throwMissingActivations(model, id, method->algorithm.name);
}

void Workspace::State::stamp(Evidence& evidence) const {
  evidence.origin = fingerprint;
  if (evidence.tool.empty()) evidence.tool = kToolId;
}

WeightStats Workspace::State::measureStats(LinearId id, JobContext& job) const {
  const Linear& linear = model.linears[id];
  WeightStats stats = measureWeights(requireWeights("measuring"), linear.matrix, {}, job);
  source->check(linear.matrix);
  stamp(stats.evidence);
  return stats;
}

std::vector<StoredError> Workspace::State::measureChoices(LinearId id, const std::vector<Choice>& choices,
                                                          const WeightStats* stats, JobContext& job) {
  if (choices.empty()) return {};
  const Linear& linear = model.linears[id];
  const WeightSource& weights = requireWeights("measuring " + weightSchemeText(choices.front()));
  std::vector<LayerError> errors =
      measureErrors(weights, errorInputFor(id, measurableSchemes(choices)), choices, stats, job);
  weights.check(linear.matrix);
  std::vector<StoredError> stored;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    stamp(errors[i].evidence);
    // As a reader of the file finds them: opening the model again changes nothing.
    for (double& value : errors[i].columnError) value = static_cast<double>(static_cast<float>(value));
    if (stats) errors[i].columnEnergy = stats->columns.sumSq;
    stored.push_back({Choice{choices[i].weight, std::nullopt}, std::move(errors[i])});
  }
  return stored;
}

std::vector<Choice> Workspace::State::missingChoices(LinearId id, std::span<const Choice> choices) const {
  std::vector<Choice> missing;
  std::set<std::string> seen;
  for (const Choice& choice : choices)
    if (choice.weight && seen.insert(errorKey(choice)).second && !hasError(id, choice))
      missing.push_back(choice);
  return missing;
}

void Workspace::State::keep(LinearId id, const std::vector<StoredError>& errors) {
  const std::lock_guard lock(mutex);
  for (const StoredError& stored : errors) {
    const std::string key = errorKey(stored.choice);
    records[id].pinnedErrors[key] = std::make_shared<const LayerError>(stored.error);
    records[id].figures[key] = withoutColumns(stored.error);
  }
}

void Workspace::measure(std::span<const LinearId> linears, std::span<const Choice> choices, JobContext& job,
                        const LayerDone& done) {
  std::vector<std::vector<Choice>> missing;
  for (const LinearId id : linears) {
    missing.push_back(m_state->missingChoices(id, choices));
    job.expect(m_state->choiceUnits(id, missing.back(), m_state->hasStats(id)));
  }
  for (std::size_t i = 0; i < linears.size(); ++i) {
    const LinearId id = linears[i];
    if (!missing[i].empty()) {
      job.setStage("Measuring " + m_state->model.linears[id].name);
      // Ranges are at hand when the statistics are in memory; a file is not read for them.
      m_state->keep(id, m_state->measureChoices(id, missing[i], m_state->weightStats(id).get(), job));
    }
    if (done) done(id);
  }
}

void Workspace::whatIf(LinearId id, const Choice& choice, JobContext& job,
                       const std::function<void(std::shared_ptr<const LayerError>)>& sink) {
  if (!choice.weight && !choice.activation) return;
  const Linear& linear = m_state->model.linears.at(id);
  const bool needsWeights = choice.weight && !m_state->weightError(id, choice);
  const auto activations = outputError(id, choice) ? nullptr : m_state->usableActivations(id);
  if (needsWeights || activations) {
    m_state->requireWeights("measuring " + weightSchemeText(choice));
    job.setStage("Measuring " + linear.name);
    const auto stats = m_state->weightStats(id);
    const bool isLong = linear.out() * linear.in() >= kPreviewFrom;
    if (stats && isLong && LinearPreview::canMeasure(choice))
      sink(std::make_shared<const LayerError>(m_state->preview(id, choice, stats, activations, job)));
    if (needsWeights) {
      job.expect(m_state->choiceUnits(id, std::span(&choice, 1), stats != nullptr));
      m_state->keep(id, m_state->measureChoices(id, {choice}, stats.get(), job));
    }
    if (activations) {
      job.expect(outputErrorUnits(m_state->errorInput(id), std::span(&choice, 1), *activations));
      m_state->measureOutputs(id, std::span(&choice, 1), *activations, job);
    }
  }
  if (const auto exact = m_state->error(id, choice)) sink(exact);
}

}  // namespace ql
