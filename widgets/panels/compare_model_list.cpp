#include "widgets/panels/compare_model_list.h"

#include "core/workspace_compare.h"
#include "widgets/bridge/calibration_control.h"

#include <QDir>
#include <QFileInfo>
#include <QPointer>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace ql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::optional<double> figureOf(const std::optional<LayerError>& error, CompareFigureKind kind) {
  if (!error) return std::nullopt;
  switch (kind) {
    case CompareFigureKind::NormWeighted:
      return error->normWeightedRel;
    case CompareFigureKind::Output:
      return error->outputRelWa ? error->outputRelWa : error->outputRelW;
    case CompareFigureKind::RelFrobenius:
      break;
  }
  return error->weightRelFro;
}

}  // namespace

CompareModelList::CompareModelList(Session* session, QObject* parent)
    : QObject(parent), m_session(session), m_choice(defaultChoice()) {
  connect(session, &Session::workspaceChanged, this, &CompareModelList::takeCurrent);
  connect(session->calibration(), &CalibrationControl::changed, this, [this] {
    if (m_kind == CompareFigureKind::Output) setQuestion(m_choice, m_kind);
  });
  connect(session, &Session::layersMeasured, this, &CompareModelList::takeMeasured);
  connect(session->jobs(), &JobRunner::changed, this, &CompareModelList::noticeCancelled);
  takeCurrent();
}

// While the window measures its model, the curve grows with what comes; what is missing then is measured
// here.
void CompareModelList::takeMeasured() {
  if (!m_isActive || m_models.empty() || !m_models.front().isCurrent || m_models.front().isMeasuring) return;
  ComparedModel& model = m_models.front();
  const bool isTried = model.isTried;
  const QString problem = model.problem;
  fillKnown(model);
  model.isTried = isTried;
  model.problem = problem;
  if (!isTried) measure(model);
  emit changed();
}

void CompareModelList::noticeCancelled() {
  bool isNews = false;
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.state != JobRunner::State::Failed && job.state != JobRunner::State::Cancelled) continue;
    for (ComparedModel& model : m_models) {
      if (!model.isMeasuring || model.job != job.id) continue;
      model.isMeasuring = false;
      model.isTried = true;
      isNews = true;
    }
  }
  if (isNews) emit changed();
}

QString CompareModelList::slot(quint64 serial) const {
  return QStringLiteral("compare-model-%1-%2").arg(reinterpret_cast<quintptr>(this)).arg(serial);
}

ComparedModel* CompareModelList::find(quint64 serial) {
  const auto found = std::find_if(m_models.begin(), m_models.end(),
                                  [serial](const ComparedModel& model) { return model.serial == serial; });
  return found == m_models.end() ? nullptr : &*found;
}

int CompareModelList::freeColor() const {
  std::set<int> used;
  for (const ComparedModel& model : m_models) used.insert(model.curve.color);
  int color = 0;
  while (used.contains(color)) ++color;
  return color;
}

bool CompareModelList::isBusy() const {
  return m_opening > 0 || std::any_of(m_models.begin(), m_models.end(),
                                      [](const ComparedModel& model) { return model.isMeasuring; });
}

// The window's model takes the first place; the one before it leaves, models added by hand stay.
void CompareModelList::takeCurrent() {
  for (const ComparedModel& model : m_models)
    if (model.isCurrent) m_session->jobs()->cancelSlot(slot(model.serial));
  std::erase_if(m_models, [](const ComparedModel& model) { return model.isCurrent; });
  if (const auto workspace = m_session->workspace())
    adopt(QString::fromStdString(workspace->path().string()), workspace, true);
  emit changed();
}

void CompareModelList::adopt(const QString& path, const std::shared_ptr<Workspace>& workspace,
                             bool isCurrent) {
  ComparedModel model;
  model.serial = m_next++;
  model.path = path;
  model.workspace = workspace;
  model.isCurrent = isCurrent;
  model.curve.name = QString::fromStdString(workspace->model().name);
  // many models are a file of the same name: the folder tells them apart
  if (const QFileInfo file(path); file.isFile() && file.fileName() == model.curve.name)
    model.curve.name = file.absoluteDir().dirName() + QLatin1Char('/') + model.curve.name;
  model.curve.color = freeColor();
  const std::vector<Linear>& linears = workspace->model().linears;
  for (LinearId id = 0; id < linears.size(); ++id) {
    if (!linears[id].isQuantizable) continue;
    model.linears.push_back(id);
    model.curve.layers.push_back(QString::fromStdString(linears[id].name));
  }
  const quint64 serial = model.serial;
  m_models.insert(isCurrent ? m_models.begin() : m_models.end(), std::move(model));
  ComparedModel& placed = *find(serial);
  fillKnown(placed);
  measure(placed);
  emit changed();
}

void CompareModelList::add(const QString& path) {
  using Opened = std::shared_ptr<Workspace>;
  ++m_opening;
  emit changed();
  const QString title = tr("Opening %1 to compare").arg(QFileInfo(path).fileName());
  struct Result {
    Opened workspace;
    QString problem;
  };
  m_session->jobs()->run<Result>(
      this, {}, title, false,
      [path](JobContext&) -> Result {
        try {
          return {Workspace::open(path.toStdString()), {}};
        } catch (const Error& error) {
          return {nullptr, QString::fromUtf8(error.what())};
        }
      },
      [this, path](const Result& result) {
        --m_opening;
        if (!result.workspace) {
          emit m_session->message(result.problem, true);
          return emit changed();
        }
        const QString canonical = QFileInfo(path).canonicalFilePath();
        const auto isKnown = [&](const ComparedModel& model) {
          return QFileInfo(model.path).canonicalFilePath() == canonical;
        };
        if (std::any_of(m_models.begin(), m_models.end(), isKnown)) {
          emit m_session->message(tr("%1 is in the comparison already.").arg(QFileInfo(path).fileName()),
                                  false);
          return emit changed();
        }
        adopt(path, result.workspace, false);
        emit added(m_models.back().serial);
      });
}

void CompareModelList::remove(quint64 serial) {
  m_session->jobs()->cancelSlot(slot(serial));
  std::erase_if(m_models, [serial](const ComparedModel& model) { return model.serial == serial; });
  emit changed();
}

void CompareModelList::setQuestion(const Choice& choice, CompareFigureKind kind) {
  m_choice = choice;
  m_kind = kind;
  ++m_generation;
  for (ComparedModel& model : m_models) {
    m_session->jobs()->cancelSlot(slot(model.serial));
    model.isMeasuring = false;
    fillKnown(model);
    measure(model);
  }
  emit changed();
}

void CompareModelList::setActive(bool isActive) {
  if (isActive == m_isActive) return;
  m_isActive = isActive;
  if (isActive) setQuestion(m_choice, m_kind);
}

void CompareModelList::fillKnown(ComparedModel& model) {
  model.curve.values.clear();
  for (const LinearId id : model.linears)
    model.curve.values.push_back(
        figureOf(model.workspace->errorFigures(id, m_choice), m_kind).value_or(kNan));
  model.problem.clear();
  model.isTried = false;
}

// One job a model; each value goes to the GUI thread as it is known, through the session, which outlives its
// jobs: this list may be gone by then.
void CompareModelList::measure(ComparedModel& model) {
  std::vector<std::pair<std::size_t, LinearId>> missing;
  for (std::size_t i = 0; i < model.linears.size(); ++i)
    if (std::isnan(model.curve.values[i])) missing.emplace_back(i, model.linears[i]);
  if (!m_isActive || (model.isCurrent && m_session->isAnalyzing())) return;
  if (missing.empty() || !model.workspace->weights()) return finish(model.serial, m_generation);
  model.isMeasuring = true;
  const QString title = tr("Measuring %1 to compare").arg(model.curve.name);
  model.job = m_session->jobs()->run<QString>(
      this, slot(model.serial), title, false,
      [session = m_session, list = QPointer(this), serial = model.serial, generation = m_generation,
       workspace = model.workspace, missing, choice = m_choice, kind = m_kind](JobContext& job) -> QString {
        try {
          for (const auto& [at, id] : missing) {
            job.step();
            const std::optional<double> value = figureOf(errorIfPossible(*workspace, id, choice, job), kind);
            QMetaObject::invokeMethod(
                session,
                [list, serial, generation, index = at, value] {
                  if (list) list->takeValue(serial, generation, index, value);
                },
                Qt::QueuedConnection);
          }
        } catch (const Error& error) {
          return QString::fromUtf8(error.what());
        }
        return {};
      },
      [this, serial = model.serial, generation = m_generation](const QString& problem) {
        finish(serial, generation, problem);
      });
}

void CompareModelList::takeValue(quint64 serial, quint64 generation, std::size_t at,
                                 std::optional<double> value) {
  ComparedModel* model = find(serial);
  if (!model || generation != m_generation || !value) return;
  model->curve.values[at] = *value;
  emit changed();
}

void CompareModelList::finish(quint64 serial, quint64 generation, const QString& problem) {
  ComparedModel* model = find(serial);
  if (!model || generation != m_generation) return;
  model->isMeasuring = false;
  model->isTried = true;
  if (!problem.isEmpty()) {
    model->problem = problem;
    return emit changed();
  }
  const auto isKnown = [](double v) { return !std::isnan(v); };
  const auto known = std::count_if(model->curve.values.begin(), model->curve.values.end(), isKnown);
  if (known == 0 && m_kind == CompareFigureKind::Output && !model->workspace->calibrationRecord())
    model->problem = tr("no activations: calibrate it first");
  else if (known == 0 && !model->workspace->weights())
    model->problem = tr("only statistics are open, and they do not know this choice");
  else if (known == 0)
    model->problem = tr("this choice cannot be measured");
  emit changed();
}

}  // namespace ql
