// Activation results of a workspace: summaries in memory for every site, arrays from the statistics file on
// demand, output errors in memory.
#include "core/workspace_calibration.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/error_figures.h"
#include "core/head_runs.h"
#include "core/workspace_state.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace ql {

namespace {

std::size_t bytesOf(const ActivationStats& stats) {
  const std::size_t width = static_cast<std::size_t>(stats.width);
  std::size_t bytes = sizeof stats + width * 2 * (3 * sizeof(float) + 5 * sizeof(double));
  bytes += (stats.sample.values.size() + stats.sketch.z.size()) * sizeof(float);
  if (stats.secondMoment) bytes += static_cast<std::size_t>(stats.secondMoment->bytes());
  return bytes;
}

}  // namespace

std::string outputKey(const Choice& choice) {
  return choiceJson(choice);
}

bool Workspace::State::hasUnwrittenActivations() const {
  const std::lock_guard lock(mutex);
  return std::any_of(sites.begin(), sites.end(),
                     [](const SiteRecord& site) { return site.pinned != nullptr; });
}

void Workspace::State::attachActivations(const std::shared_ptr<const StatisticsFile>& file) {
  if (hasUnwrittenActivations()) return;  // what is in memory only is newer than any file
  try {
    if (file->contains(kCalibrationSection, kRecordEntry)) {
      StoredCalibration stored = storedCalibrationFrom(file->read(kCalibrationSection, kRecordEntry));
      bool isSame = false;
      {
        const std::lock_guard lock(mutex);
        isSame = calibrationKey == stored.key;
      }
      if (!isSame) clearActivations();
      const std::lock_guard lock(mutex);
      calibration = std::move(stored.record);
      calibrationKey = std::move(stored.key);
      tokenTexts = std::move(stored.tokenTexts);
      outputs.clear();
      coverage.clear();
      activationCache = LruCache<std::size_t, ActivationStats>(kActivationCacheBytes);
    }
    for (const std::string& name : file->names(kCalibrationSection)) {
      const auto block = blockOfEntry(name);
      if (!block) continue;
      const DataTree tree = file->read(kCalibrationSection, name);
      if (stringAttribute(tree, "key") != calibrationKey) continue;
      std::vector<std::uint64_t> tokens = expertTokensFrom(tree);
      const std::lock_guard lock(mutex);
      if (!tokens.empty()) coverage[*block] = std::move(tokens);
    }
  } catch (const Error& e) {
    warn(std::string("The record of the calibration is not used. ") + e.what());
    return;
  }
  for (const std::string& name : file->names(kSitesSection)) {
    const auto site = siteOf(model, name);
    if (!site) continue;
    try {
      attachSite(*site, name, file);
    } catch (const Error& e) {
      warn("Activation statistics of " + quotedText(name) + " are not used: " + e.what());
    }
  }
  for (const std::string& name : file->names(kPointsSection)) {
    const auto point = findPoint(model, name);
    if (!point) continue;
    try {
      attachPoint(*point, name, file);
    } catch (const Error& e) {
      warn("Activation statistics of " + quotedText(name) + " are not used: " + e.what());
    }
  }
}

void Workspace::State::attachPoint(PointId point, const std::string& name,
                                   const std::shared_ptr<const StatisticsFile>& file) {
  const DataTree tree = file->readAttributes(kPointsSection, name, 3);
  if (stringAttribute(tree, "key") != calibrationKey) return;
  const ActivationSummary summary = activationSummaryFrom(tree);
  const std::lock_guard lock(mutex);
  points[point] = {summary, nullptr, file, nullptr};
}

std::shared_ptr<const ActivationStats> Workspace::State::pointActivations(const std::string& name) {
  const auto point = findPoint(model, name);
  SiteRecord record;
  {
    const std::lock_guard lock(mutex);
    const auto found = point ? points.find(*point) : points.end();
    if (found == points.end()) return nullptr;
    record = found->second;
  }
  if (record.pinned) return record.pinned;
  if (!record.file && !record.writer) return nullptr;
  try {
    const DataTree tree =
        record.writer ? record.writer->read(kPointsSection, name) : record.file->read(kPointsSection, name);
    const auto input = tree.children.find("input");
    if (input == tree.children.end()) throw Error(ErrorCode::Store, "Their group 'input' is missing.");
    return std::make_shared<const ActivationStats>(activationStatsFromDataTree(input->second));
  } catch (const Error& e) {
    warn("Activation statistics of " + quotedText(name) + " are not used: " + e.what());
    const std::lock_guard lock(mutex);
    points.erase(*point);
    return nullptr;
  }
}

std::shared_ptr<const ActivationStats> Workspace::pointActivations(const std::string& point) const {
  return m_state->pointActivations(point);
}

std::optional<ActivationSummary> Workspace::pointSummary(const std::string& name) const {
  const auto point = findPoint(m_state->model, name);
  if (!point) return std::nullopt;
  const std::lock_guard lock(m_state->mutex);
  const auto found = m_state->points.find(*point);
  return found == m_state->points.end() ? std::nullopt : found->second.summary;
}

std::vector<std::string> Workspace::pointNames() const {
  const std::lock_guard lock(m_state->mutex);
  std::vector<std::string> names;
  for (const auto& [point, record] : m_state->points)
    names.push_back(pointName(m_state->model, point.block, point.kind));
  return names;
}

void Workspace::State::attachSite(std::size_t site, const std::string& name,
                                  const std::shared_ptr<const StatisticsFile>& file) {
  const DataTree tree = file->readAttributes(kSitesSection, name, 3);
  if (stringAttribute(tree, "key") != calibrationKey) return;
  if (intAttribute(tree, "width") != model.sites[site].width)
    throw Error(ErrorCode::Store,
                "they are of another width than " + quotedText(model.sites[site].name) + ".");
  const ActivationSummary summary = activationSummaryFrom(tree);
  std::map<LinearId, std::map<std::string, OutputError>> errors;
  for (const LinearId id : model.sites[site].consumers) {
    const auto stored = tree.children.find(kOutputsPrefix + model.linears[id].name);
    if (stored == tree.children.end()) continue;
    for (auto& [choice, error] : outputErrorsFrom(stored->second)) errors[id][outputKey(choice)] = error;
  }
  const std::lock_guard lock(mutex);
  sites[site] = {summary, nullptr, file, nullptr};
  for (auto& [id, byKey] : errors)
    for (auto& [key, error] : byKey) outputs[id].insert_or_assign(key, error);
}

std::shared_ptr<const ActivationStats> Workspace::State::activations(std::size_t site) {
  SiteRecord record;
  {
    const std::lock_guard lock(mutex);
    record = sites.at(site);
    if (record.pinned) return record.pinned;
    if (auto known = activationCache.find(site)) return known;
  }
  if (!record.file && !record.writer) return nullptr;
  const std::string& name = model.sites[site].name;
  try {
    const DataTree tree =
        record.writer ? record.writer->read(kSitesSection, name) : record.file->read(kSitesSection, name);
    const auto input = tree.children.find("input");
    if (input == tree.children.end()) throw Error(ErrorCode::Store, "Their group 'input' is missing.");
    auto stats = std::make_shared<const ActivationStats>(activationStatsFromDataTree(input->second));
    if (stats->width != model.sites[site].width)
      throw Error(ErrorCode::Store, "They are of another width than the site.");
    const std::lock_guard lock(mutex);
    activationCache.insert(site, stats, bytesOf(*stats));
    return stats;
  } catch (const Error& e) {
    warn("Activation statistics of " + quotedText(name) + " are not used: " + e.what());
    const std::lock_guard lock(mutex);
    sites[site] = {};
    return nullptr;
  }
}

void Workspace::State::keepActivations(std::size_t site, std::shared_ptr<const ActivationStats> stats,
                                       const std::shared_ptr<StatisticsWriter>& writer) {
  const std::size_t bytes = bytesOf(*stats);
  const std::lock_guard lock(mutex);
  sites[site] = {stats->summary, writer ? nullptr : stats, nullptr, writer};
  if (writer) activationCache.insert(site, std::move(stats), bytes);
}

// Output errors
// --------------------------------------------------------------------------------------------------

void Workspace::State::addOutputs(LinearId id, const Choice& choice, LayerError& error) const {
  const auto known = outputs.find(id);
  if (known == outputs.end()) return;
  const auto found = known->second.find(outputKey(choice));
  if (found == known->second.end()) return;
  error.outputRelW = found->second.w;
  error.outputRelA = found->second.a;
  error.outputRelWa = found->second.wa;
}

std::optional<LayerError> Workspace::State::activationOnlyError(LinearId id, const Choice& choice) const {
  const auto known = outputs.find(id);
  if (choice.weight || known == outputs.end() || !known->second.contains(outputKey(choice)))
    return std::nullopt;
  LayerError error;
  error.sqnrDb = std::numeric_limits<double>::infinity();
  error.normWeightedRel = 0;
  error.bitsPerWeight = static_cast<double>(dtypeInfo(model.linears[id].dtype).bits);
  error.evidence = known->second.at(outputKey(choice)).sampleEvidence;
  if (records[id].summary) error.columnPeakRatio = records[id].summary->columnPeakRatio;
  addOutputs(id, choice, error);
  return error;
}

std::shared_ptr<const ActivationStats> Workspace::State::usableActivations(LinearId id) {
  const auto& site = model.linears[id].site;
  auto stats = site ? activations(*site) : nullptr;
  if (!stats) return nullptr;
  const bool isUsable = missingReason(*stats, ActivationNeed::OutputErrorW).empty() ||
                        missingReason(*stats, ActivationNeed::OutputErrorWa).empty();
  return isUsable ? stats : nullptr;
}

std::vector<Choice> Workspace::State::missingOutputs(LinearId id, std::span<const Choice> choices) const {
  std::vector<Choice> missing;
  const std::lock_guard lock(mutex);
  const auto known = outputs.find(id);
  for (const Choice& choice : choices) {
    const bool isKnown = known != outputs.end() && known->second.contains(outputKey(choice));
    const bool isListed = std::find(missing.begin(), missing.end(), choice) != missing.end();
    if (!isKnown && !isListed && (choice.weight || choice.activation)) missing.push_back(choice);
  }
  return missing;
}

void Workspace::State::measureOutputs(LinearId id, std::span<const Choice> choices,
                                      const ActivationStats& stats, JobContext& job) {
  if (choices.empty()) return;
  const Linear& linear = model.linears[id];
  const WeightSource& weights = requireWeights("measuring output errors");
  job.setStage("Measuring outputs of " + linear.name);
  std::vector<Choice> inHeads(choices.begin(), choices.end());
  for (Choice& choice : inHeads) choice = withHeadRuns(std::move(choice), headWidth(model, configJson, id));
  std::vector<OutputError> errors = measureOutputErrors(
      weights, errorInputFor(id, measurableSchemes(choices)), inHeads, weightStats(id).get(), stats, 0, job);
  weights.check(linear.matrix);
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < errors.size(); ++i) {
    stamp(errors[i].weightEvidence);
    stamp(errors[i].sampleEvidence);
    outputs[id].insert_or_assign(outputKey(choices[i]), std::move(errors[i]));
  }
}

void Workspace::measureOutputs(std::span<const LinearId> linears, std::span<const Choice> choices,
                               JobContext& job, const LayerDone& done) {
  struct Work {
    LinearId id;
    std::vector<Choice> missing;
  };
  std::vector<Work> work;
  for (const LinearId id : linears) {
    const auto& site = m_state->model.linears.at(id).site;
    if (site && activationSummary(*site)) work.push_back({id, m_state->missingOutputs(id, choices)});
  }
  for (const Work& item : work) job.expect(2 * static_cast<std::uint64_t>(item.missing.size()));
  for (const Work& item : work) {
    const auto stats = item.missing.empty() ? nullptr : m_state->usableActivations(item.id);
    if (stats) {
      job.expect(outputErrorUnits(m_state->errorInput(item.id), item.missing, *stats));
      m_state->measureOutputs(item.id, item.missing, *stats, job);
    }
    job.step(2 * static_cast<std::uint64_t>(item.missing.size()));
    if (done) done(item.id);
  }
}

// The door
// -------------------------------------------------------------------------------------------------------

std::optional<CalibrationRecord> Workspace::calibrationRecord() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->calibration;
}

std::shared_ptr<const ActivationStats> Workspace::activations(std::size_t site) const {
  return m_state->activations(site);
}

std::optional<ActivationSummary> Workspace::activationSummary(std::size_t site) const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->sites.at(site).summary;
}

std::optional<OutputError> Workspace::outputError(LinearId id, const Choice& choice) const {
  const std::lock_guard lock(m_state->mutex);
  const auto known = m_state->outputs.find(id);
  if (known == m_state->outputs.end()) return std::nullopt;
  const auto found = known->second.find(outputKey(choice));
  return found == known->second.end() ? std::nullopt : std::optional<OutputError>(found->second);
}

ExpertCoverage Workspace::expertCoverage() const {
  const std::lock_guard lock(m_state->mutex);
  return m_state->coverage;
}

std::string Workspace::tokenText(std::int32_t id) const {
  if (id < 0) return {};
  m_state->loadTokenizer();
  const std::lock_guard lock(m_state->mutex);
  if (m_state->tokenizer && id < m_state->tokenizer->vocabularySize())
    return m_state->tokenizer->tokenText(id);
  const auto known = m_state->tokenTexts.find(id);
  return known == m_state->tokenTexts.end() ? "#" + std::to_string(id) : known->second;
}

}  // namespace ql
