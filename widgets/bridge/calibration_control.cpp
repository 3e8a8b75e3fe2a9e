#include "widgets/bridge/calibration_control.h"

#include "core/base/error.h"
#include "core/calib/forward.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/smoothing_control.h"
#include "widgets/bridge/smoothing_planned.h"

#include <QFile>
#include <QFileInfo>

#include <algorithm>
#include <fstream>

namespace ql {

namespace {

const QString kCalibrationSlot = QStringLiteral("calibration");
constexpr ActivationNeed kNeeds[] = {ActivationNeed::Extremes,      ActivationNeed::Diagonal,
                                     ActivationNeed::Sample,        ActivationNeed::OutputErrorW,
                                     ActivationNeed::OutputErrorWa, ActivationNeed::Median};
constexpr std::int64_t kDefaultContext = 2048;  // as core's: the model's own, at most this
constexpr std::int64_t kBytesPerToken = 64;     // of text read for an estimate; ten times what is usual
constexpr std::int64_t kMostEstimated = 64 << 20;

std::optional<double> figureOf(const OutputError& error, Metric metric, const Choice& choice) {
  switch (metric) {
    case Metric::OutputW:
      return error.w;
    case Metric::OutputA:
      return error.a;
    case Metric::OutputWa:
      return error.wa;
    default:
      return choice.activation && error.wa ? error.wa : error.w;
  }
}

std::optional<double> figureOf(const ActivationSummary& summary, Metric metric) {
  switch (metric) {
    case Metric::ActAbsMax:
      return summary.absmax;
    case Metric::ActPeakRatio:
      return summary.channelPeakRatio;
    case Metric::ActOutlierChannels:
      return static_cast<double>(summary.outlierChannels);
    case Metric::ActKurtosis:
      return summary.kurtosis;
    case Metric::EffectiveRank:
      return summary.effectiveRank;
    default:
      return summary.conditionNumber;
  }
}

ActivationNeed needOf(Metric metric) {
  switch (metric) {
    case Metric::OutputError:
    case Metric::OutputW:
      return ActivationNeed::OutputErrorW;
    case Metric::OutputA:
    case Metric::OutputWa:
      return ActivationNeed::OutputErrorWa;
    case Metric::ActKurtosis:
    case Metric::EffectiveRank:
    case Metric::ConditionNumber:
      return ActivationNeed::Diagonal;
    default:
      return ActivationNeed::Extremes;
  }
}

std::string readBytes(const std::filesystem::path& path, std::uint64_t most) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    throw Error(ErrorCode::Io, "The file " + path.filename().string() +
                                   " cannot be read; check the path and its permissions.");
  std::string text(most, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

std::string configOf(const Workspace& workspace) {
  if (!workspace.checkpoint()) return {};
  try {
    return readBytes(workspace.checkpoint()->folder() / "config.json", 16u << 20);
  } catch (const Error&) {
    return {};  // a lone weight file: forwardProblem() says so
  }
}

CalibrationReadiness findReadiness(const Workspace& workspace) {
  CalibrationReadiness ready;
  ready.isKnown = true;
  if (const auto tokenizer = workspace.tokenizer()) {
    const std::string_view kind = tokenizer->kind();
    ready.tokenizer = CalibrationControl::tr("%1, %2 tokens")
                          .arg(QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size())),
                               countText(tokenizer->vocabularySize()));
  } else {
    ready.tokenizerProblem = QString::fromStdString(workspace.tokenizerProblem());
  }
  ready.forwardProblem = QString::fromStdString(workspace.forwardProblem());
  if (ready.forwardProblem.isEmpty()) {
    try {
      ready.context =
          ForwardModel::make(workspace.model(), configOf(workspace), workspace.weights())->contextLength();
    } catch (const Error&) {
      ready.context = 0;  // forwardProblem() has the word on it
    }
  }
  return ready;
}

TextEstimate countWindows(const Workspace& workspace, const TextSource& source, WindowOptions options,
                          std::int64_t modelContext) {
  TextEstimate estimate;
  try {
    if (options.context == 0)
      options.context = modelContext > 0 ? std::min(modelContext, kDefaultContext) : kDefaultContext;
    const auto tokenizer = workspace.tokenizer();
    std::vector<std::int32_t> ids, prefix, suffix;
    if (!source.ids.empty()) {
      ids = readTokenIds(source.ids);
    } else {
      if (!tokenizer) throw Error(ErrorCode::Usage, workspace.tokenizerProblem());
      const std::int64_t wanted =
          options.maxTokens > 0 ? (1 << 20) + kBytesPerToken * options.maxTokens : kMostEstimated;
      ids = tokenizer->encode(
          readBytes(source.text, static_cast<std::uint64_t>(std::min(wanted, kMostEstimated))));
    }
    if (tokenizer) {
      prefix = tokenizer->prefix();
      suffix = tokenizer->suffix();
    }
    const std::int64_t vocabulary = tokenizer ? tokenizer->vocabularySize() : INT32_MAX;
    const TokenWindows windows = cutWindows(ids, prefix, suffix, vocabulary, options);
    estimate.windows = static_cast<std::int64_t>(windows.windows.size());
    estimate.tokens = windows.tokenCount();
    estimate.context = options.context;
  } catch (const Error& e) {
    estimate.problem = QString::fromUtf8(e.what());
  }
  return estimate;
}

}  // namespace

CalibrationControl::CalibrationControl(Session* session) : QObject(session), m_session(session) {
  m_flush.setSingleShot(true);
  m_flush.setInterval(0);
  connect(&m_flush, &QTimer::timeout, this, &CalibrationControl::flush);
  connect(session->jobs(), &JobRunner::changed, this, &CalibrationControl::noticeEnd);
}

void CalibrationControl::reset() {
  m_record.reset();
  m_missing.clear();
  m_evidenceData.clear();
  m_readiness = {};
  m_isReadinessAsked = false;
  m_job = 0;
  m_wanted.clear();
  m_asked.clear();
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  m_warned = workspace ? workspace->warnings().size() : 0;
  if (workspace) m_record = workspace->calibrationRecord();
  findEvidence();
}

// What there is
// -------------------------------------------------------------------------------------------------------

const CalibrationReadiness& CalibrationControl::readiness() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (m_isReadinessAsked || !workspace) return m_readiness;
  m_isReadinessAsked = true;
  m_session->jobs()->run<CalibrationReadiness>(
      this, QStringLiteral("readiness"), tr("Looking at tokenizer and model"), true,
      [workspace](JobContext&) { return findReadiness(*workspace); },
      [this, workspace](CalibrationReadiness ready) {
        if (workspace != m_session->workspace()) return;
        m_readiness = std::move(ready);
        emit readinessChanged();
      });
  return m_readiness;
}

QString CalibrationControl::missing(ActivationNeed need) const {
  if (!hasActivations()) return tr("there are no activations: calibrate on text, or import them");
  const auto at = m_missing.find(need);
  return at == m_missing.end() ? QString() : at->second;
}

QString CalibrationControl::missing(Metric metric) const {
  const MetricSource source = metricSource(metric);
  if (source != MetricSource::Output && source != MetricSource::Activation) return {};
  // Output error needs either of the two.
  if (metric == Metric::OutputError && missing(ActivationNeed::OutputErrorWa).isEmpty()) return {};
  const QString reason = missing(needOf(metric));
  if (!reason.isEmpty() || !hasActivations()) return reason;
  if (metric == Metric::EffectiveRank || metric == Metric::ConditionNumber) {
    const Model& model = *m_session->model();
    for (std::size_t site = 0; site < model.sites.size(); ++site)
      if (const auto summary = m_session->workspace()->activationSummary(site);
          summary && figureOf(*summary, metric))
        return {};
    return tr("no second moment was within the memory budget");
  }
  return {};
}

QString CalibrationControl::recordText() const {
  if (!m_record) return {};
  QStringList parts;
  if (!m_record->source.empty()) parts << QString::fromStdString(m_record->source);
  if (m_record->tokens > 0)
    parts << tr("%1 tokens").arg(countText(static_cast<std::int64_t>(m_record->tokens)));
  const std::string_view origin = activationOriginName(m_record->origin);
  parts << QString::fromUtf8(origin.data(), static_cast<qsizetype>(origin.size()));
  if (!m_record->isComplete) parts << tr("not finished");
  return parts.join(QStringLiteral(", "));
}

void CalibrationControl::findEvidence() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const QString data = m_record ? QString::fromStdString(m_record->data) : QString();
  if (!workspace || !hasActivations() || data == m_evidenceData) return;
  std::size_t site = 0;
  const std::size_t count = workspace->model().sites.size();
  while (site < count && !workspace->activationSummary(site)) ++site;
  if (site == count) return;
  m_evidenceData = data;
  using Reasons = std::map<ActivationNeed, QString>;
  m_session->jobs()->run<Reasons>(
      this, QStringLiteral("evidence"), tr("Looking at the activations"), true,
      [workspace, site](JobContext&) {
        Reasons reasons;
        if (const auto stats = workspace->activations(site))
          for (const ActivationNeed need : kNeeds)
            reasons[need] = QString::fromStdString(missingReason(*stats, need));
        return reasons;
      },
      [this, workspace](Reasons reasons) {
        if (workspace != m_session->workspace()) return;
        m_missing = std::move(reasons);
        emit changed();
      });
}

void CalibrationControl::refresh() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace) return;
  const bool had = hasActivations();
  const std::string before = m_record ? m_record->data : std::string();
  m_record = workspace->calibrationRecord();
  if ((m_record ? m_record->data : std::string()) != before) {
    m_missing.clear();
    m_evidenceData.clear();
    m_asked.clear();
  }
  findEvidence();
  if (had != hasActivations()) m_session->activationsCame(hasActivations());
  emit changed();
  m_session->remeasured();
}

// Figures
// -------------------------------------------------------------------------------------------------------------

std::optional<double> CalibrationControl::value(LinearId id, Metric metric, const Choice& choice,
                                                bool measure) {
  if (metricSource(metric) == MetricSource::Output) {
    const std::optional<OutputError> error = output(id, choice, measure);
    return error ? figureOf(*error, metric, choice) : std::nullopt;
  }
  const std::optional<std::size_t> site = m_session->model()->linears[id].site;
  const auto summary = site ? m_session->workspace()->activationSummary(*site) : std::nullopt;
  // An import may know less than a metric needs: a zero would be a lie.
  if (!summary || !missing(needOf(metric)).isEmpty()) return std::nullopt;
  return figureOf(*summary, metric);
}

std::optional<double> CalibrationControl::plainValue(LinearId id, Metric metric, const Choice& choice,
                                                     bool measure) {
  const std::optional<OutputError> error = plainOutput(id, choice, measure);
  return error ? figureOf(*error, metric, choice) : std::nullopt;
}

std::optional<OutputError> CalibrationControl::output(LinearId id, const Choice& choice, bool measure) {
  PlannedSmoothing* smoothing = m_session->smoothing()->plannedFigures();
  return smoothing->entryOf(id) ? smoothing->output(id, choice, measure) : plainOutput(id, choice, measure);
}

std::optional<OutputError> CalibrationControl::plainOutput(LinearId id, const Choice& choice, bool measure) {
  if (!choice.weight && !choice.activation) return std::nullopt;
  const std::optional<OutputError> known = m_session->workspace()->outputError(id, choice);
  if (!known && measure) request(id, choice);
  return known;
}

bool CalibrationControl::canMeasure(LinearId id, const Choice& choice) const {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const std::optional<std::size_t> site = workspace->model().linears[id].site;
  return (choice.weight || choice.activation) && workspace->weights() && site &&
         workspace->activationSummary(*site) &&
         (missing(ActivationNeed::OutputErrorW).isEmpty() ||
          missing(ActivationNeed::OutputErrorWa).isEmpty());
}

bool CalibrationControl::isComing(LinearId id, Metric metric, const Choice& choice) const {
  if (m_job) return true;
  const PlannedSmoothing* smoothing = m_session->smoothing()->plannedFigures();
  if (metricSource(metric) == MetricSource::Output && smoothing->entryOf(id))
    return smoothing->isComing(id, choice);
  if (metricSource(metric) != MetricSource::Output || !hasActivations() || !canMeasure(id, choice))
    return false;
  return !m_session->workspace()->outputError(id, choice);
}

void CalibrationControl::request(LinearId id, const Choice& choice) {
  if (!canMeasure(id, choice)) return;
  const std::string key = choiceJson(choice);
  const auto asked = m_asked.find(key);
  if (asked != m_asked.end() && asked->second.contains(id)) return;
  auto& [wanted, ids] = m_wanted[key];
  wanted = choice;
  ids.insert(id);
  if (!m_flush.isActive()) m_flush.start();
}

void CalibrationControl::flush() {
  // Choices wanted on the same linears share one pass over their weights.
  std::map<std::set<LinearId>, std::vector<Choice>> groups;
  for (const auto& [key, request] : std::exchange(m_wanted, {})) {
    m_asked[key].insert(request.second.begin(), request.second.end());
    groups[request.second].push_back(request.first);
  }
  for (const auto& [set, choices] : groups) {
    const std::vector<LinearId> ids(set.begin(), set.end());
    const QString title = ids.size() == 1 ? tr("Measuring outputs of 1 linear")
                                          : tr("Measuring outputs of %1 linears").arg(ids.size());
    m_session->jobs()->runVoid(
        this, {}, title, ids.size() < 4,
        [workspace = m_session->workspace(), ids, choices, done = m_session->doneSink()](JobContext& job) {
          workspace->measureOutputs(ids, choices, job, done);
        },
        [this] { m_session->remeasured(); });
  }
}

// Jobs
// ----------------------------------------------------------------------------------------------------------------

void CalibrationControl::start(const QString& title, std::function<void(JobContext&)> work,
                               const QString& finished) {
  m_finished = finished;
  m_asked.clear();
  m_job = m_session->jobs()->runVoid(this, kCalibrationSlot, title, false, std::move(work), {});
  emit changed();
}

void CalibrationControl::calibrate(const CalibrateOptions& options) {
  const std::filesystem::path& path = options.source.ids.empty() ? options.source.text : options.source.ids;
  const QString name = QString::fromStdString(path.filename().string());
  start(
      tr("Calibrating on %1").arg(name),
      [this, workspace = m_session->workspace(), options](JobContext& job) {
        workspace->calibrate(options, job, [this, workspace](int) {
          QMetaObject::invokeMethod(
              this,
              [this, workspace] {
                if (workspace == m_session->workspace()) refresh();
              },
              Qt::QueuedConnection);
        });
      },
      tr("Calibrated on %1").arg(name));
}

void CalibrationControl::importFile(const QString& path) {
  const QString name = QFileInfo(path).fileName();
  start(
      tr("Importing activations from %1").arg(name),
      [workspace = m_session->workspace(), path](JobContext& job) {
        workspace->importActivations(std::filesystem::path(path.toStdString()), {}, job);
      },
      tr("Imported activations from %1").arg(name));
}

void CalibrationControl::noticeEnd() {
  if (!m_job) return;
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job || job.state == JobRunner::State::Queued || job.state == JobRunner::State::Running)
      continue;
    const bool isGood = job.state == JobRunner::State::Finished;
    m_job = 0;
    m_asked.clear();  // what was measured meanwhile may have made room for what the file holds
    refresh();
    if (isGood) {
      const std::size_t sites = m_record ? m_record->sites : 0;
      emit m_session->message(tr("%1: %2 sites").arg(m_finished, countText(static_cast<std::int64_t>(sites))),
                              false);
    }
    reportWarnings();
    return;
  }
}

void CalibrationControl::reportWarnings() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace) return;
  const std::vector<std::string> all = workspace->warnings();
  const std::size_t from = std::min(m_warned, all.size());
  m_warned = all.size();
  for (std::size_t i = from; i < all.size(); ++i)
    if (all.size() - from > 3)
      emit m_session->jobs()->logged(QString::fromStdString(all[i]));
    else
      emit m_session->message(QString::fromStdString(all[i]), true);
  if (all.size() - from > 3)
    emit m_session->message(tr("%1 warnings about the activations; the Log has them all. First: %2")
                                .arg(all.size() - from)
                                .arg(QString::fromStdString(all[from])),
                            true);
}

void CalibrationControl::estimate(QObject* owner, const TextSource& source, const WindowOptions& options,
                                  std::function<void(TextEstimate)> done) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace) return;
  m_session->jobs()->run<TextEstimate>(
      owner, QStringLiteral("estimate"), tr("Counting windows"), true,
      [workspace, source, options, context = m_readiness.context](JobContext&) {
        return countWindows(*workspace, source, options, context);
      },
      std::move(done));
}

}  // namespace ql
