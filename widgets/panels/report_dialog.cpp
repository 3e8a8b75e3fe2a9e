#include "widgets/panels/report_dialog.h"

#include "core/workspace_report.h"
#include "widgets/bridge/session.h"
#include "widgets/bridge/settings.h"
#include "widgets/panels/form_parts.h"

#include <QCheckBox>
#include <QDesktopServices>
#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMessageBox>
#include <QProgressBar>
#include <QSpinBox>
#include <QUrl>
#include <QVBoxLayout>

namespace ql {

namespace {

constexpr int kPollMs = 100;

}  // namespace

ReportDialog::ReportDialog(Session* session, QWidget* parent) : QDialog(parent), m_session(session) {
  setWindowTitle(tr("Report"));
  resize(scaledPx(560), 0);
  auto* column = new QVBoxLayout(this);
  column->setSpacing(scaledPx(metrics::kGap));
  QLabel* sentence = makeDimLabel(
      tr("One HTML file with the overview, the worst layers, diagnoses, curves and the plan. It needs no "
         "network, and opens in any browser. Its text is English."),
      FontRole::Body, this);
  sentence->setWordWrap(true);
  column->addWidget(sentence);
  setupForm();
  setupButtons();
  m_poll.setInterval(kPollMs);
  connect(&m_poll, &QTimer::timeout, this, &ReportDialog::poll);
  connect(session->jobs(), &JobRunner::changed, this, &ReportDialog::noticeEnd);
  connect(session, &Session::workspaceChanged, this, &QObject::deleteLater);
  refresh();
}

ReportDialog::~ReportDialog() = default;

void ReportDialog::setupForm() {
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignRight);
  form->setVerticalSpacing(scaledPx(6));
  static_cast<QVBoxLayout*>(layout())->addLayout(form);
  auto* row = new QHBoxLayout;
  const QString name = m_session->model() ? QString::fromStdString(m_session->model()->name) : QString();
  m_path = new QLineEdit(
      QDir(settings::lastFolder()).filePath(QFileInfo(name).fileName() + tr("-report.html")), this);
  m_path->setAccessibleName(tr("File to write"));
  m_path->setToolTip(tr("The file to write"));
  m_browse = new QPushButton(tr("&Browse…"), this);
  row->addWidget(m_path, 1);
  row->addWidget(m_browse);
  auto* label = new QLabel(tr("Write &to"), this);
  label->setBuddy(m_path);
  form->addRow(label, row);
  m_plan = new QCheckBox(tr("Under the &plan as it is in the window"), this);
  m_plan->setToolTip(tr("Without this: every layer under w8a8 per channel"));
  m_plan->setChecked(true);
  form->addRow(QString(), m_plan);
  m_worst = new QSpinBox(this);
  m_worst->setRange(1, static_cast<int>(kMaxWorstLayers));
  m_worst->setValue(10);
  m_worst->setAccessibleName(tr("Worst layers"));
  m_worst->setToolTip(tr("So many layers are looked at closely: channel curves, error by choice, findings"));
  form->addRow(tr("&Worst layers"), m_worst);
  m_progress = new QProgressBar(this);
  m_progress->setTextVisible(false);
  m_progress->setAccessibleName(tr("Progress"));
  static_cast<QVBoxLayout*>(layout())->addWidget(m_progress);
  m_status = makeLabel({}, FontRole::Body, this);
  m_status->setWordWrap(true);
  layout()->addWidget(m_status);
  connect(m_browse, &QPushButton::clicked, this, [this] {
    const QString path = QFileDialog::getSaveFileName(this, tr("Report"), m_path->text(), tr("HTML (*.html)"),
                                                      nullptr, QFileDialog::DontConfirmOverwrite);
    if (!path.isEmpty()) m_path->setText(path);
  });
  connect(m_path, &QLineEdit::textChanged, this, &ReportDialog::refresh);
}

void ReportDialog::setupButtons() {
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  m_close = buttons->button(QDialogButtonBox::Close);
  m_open = buttons->addButton(tr("&Open in browser"), QDialogButtonBox::ActionRole);
  m_write = buttons->addButton(tr("W&rite report"), QDialogButtonBox::ActionRole);
  setStyleProperty(m_write, "accent", true);
  m_write->setDefault(true);
  layout()->addWidget(buttons);
  connect(m_write, &QPushButton::clicked, this, [this] { write(); });
  connect(m_open, &QPushButton::clicked, this, &ReportDialog::openInBrowser);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
}

QString ReportDialog::status() const {
  return m_status->text();
}

void ReportDialog::write(bool isForced) {
  QString path = m_path->text().trimmed();
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (isRunning() || path.isEmpty() || !workspace) return;
  if (QFileInfo(path).suffix().isEmpty() && !QFileInfo(path).isDir()) path += QStringLiteral(".html");
  m_path->setText(path);
  if (!isForced && QFileInfo(path).isFile() &&
      QMessageBox::question(this, windowTitle(), tr("%1 is there already. Replace it?").arg(path)) !=
          QMessageBox::Yes)
    return;
  settings::setLastFolder(QFileInfo(path).absolutePath());
  ReportOptions options;
  options.defaultChoice = defaultChoice();
  if (m_plan->isChecked()) {
    options.plan = m_session->plan()->plan();
    options.planPath = m_session->plan()->filePath().toStdString();
  }
  options.target = m_session->view().target;
  options.worst = static_cast<std::size_t>(m_worst->value());
  m_written.clear();
  // The job is the session's: it goes on when this dialog is closed.
  m_job = m_session->jobs()->runVoid(
      m_session, QStringLiteral("report"), tr("Writing %1").arg(QFileInfo(path).fileName()), false,
      [workspace, options, path](JobContext& job) {
        writeReport(*workspace, options, path.toStdString(), job);
      },
      [session = m_session, path] { emit session->message(tr("Saved %1").arg(path), false); });
  m_written = path;
  m_status->setText(tr("Measuring what is missing…"));
  m_poll.start();
  refresh();
}

void ReportDialog::poll() {
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job) continue;
    m_progress->setRange(0, job.context->total() > 0 ? 1000 : 0);
    m_progress->setValue(static_cast<int>(job.context->fraction() * 1000));
    const QString stage = QString::fromStdString(job.context->stage());
    if (!stage.isEmpty()) m_status->setText(stage);
  }
}

void ReportDialog::noticeEnd() {
  if (!isRunning()) return;
  for (const JobRunner::Job& job : m_session->jobs()->jobs()) {
    if (job.id != m_job || job.state == JobRunner::State::Queued || job.state == JobRunner::State::Running)
      continue;
    m_poll.stop();
    m_job = 0;
    const bool isDone = job.state == JobRunner::State::Finished;
    m_status->setText(isDone                                     ? tr("Saved %1").arg(m_written)
                      : job.state == JobRunner::State::Cancelled ? tr("Cancelled; nothing was written.")
                                                                 : job.error);
    if (!isDone) m_written.clear();
    refresh();
    return;
  }
}

void ReportDialog::refresh() {
  m_progress->setVisible(isRunning());
  m_status->setVisible(!m_status->text().isEmpty());
  for (QWidget* field : {static_cast<QWidget*>(m_path), static_cast<QWidget*>(m_plan),
                         static_cast<QWidget*>(m_worst), static_cast<QWidget*>(m_browse)})
    field->setEnabled(!isRunning());
  m_write->setEnabled(!isRunning() && !m_path->text().trimmed().isEmpty());
  m_open->setEnabled(!isRunning() && !m_written.isEmpty());
  m_open->setToolTip(m_open->isEnabled() ? tr("Show the report in the browser") : tr("Once it is written"));
}

void ReportDialog::openInBrowser() const {
  if (!m_written.isEmpty() && !QDesktopServices::openUrl(QUrl::fromLocalFile(m_written)))
    emit m_session->message(tr("No browser could be started; open %1 yourself.").arg(m_written), true);
}

}  // namespace ql
