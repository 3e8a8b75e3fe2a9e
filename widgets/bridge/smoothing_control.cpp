#include "widgets/bridge/smoothing_control.h"

#include "core/workspace_smoothing.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_names.h"
#include "widgets/bridge/smoothing_planned.h"

#include <algorithm>

namespace ql {

namespace {

constexpr int kRestMs = 200;  // the slider rests: what folding costs is worth computing
constexpr int kRowsMs = 100;

SmoothingTrial trialOf(const PlanSmoothing& entry) {
  SmoothingTrial trial;
  trial.method =
      entry.method == "smoothquant" ? SmoothingTrial::Method::SmoothQuant : SmoothingTrial::Method::Bismooth;
  trial.usesMedian = entry.statistic == "median";
  trial.alpha = entry.alpha;
  trial.powersOfTwo = entry.powersOfTwo;
  trial.llmCompressor = !entry.formula.empty();
  trial.dataFree = entry.dataFree;
  return trial;
}

}  // namespace

SmoothingOptions smoothingOptions(const SmoothingTrial& trial) {
  const bool isBismooth = trial.method == SmoothingTrial::Method::Bismooth;
  SmoothingOptions options;
  options.method = isBismooth ? "bismooth" : "smoothquant";
  options.statistic = isBismooth && trial.usesMedian ? "median" : "max";
  options.alpha = trial.alpha;
  options.powersOfTwo = trial.powersOfTwo;
  if (isBismooth && trial.dataFree) options.options["data_free"] = true;
  if (!isBismooth && trial.llmCompressor) options.options["formula"] = std::string("llm-compressor");
  return options;
}

SmoothingTrial normalized(const SmoothingTrial& trial) {
  SmoothingTrial same;
  same.method = trial.method;
  if (trial.method == SmoothingTrial::Method::None) return same;
  same.alpha = trial.alpha;
  same.powersOfTwo = trial.powersOfTwo;
  if (trial.method == SmoothingTrial::Method::SmoothQuant) {
    same.llmCompressor = trial.llmCompressor;
  } else {
    same.usesMedian = trial.usesMedian;
    same.dataFree = trial.dataFree;
  }
  return same;
}

SmoothingControl::SmoothingControl(Session* session)
    : QObject(session), m_session(session), m_planned(new PlannedSmoothing(session, this)) {
  for (QTimer* timer : {&m_later, &m_rest, &m_rowsLater}) timer->setSingleShot(true);
  m_later.setInterval(0);
  m_rest.setInterval(kRestMs);
  m_rowsLater.setInterval(kRowsMs);
  connect(&m_later, &QTimer::timeout, this, &SmoothingControl::refresh);
  connect(&m_rest, &QTimer::timeout, this, &SmoothingControl::startResidual);
  connect(&m_rowsLater, &QTimer::timeout, this, &SmoothingControl::refreshRows);
  connect(session, &Session::workspaceChanged, this, &SmoothingControl::reset);
  connect(session, &Session::layersMeasured, this, [this] {
    if (!m_isWatched) scheduleRefresh();  // the current linear may be flagged now
  });
  connect(session->selection(), &Selection::changed, this, &SmoothingControl::followSelection);
  connect(session->plan(), &PlanDocument::planChanged, this, &SmoothingControl::followPlan);
  connect(session->plan(), &PlanDocument::whatIfChanged, this, [this] {
    scheduleRefresh();
    m_rowsLater.start();
  });
  connect(session->calibration(), &CalibrationControl::changed, this, [this] {
    m_planned->refresh();
    scheduleRefresh();
    m_rowsLater.start();
  });
  connect(session->jobs(), &JobRunner::changed, this, [this] {
    const std::vector<JobRunner::Job>& jobs = m_session->jobs()->jobs();
    const auto job =
        std::find_if(jobs.begin(), jobs.end(), [this](const auto& j) { return j.id == m_search; });
    if (m_search == 0 || job == jobs.end() || job->state == JobRunner::State::Queued ||
        job->state == JobRunner::State::Running)
      return;
    m_search = 0;
    refreshRows();
  });
  connect(m_planned, &PlannedSmoothing::changed, session, &Session::layersMeasured);
}

SmoothingControl::~SmoothingControl() = default;

void SmoothingControl::reset() {
  m_model = m_session->model();
  m_groups.clear();
  m_group.reset();
  m_trial = {};
  m_isTouched = false;
  m_search = 0;
  forget();
  if (const Model* model = m_session->model()) {
    std::vector<LinearId> all(model->linears.size());
    for (LinearId id = 0; id < all.size(); ++id) all[id] = id;
    m_groups = smoothingGroupsOf(*model, all);
  }
  m_planned->refresh();
  rebuildRows();
  followSelection();
  emit groupChanged();
  scheduleRefresh();
}

// The group
// ------------------------------------------------------------------------------------------------------

QString SmoothingControl::groupName(std::size_t group) const {
  return m_session->model() ? ql::groupName(*m_session->model(), group) : QString();
}

QString SmoothingControl::groupText(std::size_t group) const {
  if (!m_session->model()) return {};
  const Model& model = *m_session->model();
  return tr("%1: %2 → %3")
      .arg(ql::groupName(model, group), groupProducer(model, group), groupReaders(model, group));
}

std::optional<std::size_t> SmoothingControl::groupOf(LinearId id) const {
  if (!m_session->model()) return std::nullopt;
  const std::optional<std::size_t> group = m_session->model()->linears.at(id).smoothingGroup;
  const bool isKnown = group && std::find(m_groups.begin(), m_groups.end(), *group) != m_groups.end();
  return isKnown ? group : std::nullopt;
}

void SmoothingControl::followSelection() {
  if (m_model != m_session->model()) return;
  const std::optional<LinearId> current = m_model ? m_session->selection()->current() : std::nullopt;
  adoptGroup(current ? groupOf(*current) : std::nullopt);
}

void SmoothingControl::adoptGroup(std::optional<std::size_t> group) {
  if (group == m_group) return;
  m_group = group;
  forget();
  m_isTouched = false;
  if (group) m_trial = proposal(*group);
  emit groupChanged();
  emit trialChanged();
  tellAll();
  scheduleRefresh();
}

void SmoothingControl::setGroup(std::size_t group) {
  if (!m_session->model() || std::find(m_groups.begin(), m_groups.end(), group) == m_groups.end()) return;
  std::vector<LinearId> readers;
  for (const LinearId id : m_session->model()->smoothingGroups[group].consumers)
    if (m_session->model()->linears[id].isQuantizable) readers.push_back(id);
  const std::optional<LinearId> current = m_session->selection()->current();
  const bool isInside = current && std::find(readers.begin(), readers.end(), *current) != readers.end();
  m_session->selection()->set(readers, isInside ? *current : readers.front());
  adoptGroup(group);
}

FoldTarget SmoothingControl::fold() const {
  const SmoothingRow* current = m_group ? row(*m_group) : nullptr;
  return current ? current->fold : FoldTarget();
}

// The trial
// ------------------------------------------------------------------------------------------------------

SmoothingTrial SmoothingControl::planned(std::size_t group) const {
  SmoothingTrial none;
  none.method = SmoothingTrial::Method::None;
  if (!m_session->model()) return none;
  const PlanSmoothing* entry =
      findSmoothing(m_session->plan()->plan(), m_session->model()->smoothingGroups.at(group).producer);
  return entry ? trialOf(*entry) : none;
}

/// What the plan says; where it says nothing, what was tried last, in the middle.
SmoothingTrial SmoothingControl::proposal(std::size_t group) const {
  const SmoothingTrial planned = this->planned(group);
  if (planned.method != SmoothingTrial::Method::None) return planned;
  SmoothingTrial trial = m_trial.method == SmoothingTrial::Method::None ? SmoothingTrial() : m_trial;
  trial.alpha = SmoothingTrial().alpha;
  return trial;
}

void SmoothingControl::setTrial(const SmoothingTrial& trial) {
  SmoothingTrial next = trial;
  next.alpha = std::clamp(next.alpha, 0.0, 1.0);
  if (next == m_trial && m_isTouched) return;
  const bool isOther = next != m_trial;
  m_trial = next;
  m_isTouched = true;
  emit trialChanged();
  if (!isOther) return;
  updateChannels();
  // another formula, statistic or rounding has other curves
  if (!m_evidence || !startCurves()) updateFigures();
  if (!m_evidence) scheduleRefresh();
}

bool SmoothingControl::isTrialAsPlanned() const {
  return !m_group || normalized(m_trial) == normalized(planned(*m_group));
}

void SmoothingControl::revert() {
  if (!m_group) return;
  setTrial(planned(*m_group));
  m_isTouched = false;
  emit trialChanged();
}

void SmoothingControl::takeOptimum() {
  const auto curve = trialCurve();
  const SmoothingPoint* best = curve ? curve->best() : nullptr;
  if (!best) return;
  SmoothingTrial trial = m_trial;
  trial.alpha = best->alpha;
  setTrial(trial);
}

void SmoothingControl::followPlan() {
  if (m_model != m_session->model()) return;  // reset() follows
  m_planned->refresh();
  if (m_group && !m_isTouched && planned(*m_group).method != SmoothingTrial::Method::None &&
      m_trial != planned(*m_group)) {
    m_trial = planned(*m_group);
    emit trialChanged();
    updateChannels();
    if (!m_evidence || !startCurves()) updateFigures();
  } else {
    emit trialChanged();  // whether it is as planned may be another matter now
  }
  scheduleRefresh();
  refreshRows();
}

std::shared_ptr<const SmoothingCurve> SmoothingControl::trialCurve() const {
  if (m_trial.method == SmoothingTrial::Method::None) return nullptr;
  const bool isOwn =
      m_trial.method == SmoothingTrial::Method::Bismooth && (m_trial.usesMedian || m_trial.dataFree);
  return isOwn ? m_bismooth : m_smoothQuant;
}

const SmoothingPoint* SmoothingControl::unsmoothed() const {
  if (m_unsmoothed) return &*m_unsmoothed;
  const auto& curve = m_smoothQuant ? m_smoothQuant : m_bismooth;
  return curve && curve->none.error.together.wa ? &curve->none : nullptr;
}

void SmoothingControl::setWatched(bool isWatched) {
  if (isWatched == m_isWatched) return;
  m_isWatched = isWatched;
  scheduleRefresh();
}

void SmoothingControl::openPage() {
  emit pageRequested();
}

void SmoothingControl::openTable() {
  emit tableRequested();
}

}  // namespace ql
