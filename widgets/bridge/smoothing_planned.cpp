#include "widgets/bridge/smoothing_planned.h"

#include "core/workspace_smoothing.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/session.h"

#include <QFileInfo>

#include <algorithm>

namespace ql {

namespace {

constexpr std::size_t kMostKnown = 4096;  // keys; older figures are measured again

/// Findings about the output error; what is wrong with the numbers themselves stays true under smoothing.
bool isAboutError(const Finding& finding) {
  return finding.code != "non_finite" && finding.code != "dead_rows";
}

std::vector<OutputError> outputErrors(const PlannedFigures& figures) {
  std::vector<OutputError> errors;
  for (const SmoothedFigures& reader : figures.point.error.readers) {
    OutputError error;
    error.w = reader.w;
    error.a = reader.a;
    error.wa = reader.wa;
    error.weightEvidence = error.sampleEvidence = figures.evidence;
    error.sampleEvidence.interval = reader.interval;
    errors.push_back(std::move(error));
  }
  return errors;
}

std::string entryText(const PlanSmoothing& entry) {
  return entry.producer + "|" + entry.method + "|" + entry.statistic + "|" + std::to_string(entry.alpha) +
         "|" + entry.formula + (entry.dataFree ? "|free|" : "|") + (entry.powersOfTwo ? "pow2|" : "|") +
         entry.scales.value_or("");
}

}  // namespace

PlannedSmoothing::PlannedSmoothing(Session* session, QObject* parent) : QObject(parent), m_session(session) {
  m_flush.setSingleShot(true);
  m_flush.setInterval(0);
  connect(&m_flush, &QTimer::timeout, this, &PlannedSmoothing::flush);
}

void PlannedSmoothing::refresh() {
  const Model* model = m_session->model();
  const auto& record = m_session->calibration()->record();
  const std::string data = record ? record->data + (record->isComplete ? "" : "+") : std::string();
  std::vector<std::string> texts;
  std::map<LinearId, Place> places;
  const std::vector<PlanSmoothing>& entries = m_session->plan()->plan().smoothing;
  for (std::size_t entry = 0; model && entry < entries.size(); ++entry) {
    texts.push_back(entryText(entries[entry]));
    const auto group =
        std::find_if(model->smoothingGroups.begin(), model->smoothingGroups.end(),
                     [&](const SmoothingGroup& g) { return g.producer == entries[entry].producer; });
    if (group == model->smoothingGroups.end()) continue;  // a plan of another model: applying it says so
    const auto number = static_cast<std::size_t>(group - model->smoothingGroups.begin());
    for (std::size_t reader = 0; reader < group->consumers.size(); ++reader)
      places[group->consumers[reader]] = {number, reader, entry};
  }
  const bool isOther = texts != m_entryTexts || data != m_data;
  if (data != m_data || !model) {
    m_remaining.clear();
    m_known.clear();
    m_asked.clear();
  }
  m_entryTexts = std::move(texts);
  m_places = std::move(places);
  m_data = data;
  if (isOther) emit changed();
}

const PlanSmoothing* PlannedSmoothing::entryOf(LinearId id) const {
  const auto at = m_places.find(id);
  const std::vector<PlanSmoothing>& entries = m_session->plan()->plan().smoothing;
  return at == m_places.end() || at->second.entry >= entries.size() ? nullptr : &entries[at->second.entry];
}

std::string PlannedSmoothing::keyOf(const Place& place, const Choice& choice) const {
  return m_data + "|" + m_entryTexts[place.entry] + "|" + choiceJson(choice);
}

bool PlannedSmoothing::canMeasure(LinearId id, const Choice& choice) const {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const CalibrationControl& calibration = *m_session->calibration();
  return workspace && workspace->weights() && (choice.weight || choice.activation) &&
         calibration.hasActivations() && !calibration.isRunning() &&
         calibration.missing(ActivationNeed::OutputErrorWa).isEmpty() && m_places.contains(id);
}

std::optional<OutputError> PlannedSmoothing::output(LinearId id, const Choice& choice, bool measure) {
  const auto at = m_places.find(id);
  if (at == m_places.end() || (!choice.weight && !choice.activation)) return std::nullopt;
  const std::string key = keyOf(at->second, choice);
  const auto known = m_known.find(key);
  if (known != m_known.end() && at->second.reader < known->second.readers.size())
    return known->second.readers[at->second.reader];
  if (measure && canMeasure(id, choice) && !m_asked.contains(key)) {
    m_wanted[key] = {*entryOf(id), at->second.group, choice};
    if (!m_flush.isActive()) m_flush.start();
  }
  return std::nullopt;
}

bool PlannedSmoothing::isComing(LinearId id, const Choice& choice) const {
  const auto at = m_places.find(id);
  return at != m_places.end() && canMeasure(id, choice) && !m_known.contains(keyOf(at->second, choice));
}

std::optional<double> PlannedSmoothing::figure(LinearId id) {
  const Choice choice = m_session->choiceOf(id);
  const std::optional<OutputError> error = output(id, choice, false);
  if (!error) return std::nullopt;
  return choice.activation && error->wa ? error->wa : error->w;
}

const std::vector<Finding>& PlannedSmoothing::remaining(LinearId id, const std::vector<Finding>& findings) {
  if (findings.empty() || !m_places.contains(id)) return findings;
  const std::optional<double> error = figure(id);
  if (!error || *error > m_session->view().target) return findings;
  std::vector<Finding>& remaining = m_remaining[id];
  remaining.clear();
  for (const Finding& finding : findings)
    if (!isAboutError(finding)) remaining.push_back(finding);
  return remaining;
}

void PlannedSmoothing::flush() {
  if (m_wanted.empty()) return;
  const std::map<std::string, Wanted> wanted = std::exchange(m_wanted, {});
  if (m_known.size() > kMostKnown) m_known.clear();
  for (const auto& [key, request] : wanted) m_asked.insert(key);
  const std::filesystem::path folder = QFileInfo(m_session->plan()->filePath()).absolutePath().toStdString();
  const QString title = wanted.size() == 1 ? tr("Measuring 1 smoothed group")
                                           : tr("Measuring %1 smoothed groups").arg(wanted.size());
  using Results = std::map<std::string, Known>;
  m_session->jobs()->run<Results>(
      this, {}, title, wanted.size() < 4,
      [workspace = m_session->workspace(), wanted, folder](JobContext& job) {
        Results results;
        for (const auto& [key, request] : wanted)
          results[key].readers = outputErrors(
              plannedFigures(*workspace, request.entry, request.group, folder, {request.choice}, job));
        return results;
      },
      [this, data = m_data](Results results) {
        for (auto& [key, known] : results) {
          m_asked.erase(key);
          if (data == m_data) m_known[key] = std::move(known);
        }
        emit changed();
      });
}

}  // namespace ql
