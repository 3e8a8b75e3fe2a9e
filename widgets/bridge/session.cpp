#include "widgets/bridge/session.h"

#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/settings.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_planned.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLockFile>

#include <algorithm>
#include <mutex>

namespace ql {

namespace {

constexpr int kTickMs = 50;  // views refresh at most 20 times a second
const QString kOpenSlot = QStringLiteral("open");
const QString kAnalysisSlot = QStringLiteral("analysis");
const QString kWhatIfSlot = QStringLiteral("what-if");

}  // namespace

/// Filled by workers, emptied by the GUI thread. The lock guards `ids`.
struct Session::DoneQueue {
  Session* session = nullptr;  // outlives the workers
  std::mutex lock;
  std::vector<LinearId> ids;

  void add(LinearId id) {
    bool isFirst = false;
    {
      const std::lock_guard guard(lock);
      isFirst = ids.empty();
      ids.push_back(id);
    }
    if (isFirst)
      QMetaObject::invokeMethod(&session->m_tick, qOverload<>(&QTimer::start), Qt::QueuedConnection);
  }
  std::vector<LinearId> take() {
    const std::lock_guard guard(lock);
    return std::exchange(ids, {});
  }
};

Session::Session(QObject* parent) : QObject(parent), m_done(std::make_shared<DoneQueue>()) {
  m_calibration = new CalibrationControl(this);  // here, because it listens to the jobs
  m_smoothing = new SmoothingControl(this);
  m_done->session = this;
  m_tick.setSingleShot(true);
  m_tick.setInterval(kTickMs);
  m_flush.setSingleShot(true);
  m_flush.setInterval(0);
  connect(&m_tick, &QTimer::timeout, this, &Session::takeMeasured);
  connect(&m_flush, &QTimer::timeout, this, &Session::flushMeasurements);
  connect(&m_plan, &PlanDocument::planChanged, this, &Session::choicesChanged);
  connect(&m_plan, &PlanDocument::journalFailed, this,
          [this](const QString& text) { emit message(text, true); });
  connect(&m_jobs, &JobRunner::changed, this, &Session::noticeEndOfAnalysis);
  connect(&m_jobs, &JobRunner::failed, this, [this](const QString& title, const QString& text) {
    emit message(tr("%1: %2").arg(title, text), true);
  });
}

Session::~Session() = default;

void Session::setView(const ViewSettings& view) {
  if (view == m_view) return;
  const bool isNewTarget = view.target != m_view.target;
  m_view = view;
  if (isNewTarget && m_workspace) {
    for (LinearId id = 0; id < model()->linears.size(); ++id) m_findingsWanted.insert(id);
    updateFindings();
  }
  emit viewChanged();
}

void Session::open(const QString& path, std::function<void()> then) {
  const QString title = tr("Opening %1").arg(QFileInfo(path).fileName());
  m_jobs.run<std::shared_ptr<Workspace>>(
      this, kOpenSlot, title, false,
      [path](JobContext&) { return Workspace::open(std::filesystem::path(path.toStdString())); },
      [this, then](std::shared_ptr<Workspace> workspace) {
        adopt(std::move(workspace));
        if (then) then();
      });
}

void Session::adopt(std::shared_ptr<Workspace> workspace) {
  m_jobs.cancelAll();
  m_analysis = 0;
  m_done = std::make_shared<DoneQueue>();
  m_done->session = this;
  m_wanted.clear();
  m_asked.clear();
  m_findings.clear();
  m_diagnosed.clear();
  m_findingsWanted.clear();
  m_isDiagnosing = false;
  m_plan.discardJournal();
  m_plan.setJournal({});
  m_selection.reset();
  m_workspace = std::move(workspace);
  m_view.range.reset();
  m_calibration->reset();
  if (m_workspace) {
    m_workspace->setResidentBytes(settings::residentBytes());
    m_plan.reset(m_workspace->newPlan(defaultChoice()), {});
    claimJournal();
  } else {
    m_plan.reset({}, {});
    m_journalLock.reset();
    m_abandonedJournal.clear();
  }
  emit workspaceChanged();
  activationsCame(m_calibration->hasActivations());
  if (!m_workspace) return;
  for (const std::string& warning : m_workspace->warnings())
    emit message(QString::fromStdString(warning), false);
  startAnalysis();
}

void Session::close() {
  if (m_workspace) adopt(nullptr);
}

void Session::claimJournal() {
  // Beside the cached statistics. A second window on the same model finds the lock taken and keeps its own
  // journal.
  const QDir folder(QString::fromStdString(m_workspace->cacheFile().parent_path().string()));
  QDir().mkpath(folder.path());
  m_abandonedJournal.clear();
  for (int number = 1; number <= 100; ++number) {
    const QString path = folder.filePath(QStringLiteral("plan-%1.journal.json").arg(number));
    auto lock = std::make_unique<QLockFile>(path + QStringLiteral(".lock"));
    lock->setStaleLockTime(0);  // only the end of its process frees it
    if (!lock->tryLock(0)) continue;
    m_journalLock = std::move(lock);
    if (PlanDocument::readJournal(path)) m_abandonedJournal = path;
    if (m_abandonedJournal.isEmpty()) m_plan.setJournal(path);
    return;
  }
}

void Session::restoreJournal() {
  const QString path = std::exchange(m_abandonedJournal, {});
  const std::optional<QuantizationPlan> plan = PlanDocument::readJournal(path);
  m_plan.setJournal(path);
  if (!plan) return;
  m_plan.edit(tr("restored edits"), [&plan](const QuantizationPlan&) {
    return EditResult{*plan, {}, {}, {}};
  });
}

void Session::dropJournal() {
  const QString path = std::exchange(m_abandonedJournal, {});
  if (path.isEmpty()) return;
  QFile::remove(path);
  m_plan.setJournal(path);
}

void Session::startAnalysis() {
  if (!m_workspace) return;
  if (!m_workspace->weights()) {
    // Only statistics are open: everything there is, is there now.
    for (LinearId id = 0; id < model()->linears.size(); ++id) m_done->add(id);
    takeMeasured();
    return;
  }
  m_asked.clear();  // what failed or was cancelled may be asked for again
  const QString title = tr("Measuring %1").arg(QString::fromStdString(model()->name));
  m_analysis = m_jobs.runVoid(
      this, kAnalysisSlot, title, false,
      [workspace = m_workspace, done = m_done](JobContext& job) {
        workspace->analyze({}, job, [done](LinearId id) { done->add(id); });
      },
      [this] {
        m_analysis = 0;
        takeMeasured();
        emit layersMeasured();  // views ask again for what they were refused while the analysis ran
      });
}

void Session::noticeEndOfAnalysis() {
  // A cancelled or failed analysis frees the requests that waited for it.
  for (const JobRunner::Job& job : m_jobs.jobs())
    if (job.id == m_analysis &&
        (job.state == JobRunner::State::Failed || job.state == JobRunner::State::Cancelled))
      m_analysis = 0;
}

void Session::takeMeasured() {
  const std::vector<LinearId> ids = m_done->take();
  if (ids.empty()) return;
  m_findingsWanted.insert(ids.begin(), ids.end());
  emit layersMeasured();
  updateFindings();
}

std::optional<double> Session::value(LinearId id, Metric metric, const std::optional<Choice>& choice,
                                     bool measure) {
  if (!m_workspace) return std::nullopt;
  if (metricSource(metric) == MetricSource::Statistics) {
    const auto summary = m_workspace->weightSummary(id);  // in memory: full statistics may have to be read
    return summary ? std::optional<double>(statisticsMetric(*summary, metric)) : std::nullopt;
  }
  const Choice used = choice ? *choice : choiceOf(id);
  if (metricSource(metric) == MetricSource::Output || metricSource(metric) == MetricSource::Activation)
    return m_calibration->value(id, metric, used, measure);
  if (metric == Metric::BitsPerWeight) {
    const Linear& linear = model()->linears[id];
    return bitsPerWeight(used, linear.out(), linear.in(), dtypeInfo(linear.dtype).bits);
  }
  if (!used.weight) return std::nullopt;
  const auto figures = m_workspace->errorFigures(id, used);
  if (!figures && measure) requestMeasurement(id, used);
  return figures ? errorMetric(*figures, metric) : std::nullopt;
}

std::shared_ptr<const LayerError> Session::error(LinearId id, const Choice& choice, bool measure) {
  if (!m_workspace || !choice.weight) return nullptr;
  std::optional<LayerError> known = m_workspace->errorFigures(id, choice);
  if (!known && measure) requestMeasurement(id, choice);
  return known ? std::make_shared<const LayerError>(std::move(*known)) : nullptr;
}

bool Session::isComing(LinearId id, Metric metric, const Choice& choice) const {
  const MetricSource source = metricSource(metric);
  if (source == MetricSource::Output || source == MetricSource::Activation)
    return m_calibration->isComing(id, metric, choice);
  return true;
}

LayerDone Session::doneSink() const {
  return [done = m_done](LinearId id) { done->add(id); };
}

void Session::remeasured() {
  if (!m_workspace) return;
  for (const auto& [id, choice] : m_diagnosed) m_findingsWanted.insert(id);
  // Those being looked for now do not know the news either.
  for (LinearId id = 0; m_isDiagnosing && id < model()->linears.size(); ++id)
    if (model()->linears[id].isQuantizable) m_findingsWanted.insert(id);
  emit layersMeasured();
  updateFindings();
}

// Output errors are the better judge: they colour as soon as there are any, unless something else was chosen.
void Session::activationsCame(bool isThere) {
  ViewSettings view = m_view;
  const MetricSource source = metricSource(view.metric);
  if (isThere && view.metric == Metric::NormWeighted) view.metric = Metric::OutputError;
  if (!isThere && (source == MetricSource::Output || source == MetricSource::Activation))
    view.metric = Metric::NormWeighted;
  if (view.metric != m_view.metric) view.range.reset();
  setView(view);
}

bool Session::isPartOfAnalysis(LinearId id, const Choice& choice) const {
  if (!m_analysis) return false;
  const Choice first = defaultChoice();
  if (choice.weight == first.weight) return true;
  const std::vector<Choice> remedies = remedyCandidates(first, model()->linears[id].in());
  return std::any_of(remedies.begin(), remedies.end(),
                     [&](const Choice& c) { return c.weight == choice.weight; });
}

void Session::requestMeasurement(LinearId id, const Choice& choice) {
  if (!m_workspace->weights() || isPartOfAnalysis(id, choice)) return;
  const std::string key = choiceJson(choice);
  if (m_asked[key].contains(id)) return;
  auto& [wanted, ids] = m_wanted[key];
  wanted = choice;
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  if (!m_flush.isActive()) m_flush.start();
}

void Session::flushMeasurements() {
  const auto wanted = std::exchange(m_wanted, {});
  for (const auto& [key, request] : wanted) {
    const Choice& choice = request.first;
    std::vector<LinearId> ids = request.second;
    // Asked for while the model was being opened, before its analysis began.
    std::erase_if(ids, [&](LinearId id) { return isPartOfAnalysis(id, choice); });
    if (ids.empty()) continue;
    m_asked[key].insert(ids.begin(), ids.end());
    try {
      requireMeasurable(*choice.weight);
    } catch (const Error& e) {
      emit message(QString::fromUtf8(e.what()), true);  // said once: m_asked keeps it from being asked again
      continue;
    }
    startMeasurement(choice, key, ids);
  }
}

void Session::startMeasurement(const Choice& choice, const std::string& key,
                               const std::vector<LinearId>& ids) {
  const QString what = QString::fromStdString(weightSchemeText(choice));
  const QString title = ids.size() == 1 ? tr("Measuring %1 on 1 linear").arg(what)
                                        : tr("Measuring %1 on %2 linears").arg(what).arg(ids.size());
  m_jobs.runVoid(
      this, {}, title, ids.size() < 4,
      [workspace = m_workspace, done = m_done, choice, ids](JobContext& job) {
        const std::vector<Choice> choices{choice};
        workspace->measure(ids, choices, job, [done](LinearId id) { done->add(id); });
      },
      [this, workspace = m_workspace, key, ids] {
        if (workspace != m_workspace) return;
        for (const LinearId id : ids) m_asked[key].erase(id);
        if (m_asked[key].empty()) m_asked.erase(key);
        takeMeasured();
      });
}

void Session::previewWhatIf(LinearId id, const Choice& choice,
                            std::function<void(std::shared_ptr<const LayerError>)> sink) {
  if (!m_workspace || (!choice.weight && !choice.activation) || !m_workspace->weights()) return;
  // Sampled figures arrive while the job runs: posted to the GUI thread, dropped once the job is superseded.
  m_jobs.runVoid(this, kWhatIfSlot, tr("What if %1").arg(QString::fromStdString(weightSchemeText(choice))),
                 true,
                 [this, workspace = m_workspace, id, choice, sink](JobContext& job) {
                   workspace->whatIf(id, choice, job, [&](std::shared_ptr<const LayerError> figures) {
                     job.step();
                     QMetaObject::invokeMethod(
                         this,
                         [this, workspace, figures, sink] {
                           if (workspace == m_workspace) sink(figures);
                         },
                         Qt::QueuedConnection);
                   });
                 },
                 {});
}

Choice Session::choiceOf(LinearId id) const {
  const Model* m = model();
  return m ? m_plan.plan().choiceFor(m->linears[id].name) : Choice{};
}

Choice Session::shownChoice(LinearId id) const {
  if (m_plan.whatIf() && m_selection.contains(id)) {
    const std::string& name = model()->linears[id].name;
    if (!m_plan.plan().isLocked(name) && !m_plan.plan().isIgnored(name)) return *m_plan.whatIf();
  }
  return choiceOf(id);
}

void Session::choicesChanged() {
  if (!m_workspace || m_diagnosed.empty()) return;
  for (const auto& [id, choice] : m_diagnosed)
    if (choiceOf(id) != choice) m_findingsWanted.insert(id);
  updateFindings();
}

void Session::updateFindings() {
  if (!m_workspace || m_isDiagnosing || m_findingsWanted.empty()) return;
  m_isDiagnosing = true;
  struct Diagnosed {
    LinearId id;
    Choice choice;
    std::vector<Finding> findings;
  };
  std::vector<Diagnosed> tasks;
  for (const LinearId id : m_findingsWanted) tasks.push_back({id, choiceOf(id), {}});
  m_findingsWanted.clear();
  m_jobs.run<std::vector<Diagnosed>>(
      this, {}, tr("Diagnosing"), true,
      [workspace = m_workspace, tasks, target = m_view.target](JobContext& job) mutable {
        for (Diagnosed& task : tasks) {
          job.step();
          if (!task.choice.weight) continue;
          DiagnosisOptions options;
          options.target = target;
          options.choice = workspace->error(task.id, task.choice) ? task.choice : defaultChoice();
          if (workspace->error(task.id, options.choice))
            task.findings = workspace->findings(task.id, options);
        }
        return tasks;
      },
      [this, workspace = m_workspace](std::vector<Diagnosed> diagnosed) {
        if (workspace != m_workspace) return;
        m_isDiagnosing = false;
        for (Diagnosed& task : diagnosed) {
          m_findings[task.id] = std::move(task.findings);
          m_diagnosed[task.id] = std::move(task.choice);
        }
        emit layersMeasured();
        updateFindings();
      });
}

const std::vector<Finding>& Session::findings(LinearId id) {
  static const std::vector<Finding> kNone;
  const auto at = m_findings.find(id);
  return at == m_findings.end() ? kNone : m_smoothing->plannedFigures()->remaining(id, at->second);
}

bool Session::isFlagged(LinearId id) {
  return !findings(id).empty();
}

}  // namespace ql
