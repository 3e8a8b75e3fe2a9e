#include "widgets/panels/status_strip.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/models/jobs_model.h"
#include "widgets/panels/form_parts.h"

#include <QHBoxLayout>
#include <QMouseEvent>
#include <QProgressBar>

namespace ql {

StatusStrip::StatusStrip(Session* session, QWidget* parent) : QWidget(parent), m_session(session) {
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(scaledPx(8), 0, scaledPx(8), 0);
  row->setSpacing(scaledPx(8));
  row->addWidget(m_title = new ElidedLabel(this));
  m_title->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
  m_title->setProperty("dim", true);
  m_title->setFont(uiFont(FontRole::Axis));
  row->addWidget(m_bar = new QProgressBar(this));
  m_bar->setFixedWidth(scaledPx(140));
  m_bar->setTextVisible(false);
  m_bar->setRange(0, 1000);
  m_bar->setAccessibleName(tr("Progress of the running job"));
  row->addWidget(m_left = makeDimLabel({}, FontRole::Axis, this));
  row->addWidget(m_pause = makeIconButton(QStringLiteral("pause"), tr("Pause the job"), this));
  row->addWidget(m_cancel = makeIconButton(QStringLiteral("close"), tr("Cancel the job"), this));
  row->addStretch(1);
  row->addWidget(m_measured = makeDimLabel({}, FontRole::Axis, this));
  row->addWidget(m_model = makeDimLabel({}, FontRole::Axis, this));
  QLabel* offline = makeDimLabel(tr("Offline: no network is used"), FontRole::Axis, this);
  offline->setToolTip(tr("The program reads files of this machine only and sends nothing."));
  row->addWidget(offline);
  m_poll.setInterval(200);
  connect(&m_poll, &QTimer::timeout, this, &StatusStrip::showJob);
  connect(m_pause, &QToolButton::clicked, this, [this] {
    for (const JobRunner::Job& job : m_session->jobs()->jobs())
      if (job.id == m_job) m_session->jobs()->setPaused(m_job, !job.context->isPaused());
  });
  connect(m_cancel, &QToolButton::clicked, this, [this] { m_session->jobs()->cancel(m_job); });
  connect(session->jobs(), &JobRunner::changed, this, &StatusStrip::refresh);
  connect(session, &Session::workspaceChanged, this, &StatusStrip::refresh);
  connect(session, &Session::layersMeasured, this, &StatusStrip::showModel);
  refresh();
}

void StatusStrip::refresh() {
  showJob();
  showModel();
}

void StatusStrip::showJob() {
  const JobRunner::Job* running = nullptr;
  for (const JobRunner::Job& job : m_session->jobs()->jobs())
    if (job.state == JobRunner::State::Running || job.state == JobRunner::State::Queued) {
      running = &job;
      break;
    }
  m_job = running ? running->id : 0;
  for (QWidget* widget : {static_cast<QWidget*>(m_bar), static_cast<QWidget*>(m_left),
                          static_cast<QWidget*>(m_pause), static_cast<QWidget*>(m_cancel)})
    widget->setVisible(running);
  if (!running) {
    m_poll.stop();
    m_title->setFullText(tr("Ready"));
    return;
  }
  m_poll.start();
  const JobContext& context = *running->context;
  const QString stage = QString::fromStdString(context.stage());
  m_title->setFullText(stage.isEmpty() ? running->title : stage);
  const bool isKnown = context.total() > 0;
  m_bar->setRange(0, isKnown ? 1000 : 0);
  m_bar->setValue(static_cast<int>(context.fraction() * 1000));
  const bool isPaused = context.isPaused();
  m_left->setText(isPaused ? tr("paused") : timeLeftText(context));
  m_pause->setIcon(themeIcon(isPaused ? QStringLiteral("play") : QStringLiteral("pause")));
  m_pause->setToolTip(isPaused ? tr("Go on with the job") : tr("Pause the job"));
  m_pause->setAccessibleName(m_pause->toolTip());
}

void StatusStrip::showModel() {
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  m_measured->setVisible(workspace != nullptr);
  m_model->setVisible(workspace != nullptr);
  if (!workspace) return;
  const Model& model = workspace->model();
  m_measured->setText(tr("Weights measured: %1 of %2 matrices")
                          .arg(countText(static_cast<std::int64_t>(workspace->measuredCount())),
                               countText(static_cast<std::int64_t>(model.linears.size()))));
  QString dtype = model.linears.empty()
                      ? QString()
                      : QString::fromUtf8(dtypeInfo(model.linears.front().dtype).name.data());
  for (const Linear& linear : model.linears)
    if (linear.isQuantizable) {
      dtype = QString::fromUtf8(dtypeInfo(linear.dtype).name.data());
      break;
    }
  m_model->setText(
      tr("%1 parameters · %2").arg(countText(static_cast<std::int64_t>(model.parameterCount)), dtype));
}

void StatusStrip::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() == Qt::LeftButton) emit jobsRequested();
}

}  // namespace ql
