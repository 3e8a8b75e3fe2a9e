#include "widgets/panels/plan_panel.h"

#include "core/base/atomic_file.h"
#include "widgets/bridge/number_format.h"
#include "widgets/models/plan_table_model.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/linear_menu.h"
#include "widgets/panels/plan_delegate.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

namespace ql {

namespace {

constexpr int kNarrow = 1060;  // below this width (12 px font) the table keeps to the columns that matter

}  // namespace

PlanPanel::PlanPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_model(new PlanTableModel(session, this)),
      m_proxy(new QSortFilterProxyModel(this)),
      m_table(new QTableView(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  setupTable();
  column->addWidget(m_table, 1);
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  setupTotals();
  m_resort.setSingleShot(true);
  m_resort.setInterval(300);
  connect(&m_resort, &QTimer::timeout, m_proxy, [this] { m_proxy->invalidate(); });
  connect(m_model, &QAbstractItemModel::dataChanged, this, [this] {
    updateTotals();
    const int sorted = m_proxy->sortColumn();
    if (sorted > PlanTableModel::ShapeColumn && !m_resort.isActive()) m_resort.start();
  });
  connect(m_model, &QAbstractItemModel::modelReset, this, &PlanPanel::updateTotals);
  connect(session->selection(), &Selection::changed, this, &PlanPanel::showSelection);
  updateTotals();
}

void PlanPanel::setupTable() {
  m_proxy->setSourceModel(m_model);
  m_proxy->setSortRole(PlanTableModel::SortRole);
  m_proxy->setDynamicSortFilter(false);
  m_proxy->setFilterKeyColumn(-1);
  m_proxy->setFilterCaseSensitivity(Qt::CaseInsensitive);
  m_table->setModel(m_proxy);
  m_table->setItemDelegate(new PlanDelegate(m_session, m_table));
  m_table->setAccessibleName(tr("Plan table"));
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_table->setShowGrid(false);
  m_table->setWordWrap(false);
  m_table->setSortingEnabled(true);
  m_table->setEditTriggers(QAbstractItemView::EditKeyPressed);
  m_table->setContextMenuPolicy(Qt::CustomContextMenu);
  m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  m_table->horizontalHeader()->setHighlightSections(false);
  m_table->horizontalHeader()->setTextElideMode(Qt::ElideRight);
  m_table->sortByColumn(PlanTableModel::NameColumn, Qt::AscendingOrder);
  m_table->installEventFilter(this);
  connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &PlanPanel::takeSelection);
  // Keys move the current row after the selection changed.
  connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          &PlanPanel::takeSelection);
  connect(m_table, &QWidget::customContextMenuRequested, this, &PlanPanel::showMenu);
  connect(m_table, &QTableView::doubleClicked, this, [this](const QModelIndex& at) {
    if (at.flags().testFlag(Qt::ItemIsEditable))
      m_table->edit(at);
    else
      emit m_session->selection()->openRequested(static_cast<LinearId>(m_proxy->mapToSource(at).row()));
  });
  fitColumns();
}

void PlanPanel::setupTotals() {
  auto* bar = new QWidget(this);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(8), scaledPx(3), scaledPx(8), scaledPx(3));
  row->setSpacing(scaledPx(16));
  row->addWidget(m_counts = makeLabel({}, FontRole::Axis, bar));
  m_counts->setTextFormat(Qt::RichText);
  m_filter = new QLineEdit(bar);
  m_filter->setPlaceholderText(tr("Filter rows"));
  m_filter->setAccessibleName(tr("Filter the plan table"));
  m_filter->setToolTip(tr("Rows in which any column has this text"));
  m_filter->setClearButtonEnabled(true);
  m_filter->setMaximumWidth(scaledPx(180));
  row->addWidget(m_filter);
  row->addStretch(1);
  row->addWidget(m_totals = makeLabel({}, FontRole::Axis, bar));
  m_totals->setTextFormat(Qt::RichText);
  layout()->addWidget(bar);
  connect(m_filter, &QLineEdit::textChanged, m_proxy, &QSortFilterProxyModel::setFilterFixedString);
  connect(m_filter, &QLineEdit::textChanged, this, &PlanPanel::showSelection);
}

void PlanPanel::fitColumns() {
  const bool isNarrow = m_table->width() < scaledPx(kNarrow);
  QHeaderView* header = m_table->horizontalHeader();
  header->setSectionResizeMode(QHeaderView::Interactive);
  header->setStretchLastSection(true);
  m_table->setColumnHidden(PlanTableModel::ShapeColumn, isNarrow);
  m_table->setColumnHidden(PlanTableModel::ActivationColumn, isNarrow);
  const int widths[] = {220, 116, 128, 92, 124, 104, 104, 84, 130};
  int used = 0;
  for (int column = 1; column < PlanTableModel::ColumnCount; ++column) {
    header->resizeSection(column, scaledPx(widths[column]));
    if (!m_table->isColumnHidden(column)) used += scaledPx(widths[column]);
  }
  header->resizeSection(
      0, std::max(scaledPx(150), std::min(scaledPx(300), m_table->viewport()->width() - used)));
}

void PlanPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitColumns();
}

void PlanPanel::focusFilter() {
  m_filter->setFocus(Qt::ShortcutFocusReason);
  m_filter->selectAll();
}

void PlanPanel::editCurrent() {
  const QModelIndex at = m_table->currentIndex();
  if (!at.isValid()) return;
  m_table->setFocus();
  m_table->edit(at.siblingAtColumn(PlanTableModel::WeightColumn));
}

bool PlanPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_table &&
      (event->type() == QEvent::KeyPress || event->type() == QEvent::ShortcutOverride)) {
    auto* key = static_cast<QKeyEvent*>(event);
    const bool isCopy = key->matches(QKeySequence::Copy), isEdit = key->key() == Qt::Key_F2;
    const bool isFind = key->matches(QKeySequence::Find);
    if (isCopy || isEdit || isFind) {
      key->accept();
      if (event->type() == QEvent::ShortcutOverride) return true;
      if (isCopy) copyRows();
      if (isEdit) editCurrent();
      if (isFind) focusFilter();
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

std::vector<LinearId> PlanPanel::shownRows() const {
  std::vector<LinearId> ids;
  for (int row = 0; row < m_proxy->rowCount(); ++row)
    ids.push_back(static_cast<LinearId>(m_proxy->mapToSource(m_proxy->index(row, 0)).row()));
  return ids;
}

void PlanPanel::copyRows() {
  const Selection* selection = m_session->selection();
  std::vector<LinearId> ids = shownRows();
  if (!selection->selected().empty())
    std::erase_if(ids, [&](LinearId id) { return !selection->contains(id); });
  QGuiApplication::clipboard()->setText(m_model->asText(ids, QLatin1Char('\t')));
  emit m_session->message(tr("%1 rows copied").arg(countText(static_cast<std::int64_t>(ids.size()))), false);
}

void PlanPanel::saveCsv(const QString& path) const {
  writeFileAtomically(path.toStdString(), m_model->asText(shownRows(), QLatin1Char(',')).toStdString());
}

void PlanPanel::takeSelection() {
  if (m_isSyncing) return;
  m_isSyncing = true;
  std::vector<LinearId> ids;
  for (const QModelIndex& row : m_table->selectionModel()->selectedRows())
    ids.push_back(static_cast<LinearId>(m_proxy->mapToSource(row).row()));
  const QModelIndex at = m_proxy->mapToSource(m_table->currentIndex());
  std::optional<LinearId> current = m_session->selection()->current();
  if (at.isValid() && m_table->selectionModel()->isRowSelected(m_table->currentIndex().row()))
    current = static_cast<LinearId>(at.row());
  m_session->selection()->set(std::move(ids), current);
  m_isSyncing = false;
  updateTotals();
  m_table->viewport()->update();
}

void PlanPanel::showSelection() {
  updateTotals();
  if (m_isSyncing) return;
  m_isSyncing = true;
  QItemSelection shown;
  for (const LinearId id : m_session->selection()->selected()) {
    const QModelIndex at = m_proxy->mapFromSource(m_model->index(static_cast<int>(id), 0));
    if (at.isValid()) shown.select(at, at.siblingAtColumn(PlanTableModel::ColumnCount - 1));
  }
  m_table->selectionModel()->select(shown, QItemSelectionModel::ClearAndSelect);
  if (const auto current = m_session->selection()->current()) {
    const QModelIndex at = m_proxy->mapFromSource(m_model->index(static_cast<int>(*current), 0));
    if (at.isValid()) {
      m_table->selectionModel()->setCurrentIndex(at, QItemSelectionModel::NoUpdate);
      m_table->scrollTo(at);
    }
  }
  m_isSyncing = false;
  m_table->viewport()->update();
}

void PlanPanel::updateTotals() {
  const Model* model = m_session->model();
  const std::shared_ptr<Workspace> workspace = m_session->workspace();
  if (!model) {
    m_counts->clear();
    m_totals->clear();
    return;
  }
  const double total =
      workspace->checkpoint() ? static_cast<double>(workspace->checkpoint()->sizeBytes()) : 0;
  const PlanTotals totals = planTotals(m_session->plan()->plan(), *model, total);
  const auto count = [](std::size_t n) { return countText(static_cast<std::int64_t>(n)); };
  const auto size = [](double bytes) { return sizeText(static_cast<std::uint64_t>(bytes)); };
  m_counts->setText(tr("<b>%1 linears</b>&nbsp;&nbsp;&nbsp;%2 selected&nbsp;&nbsp;&nbsp;%3 changed")
                        .arg(count(totals.linears), count(m_session->selection()->selected().size()),
                             count(totals.changed)));
  std::size_t smoothed = 0;
  for (const PlanSmoothing& entry : m_session->plan()->plan().smoothing) smoothed += entry.consumers.size();
  if (smoothed > 0)
    m_counts->setText(m_counts->text() + QStringLiteral("&nbsp;&nbsp;&nbsp;") +
                      tr("%1 smoothed").arg(count(smoothed)));
  m_totals->setText(tr("Linears %1 %2 <b>%3</b>&nbsp;&nbsp;&nbsp;&nbsp;Average <b>%4</b> bits/weight")
                        .arg(size(totals.storedBytes), QString(kArrow), size(totals.plannedBytes),
                             bitsText(totals.averageBits)));
  m_totals->setToolTip(
      tr("Size of the quantizable linears as stored and under the plan, float32 scales included; "
         "everything else in the checkpoint: %1")
          .arg(size(totals.otherBytes)));
}

void PlanPanel::showMenu(const QPoint& at) {
  QMenu menu(this);
  fillLinearMenu(menu, *m_session, m_session->selection()->selected());
  menu.addSeparator();
  menu.addAction(themeIcon(QStringLiteral("copy")), tr("Copy rows"), this, &PlanPanel::copyRows);
  menu.exec(m_table->viewport()->mapToGlobal(at));
}

}  // namespace ql
