// Calibration, imported activations, verification, expert coverage: their dialogs and what may be dropped.
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/session.h"
#include "widgets/main_window.h"
#include "widgets/panels/calibrate_dialog.h"
#include "widgets/panels/coverage_dialog.h"
#include "widgets/panels/verify_dialog.h"

#include <QAction>
#include <QFile>
#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QtEndian>

namespace ql {

namespace {

constexpr qint64 kPeekedBytes = 4 << 20;  // of a safetensors header

/// A safetensors file of activations names "<linear>.input", one of scales names linears without ".weight".
bool hasActivations(const QString& path, const Model& model) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return false;
  const QByteArray length = file.read(8);
  if (length.size() < 8) return false;
  const auto size =
      static_cast<qint64>(std::min<quint64>(qFromLittleEndian<quint64>(length.constData()), kPeekedBytes));
  const QByteArray header = file.read(size);
  if (header.contains(".input\"")) return true;
  return std::any_of(model.sites.begin(), model.sites.end(), [&header](const Site& site) {
    return header.contains('"' + QByteArray::fromStdString(site.name) + '"');
  });
}

/// Text behind a tool name in magic bytes: an imatrix in a GGUF container says so in its metadata.
bool beginsWith(const QString& path, const char* magic) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) && file.read(static_cast<qint64>(qstrlen(magic))) == magic;
}

}  // namespace

void MainWindow::calibrate() {
  if (!m_session->model()) return;
  auto* dialog = new CalibrateDialog(m_session, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &CalibrateDialog::importRequested, this, &MainWindow::importActivations);
  dialog->open();
}

void MainWindow::importActivations() {
  if (!m_session->model()) return;
  const QString path = QFileDialog::getOpenFileName(
      this, tr("Import activations"), settings::lastFolder(),
      tr("All that can be imported (*.safetensors *.npz *.dat *.gguf *.pt *.h5 *imatrix*);;"
         "Activations, tokens × channels (*.safetensors *.npz);;llama.cpp imatrix (*.dat *.gguf *imatrix*);;"
         "SmoothQuant act_scales (*.pt *.safetensors);;Captures (*.h5);;All files (*)"));
  if (path.isEmpty()) return;
  settings::setLastFolder(QFileInfo(path).absolutePath());
  m_session->calibration()->importFile(path);
}

void MainWindow::verifyPlan() {
  if (!m_session->model()) return;
  auto* dialog = findChild<VerifyDialog*>();
  if (!dialog) dialog = new VerifyDialog(m_session, this);
  dialog->show();
  dialog->raise();
  dialog->activateWindow();
}

void MainWindow::showCoverage() {
  if (!m_session->model()) return;
  auto* dialog = new CoverageDialog(m_session, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->show();
}

void MainWindow::updateCalibrationActions() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  const bool hasCoverage = workspace && !workspace->expertCoverage().empty();
  QAction* coverage = action("expert-coverage");
  coverage->setEnabled(hasCoverage);
  coverage->setToolTip(hasCoverage ? tr("Tokens that each expert saw during calibration")
                                   : tr("Needs a mixture of experts and a calibration"));
}

bool MainWindow::takeDroppedActivations(const QString& path) {
  const QFileInfo info(path);
  if (!m_session->model() || !info.isFile()) return false;
  const QString name = info.fileName().toLower(), ending = info.suffix().toLower();
  bool isImport = ending == QLatin1String("npz") || ending == QLatin1String("pt") ||
                  ending == QLatin1String("dat") || name.contains(QLatin1String("imatrix"));
  if (ending == QLatin1String("safetensors")) isImport = hasActivations(path, *m_session->model());
  if (ending == QLatin1String("gguf") && !beginsWith(path, "GGUF")) isImport = true;
  if (ending == QLatin1String("h5") || ending == QLatin1String("hdf5")) {
    QMessageBox box(
        QMessageBox::Question, tr("Statistics or activations"),
        tr("%1 can be opened, or give its activations to the model that is open.").arg(info.fileName()),
        QMessageBox::Cancel, this);
    QPushButton* take = box.addButton(tr("Import activations"), QMessageBox::AcceptRole);
    QPushButton* open = box.addButton(tr("Open"), QMessageBox::ActionRole);
    box.setDefaultButton(take);
    box.exec();
    if (box.clickedButton() == open) return false;
    if (box.clickedButton() != take) return true;
    isImport = true;
  }
  if (isImport) m_session->calibration()->importFile(path);
  return isImport;
}

}  // namespace ql
