// Opening, saving, exporting, recovering; the rest of the window is in main_window.cpp.
#include "core/base/atomic_file.h"
#include "core/demo.h"
#include "core/folders.h"
#include "widgets/bridge/icons.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/main_window.h"
#include "widgets/panels/export_dialog.h"
#include "widgets/panels/log_panel.h"
#include "widgets/panels/plan_panel.h"
#include "widgets/work_area.h"

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>

namespace ql {

namespace {

const QString kPlanFilter = QStringLiteral("QuantLoupe plan (*.qlplan.json *.json)");

/// A plan says so near its beginning; an index file of a checkpoint is JSON too.
bool isPlanFile(const QString& path) {
  if (!path.endsWith(QLatin1String(".json"), Qt::CaseInsensitive)) return false;
  if (path.endsWith(QLatin1String(".qlplan.json"), Qt::CaseInsensitive)) return true;
  QFile file(path);
  return file.open(QIODevice::ReadOnly) && file.read(4096).contains("quantloupe-plan");
}

QString firstLocalFile(const QMimeData* data) {
  for (const QUrl& url : data->urls())
    if (url.isLocalFile()) return url.toLocalFile();
  return {};
}

}  // namespace

void MainWindow::openPath(const QString& path, std::function<void()> then) {
  const QFileInfo info(path);
  if (!info.exists()) {
    settings::removeRecentFile(info.absoluteFilePath());
    emit m_session->message(
        tr("%1 does not exist (any more). Check the path, or that its disk is mounted.").arg(path), true);
    return;
  }
  const QString absolute = info.absoluteFilePath();
  settings::setLastFolder(info.absolutePath());
  if (info.isFile() && isPlanFile(absolute)) {
    if (confirmLosingEdits()) openPlan(absolute);
    if (then && m_session->model()) then();
    return;
  }
  if (confirmLosingEdits()) openModel(absolute, std::move(then));
}

void MainWindow::openModel(const QString& path, std::function<void()> then) {
  m_session->open(path, [this, path, then] {
    m_openedPath = path;
    remember(path);
    if (then) then();
  });
}

void MainWindow::remember(const QString& path) {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const bool isStatistics = !workspace->checkpoint();
  const Model& model = workspace->model();
  const QString linears = tr("%1 linears").arg(countText(static_cast<std::int64_t>(model.linears.size())));
  const QString detail =
      isStatistics
          ? tr("statistics only, weights not needed")
          : linears + QStringLiteral(" · ") +
                tr("%1 tensors")
                    .arg(countText(static_cast<std::int64_t>(workspace->checkpoint()->tensors().size())));
  settings::addRecentFile({path, isStatistics ? RecentFile::Kind::Statistics : RecentFile::Kind::Model,
                           detail, QString::fromStdString(workspace->fingerprint()),
                           QDateTime::currentDateTime()});
}

void MainWindow::openPlan(const QString& path) {
  QuantizationPlan plan;
  try {
    plan = loadPlan(path.toStdString());
  } catch (const Error& e) {
    emit m_session->message(QString::fromUtf8(e.what()), true);
    return;
  }
  const QString fingerprint = QString::fromStdString(plan.model.fingerprint);
  const QString name = QString::fromStdString(plan.model.name);
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!workspace ||
      (!fingerprint.isEmpty() && QString::fromStdString(workspace->fingerprint()) != fingerprint)) {
    const QString model = settings::recentModel(fingerprint);
    if (!model.isEmpty()) return openModel(model, [this, path] { openPlan(path); });
    if (!workspace) {
      emit m_session->message(tr("%1 is a plan for %2. Open that model first, then the plan.")
                                  .arg(QFileInfo(path).fileName(), name),
                              true);
      return;
    }
  }
  const std::vector<std::string> unknown = unknownLinears(plan, *m_session->model());
  if (!unknown.empty()) {
    emit m_session->message(tr("%1 is a plan for another model (%2): %3 of its linears are not in this one, "
                               "%4 first. Open its own model.")
                                .arg(QFileInfo(path).fileName(), name)
                                .arg(unknown.size())
                                .arg(QString::fromStdString(unknown.front())),
                            true);
    return;
  }
  const std::size_t changes = plan.layers.size();
  m_session->plan()->reset(std::move(plan), path);
  settings::addRecentFile(
      {path, RecentFile::Kind::Plan,
       tr("plan for %1 · %2")
           .arg(name, pluralText(static_cast<std::int64_t>(changes), tr("change"), tr("changes"))),
       fingerprint, QDateTime::currentDateTime()});
}

void MainWindow::openFolderDialog() {
  const QString path =
      QFileDialog::getExistingDirectory(this, tr("Open model folder"), settings::lastFolder());
  if (!path.isEmpty()) openPath(path);
}

void MainWindow::openFileDialog() {
  const QString path =
      QFileDialog::getOpenFileName(this, tr("Open weights, statistics or a plan"), settings::lastFolder(),
                                   tr("All that can be opened (*.safetensors *.index.json *.h5 "
                                      "*.json);;Weights (*.safetensors *.index.json);;"
                                      "Statistics (*.h5);;Plans (*.qlplan.json *.json);;All files (*)"));
  if (!path.isEmpty()) openPath(path);
}

void MainWindow::openDemo(const QString& key) {
  if (!confirmLosingEdits()) return;
  m_session->jobs()->run<QString>(
      this, QStringLiteral("open"), tr("Preparing the demo model"), false,
      [key](JobContext&) {
        return QString::fromStdString(prepareDemo(key.toStdString(), resourceFolder()).string());
      },
      [this](QString path) { openModel(path, {}); });
}

void MainWindow::closeModel() {
  if (!m_session->model() || !confirmLosingEdits()) return;
  m_session->plan()->discardJournal();
  m_session->close();
}

bool MainWindow::confirmLosingEdits() {
  if (!m_session->model() || !m_session->plan()->isDirty()) return true;
  QMessageBox box(QMessageBox::Warning, tr("Unsaved plan"),
                  tr("%1 has unsaved edits.").arg(m_session->plan()->displayName()),
                  QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, this);
  box.setInformativeText(tr("Save them before going on?"));
  box.setDefaultButton(QMessageBox::Save);
  box.setEscapeButton(QMessageBox::Cancel);
  const int answer = box.exec();
  if (answer == QMessageBox::Save) return savePlan();
  if (answer == QMessageBox::Discard) m_session->plan()->discardJournal();
  return answer == QMessageBox::Discard;
}

bool MainWindow::savePlan() {
  const QString path = m_session->plan()->filePath();
  if (path.isEmpty()) return savePlanAs();
  try {
    m_session->plan()->save(path);
  } catch (const Error& e) {
    emit m_session->message(QString::fromUtf8(e.what()), true);
    return false;
  }
  const QuantizationPlan& plan = m_session->plan()->plan();
  settings::addRecentFile(
      {path, RecentFile::Kind::Plan,
       tr("plan for %1 · %2")
           .arg(QString::fromStdString(plan.model.name),
                pluralText(static_cast<std::int64_t>(plan.layers.size()), tr("change"), tr("changes"))),
       QString::fromStdString(plan.model.fingerprint), QDateTime::currentDateTime()});
  emit m_session->message(tr("Saved %1").arg(path), false);
  return true;
}

bool MainWindow::savePlanAs() {
  const QString name = m_session->plan()->filePath().isEmpty()
                           ? settings::lastFolder() + QLatin1Char('/') +
                                 QString::fromStdString(m_session->model()->name) +
                                 QStringLiteral(".qlplan.json")
                           : m_session->plan()->filePath();
  QFileDialog dialog(this, tr("Save plan"), name, kPlanFilter);
  dialog.setAcceptMode(QFileDialog::AcceptSave);
  dialog.setDefaultSuffix(QStringLiteral("qlplan.json"));
  dialog.selectFile(name);
  if (dialog.exec() != QDialog::Accepted) return false;
  const QString path = dialog.selectedFiles().front();
  settings::setLastFolder(QFileInfo(path).absolutePath());
  try {
    m_session->plan()->save(path);
  } catch (const Error& e) {
    emit m_session->message(QString::fromUtf8(e.what()), true);
    return false;
  }
  return savePlan();  // for the list of recent files and the notice
}

void MainWindow::exportPlan() {
  auto* dialog = new ExportDialog(m_session, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->open();
}

void MainWindow::saveTableCsv() {
  const QString path = QFileDialog::getSaveFileName(this, tr("Save the plan table"),
                                                    settings::lastFolder() + QStringLiteral("/plan.csv"),
                                                    tr("Comma-separated values (*.csv)"));
  if (path.isEmpty()) return;
  try {
    m_work->planPanel()->saveCsv(path);
    emit m_session->message(tr("Saved %1").arg(path), false);
  } catch (const Error& e) {
    emit m_session->message(QString::fromUtf8(e.what()), true);
  }
}

void MainWindow::saveStatistics() {
  const QString path = QFileDialog::getSaveFileName(this, tr("Save statistics"),
                                                    settings::lastFolder() + QStringLiteral("/stats.h5"),
                                                    tr("Statistics (*.h5)"));
  if (path.isEmpty()) return;
  m_session->jobs()->runVoid(
      this, {}, tr("Writing %1").arg(QFileInfo(path).fileName()), false,
      [workspace = m_session->workspace(), path](JobContext& job) {
        AnalyzeOptions options;
        options.output = path.toStdString();
        workspace->analyze(options, job);
      },
      [this, path] { emit m_session->message(tr("Saved %1").arg(path), false); });
}

void MainWindow::runScan() {
  using Results = std::vector<Workspace::ScanResult>;
  m_session->jobs()->run<Results>(
      this, QStringLiteral("scan"), tr("Counting NaN, Inf and zeros"), false,
      [workspace = m_session->workspace()](JobContext& job) { return workspace->scan(job); },
      [this](Results results) {
        std::uint64_t bad = 0;
        for (const auto& r : results) {
          const std::uint64_t nonFinite = r.nans + r.posInfs + r.negInfs;
          bad += nonFinite;
          if (nonFinite > 0)
            m_work->log()->addLine(tr("%1: %2 NaN, %3 +Inf, %4 -Inf of %5")
                                       .arg(QString::fromStdString(r.tensor))
                                       .arg(r.nans)
                                       .arg(r.posInfs)
                                       .arg(r.negInfs)
                                       .arg(r.count));
        }
        const QString tensors = countText(static_cast<std::int64_t>(results.size()));
        emit m_session->message(
            bad == 0 ? tr("%1 tensors checked: no NaN and no Inf.").arg(tensors)
                     : tr("%1 tensors checked: %2 values are NaN or Inf; the Log names the tensors.")
                           .arg(tensors, countText(static_cast<std::int64_t>(bad))),
            bad > 0);
      });
}

void MainWindow::askAboutJournal() {
  auto* box = new QMessageBox(QMessageBox::Question, tr("Recovered edits"),
                              tr("QuantLoupe ended before the plan for %1 was saved.")
                                  .arg(QString::fromStdString(m_session->model()->name)),
                              QMessageBox::NoButton, this);
  box->setObjectName(QStringLiteral("recovery"));
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setInformativeText(tr("Its edits were kept. Restoring them is one step that can be undone."));
  QPushButton* restore = box->addButton(tr("Restore"), QMessageBox::AcceptRole);
  QPushButton* drop = box->addButton(tr("Discard"), QMessageBox::DestructiveRole);
  box->setDefaultButton(restore);
  box->setEscapeButton(restore);  // the answer that loses nothing
  connect(box, &QMessageBox::finished, m_session, [this, box, drop] {
    if (box->clickedButton() == drop)
      m_session->dropJournal();
    else
      m_session->restoreJournal();
  });
  box->open();
}

void MainWindow::fillRecentMenu() {
  m_recent->clear();
  for (const RecentFile& file : settings::recentFiles()) {
    QAction* action = m_recent->addAction(QFileInfo(file.path).fileName());
    action->setToolTip(file.path);
    connect(action, &QAction::triggered, this, [this, path = file.path] { openPath(path); });
  }
  if (m_recent->isEmpty()) m_recent->addAction(tr("Nothing yet"))->setEnabled(false);
  m_recent->addSeparator();
  connect(m_recent->addAction(tr("Clear the list")), &QAction::triggered, this,
          [] { settings::clearRecentFiles(); });
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (!firstLocalFile(event->mimeData()).isEmpty()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QString path = firstLocalFile(event->mimeData());
  if (path.isEmpty()) return;
  event->acceptProposedAction();
  // Not inside the drop: the other program waits for it to end, and this may ask a question.
  QMetaObject::invokeMethod(
      this,
      [this, path] {
        if (!takeDroppedActivations(path)) openPath(path);
      },
      Qt::QueuedConnection);
}

}  // namespace ql
