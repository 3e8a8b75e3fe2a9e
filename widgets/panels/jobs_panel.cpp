#include "widgets/panels/jobs_panel.h"

#include "widgets/bridge/session.h"
#include "widgets/models/jobs_model.h"
#include "widgets/panels/form_parts.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

namespace ql {

namespace {

/// A thin bar with the percentage beside it.
class ProgressDelegate : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = currentTheme();
    if (option.state.testFlag(QStyle::State_Selected)) painter->fillRect(option.rect, theme.selected);
    const int textWidth = scaledPx(44), height = scaledPx(6);
    QRect bar = option.rect.adjusted(scaledPx(8), 0, -textWidth, 0);
    bar = QRect(bar.left(), bar.center().y() - height / 2, bar.width(), height);
    painter->fillRect(bar, theme.line);
    const double fraction = index.data(JobsModel::FractionRole).toDouble();
    painter->fillRect(QRect(bar.left(), bar.top(), static_cast<int>(bar.width() * fraction), height),
                      theme.accent);
    painter->setPen(theme.text);
    painter->drawText(option.rect.adjusted(0, 0, -scaledPx(8), 0), Qt::AlignRight | Qt::AlignVCenter,
                      index.data().toString());
  }
};

}  // namespace

JobsPanel::JobsPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_model(new JobsModel(session->jobs(), this)),
      m_table(new QTableView(this)),
      m_pause(makeSmallButton(tr("Pause"), this)),
      m_cancel(makeSmallButton(tr("Cancel"), this)),
      m_copy(makeSmallButton(tr("Copy error"), this)) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  setupTable();
  layout->addWidget(m_table);
  setupButtons();
  connect(m_model, &QAbstractItemModel::dataChanged, this, &JobsPanel::updateButtons);
  connect(m_model, &QAbstractItemModel::modelReset, this, &JobsPanel::updateButtons);
  connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &JobsPanel::updateButtons);
  updateButtons();
}

void JobsPanel::setupTable() {
  m_table->setModel(m_model);
  m_table->setObjectName(QStringLiteral("jobs"));
  m_table->setAccessibleName(tr("Jobs"));
  m_table->setItemDelegateForColumn(JobsModel::ProgressColumn, new ProgressDelegate(m_table));
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setShowGrid(false);
  m_table->setWordWrap(false);
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  QHeaderView* header = m_table->horizontalHeader();
  header->setSectionResizeMode(JobsModel::TitleColumn, QHeaderView::Stretch);
  header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  header->resizeSection(JobsModel::ProgressColumn, scaledPx(180));
  header->resizeSection(JobsModel::TimeColumn, scaledPx(90));
  header->setSectionResizeMode(JobsModel::StateColumn, QHeaderView::Stretch);
  m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

void JobsPanel::setupButtons() {
  layout()->addWidget(makeSeparator(Qt::Horizontal, this));
  auto* row = new QHBoxLayout;
  row->setContentsMargins(scaledPx(8), scaledPx(4), scaledPx(8), scaledPx(4));
  row->addWidget(m_pause);
  row->addWidget(m_cancel);
  row->addWidget(m_copy);
  row->addStretch();
  static_cast<QVBoxLayout*>(layout())->addLayout(row);
  m_pause->setToolTip(tr("Pause or go on with the selected job; it keeps what it has"));
  m_cancel->setToolTip(tr("Stop the selected job; finished layers stay in the statistics file"));
  m_copy->setToolTip(tr("Copy the text of the error"));
  connect(m_pause, &QPushButton::clicked, this, [this] {
    for (const JobRunner::Job& job : m_session->jobs()->jobs())
      if (job.id == selectedJob()) m_session->jobs()->setPaused(job.id, !job.context->isPaused());
  });
  connect(m_cancel, &QPushButton::clicked, this, [this] { m_session->jobs()->cancel(selectedJob()); });
  connect(m_copy, &QPushButton::clicked, this, [this] {
    QApplication::clipboard()->setText(m_table->currentIndex().data(JobsModel::ErrorRole).toString());
  });
}

quint64 JobsPanel::selectedJob() const {
  const QModelIndexList rows = m_table->selectionModel()->selectedRows();
  if (!rows.isEmpty()) return rows.front().data(JobsModel::IdRole).toULongLong();
  // Nothing selected: the newest job that still runs.
  for (auto job = m_session->jobs()->jobs().rbegin(); job != m_session->jobs()->jobs().rend(); ++job)
    if (job->state == JobRunner::State::Running || job->state == JobRunner::State::Queued) return job->id;
  return 0;
}

void JobsPanel::updateButtons() {
  const quint64 id = selectedJob();
  bool isRunning = false, isPaused = false, hasError = false;
  for (const JobRunner::Job& job : m_session->jobs()->jobs())
    if (job.id == id) {
      isRunning = job.state == JobRunner::State::Running || job.state == JobRunner::State::Queued;
      isPaused = job.context->isPaused();
      hasError = !job.error.isEmpty();
    }
  m_pause->setEnabled(isRunning);
  m_pause->setText(isPaused ? tr("Go on") : tr("Pause"));
  m_cancel->setEnabled(isRunning);
  m_copy->setEnabled(hasError);
}

}  // namespace ql
