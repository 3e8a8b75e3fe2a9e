#include "widgets/panels/smoothing_groups_panel.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/models/smoothing_table_model.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/smoothing_delegate.h"

#include <QCheckBox>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

using Table = SmoothingTableModel;
constexpr int kNarrow = 1060;  // below this width (12 px font) the table keeps to the columns that matter

/// Groups behind a norm, or all: SmoothQuant as published smooths behind norms alone.
class GroupFilter : public QSortFilterProxyModel {
 public:
  using QSortFilterProxyModel::QSortFilterProxyModel;
  void setAll(bool isAll) {
    m_isAll = isAll;
    invalidateFilter();
  }

 protected:
  bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
    return m_isAll || sourceModel()->index(row, 0, parent).data(Table::NormRole).toBool();
  }

 private:
  bool m_isAll = false;
};

}  // namespace

SmoothingGroupsPanel::SmoothingGroupsPanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_control(session->smoothing()),
      m_model(new SmoothingTableModel(session, this)),
      m_proxy(new GroupFilter(this)),
      m_table(new QTableView(this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  setupTable();
  column->addWidget(m_table, 1);
  column->addWidget(makeSeparator(Qt::Horizontal, this));
  setupFooter();
  connect(m_model, &QAbstractItemModel::dataChanged, this, &SmoothingGroupsPanel::updateFooter);
  connect(m_model, &QAbstractItemModel::modelReset, this, &SmoothingGroupsPanel::updateFooter);
  connect(m_control, &SmoothingControl::groupChanged, this, &SmoothingGroupsPanel::showGroup);
  connect(m_control, &SmoothingControl::problemChanged, this, &SmoothingGroupsPanel::updateFooter);
  updateFooter();
}

void SmoothingGroupsPanel::setupTable() {
  m_proxy->setSourceModel(m_model);
  m_proxy->setSortRole(Table::SortRole);
  m_table->setModel(m_proxy);
  m_table->setItemDelegate(new SmoothingDelegate(m_session, m_table));
  m_table->setObjectName(QStringLiteral("smoothing-groups"));
  m_table->setAccessibleName(tr("Smoothing groups"));
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_table->setSelectionMode(QAbstractItemView::SingleSelection);
  m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  m_table->setShowGrid(false);
  m_table->setWordWrap(false);
  m_table->setSortingEnabled(true);
  m_table->setContextMenuPolicy(Qt::CustomContextMenu);
  m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_table->verticalHeader()->hide();
  m_table->verticalHeader()->setDefaultSectionSize(scaledPx(metrics::kTableRow));
  m_table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  m_table->horizontalHeader()->setHighlightSections(false);
  m_table->horizontalHeader()->setTextElideMode(Qt::ElideRight);
  m_table->sortByColumn(Table::GroupColumn, Qt::AscendingOrder);
  m_table->installEventFilter(this);
  connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          [this](const QModelIndex& at) { pick(at, false); });
  connect(m_table, &QTableView::doubleClicked, this, [this](const QModelIndex& at) { pick(at, true); });
  connect(m_table, &QWidget::customContextMenuRequested, this, &SmoothingGroupsPanel::showMenu);
  fitColumns();
}

void SmoothingGroupsPanel::setupFooter() {
  auto* bar = new QWidget(this);
  auto* row = new QHBoxLayout(bar);
  row->setContentsMargins(scaledPx(8), scaledPx(3), scaledPx(8), scaledPx(3));
  row->setSpacing(scaledPx(16));
  row->addWidget(m_counts = makeLabel({}, FontRole::Axis, bar));
  m_counts->setTextFormat(Qt::RichText);
  row->addWidget(m_others = new QCheckBox(bar));
  m_others->setFont(uiFont(FontRole::Axis));
  m_others->setToolTip(tr("Groups behind a linear: v feeds o, up feeds down"));
  row->addStretch(1);
  row->addWidget(m_measured = makeDimLabel({}, FontRole::Axis, bar));
  row->addWidget(m_search = makeSmallButton(tr("Search all groups"), bar));
  m_search->setToolTip(tr("Measure error over alpha of every group that can be folded"));
  layout()->addWidget(bar);
  connect(m_others, &QCheckBox::toggled, this, [this](bool isOn) {
    static_cast<GroupFilter*>(m_proxy)->setAll(isOn);
    updateFooter();
    showGroup();
  });
  connect(m_search, &QPushButton::clicked, m_control, &SmoothingControl::searchAllGroups);
}

void SmoothingGroupsPanel::fitColumns() {
  const bool isNarrow = m_table->width() < scaledPx(kNarrow);
  QHeaderView* header = m_table->horizontalHeader();
  header->setSectionResizeMode(QHeaderView::Interactive);
  header->setStretchLastSection(true);
  m_table->setColumnHidden(Table::ProducerColumn, isNarrow);
  m_table->setColumnHidden(Table::ReadersColumn, m_table->width() < scaledPx(700));
  const int widths[] = {160, 168, 84, 76, 118, 76, 106, 76, 116, 160};
  for (int column = 0; column < Table::ColumnCount; ++column)
    header->resizeSection(column, scaledPx(widths[column]));
}

void SmoothingGroupsPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitColumns();
}

int SmoothingGroupsPanel::shownCount() const {
  return m_proxy->rowCount();
}

void SmoothingGroupsPanel::focusTable() {
  m_table->setFocus(Qt::ShortcutFocusReason);
  if (!m_table->currentIndex().isValid() && m_proxy->rowCount() > 0)
    m_table->setCurrentIndex(m_proxy->index(0, 0));
}

void SmoothingGroupsPanel::pick(const QModelIndex& at, bool opens) {
  if (m_isSyncing || !at.isValid()) return;
  m_isSyncing = true;
  m_control->setGroup(static_cast<std::size_t>(at.data(Table::GroupRole).toULongLong()));
  m_isSyncing = false;
  m_table->viewport()->update();
  if (opens) m_control->openPage();
}

void SmoothingGroupsPanel::showGroup() {
  m_table->viewport()->update();
  if (m_isSyncing) return;
  m_isSyncing = true;
  const std::optional<std::size_t> group = m_control->group();
  QModelIndex found;
  for (int row = 0; group && row < m_proxy->rowCount(); ++row)
    if (m_proxy->index(row, 0).data(Table::GroupRole).toULongLong() == *group) found = m_proxy->index(row, 0);
  if (found.isValid()) {
    m_table->selectionModel()->setCurrentIndex(
        found, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    m_table->scrollTo(found);
  } else {
    m_table->selectionModel()->clear();
  }
  m_isSyncing = false;
}

bool SmoothingGroupsPanel::eventFilter(QObject* watched, QEvent* event) {
  if (watched == m_table &&
      (event->type() == QEvent::KeyPress || event->type() == QEvent::ShortcutOverride)) {
    auto* key = static_cast<QKeyEvent*>(event);
    const bool isCopy = key->matches(QKeySequence::Copy);
    const bool isOpen =
        (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) && key->modifiers() == Qt::NoModifier;
    if (isCopy || isOpen) {
      key->accept();
      if (event->type() == QEvent::ShortcutOverride) return true;
      if (isCopy) copyRows();
      if (isOpen) pick(m_table->currentIndex(), true);
      return true;
    }
  }
  return QWidget::eventFilter(watched, event);
}

void SmoothingGroupsPanel::copyRows() {
  std::vector<int> rows;
  for (int row = 0; row < m_proxy->rowCount(); ++row)
    rows.push_back(m_proxy->mapToSource(m_proxy->index(row, 0)).row());
  QGuiApplication::clipboard()->setText(m_model->asText(rows));
  emit m_session->message(tr("%1 rows copied").arg(rows.size()), false);
}

void SmoothingGroupsPanel::updateFooter() {
  int norms = 0, others = 0, above = 0, measured = 0, foldable = 0;
  for (int row = 0; row < m_model->rowCount(); ++row) {
    const QModelIndex at = m_model->index(row, Table::NoneColumn);
    ++(at.data(Table::NormRole).toBool() ? norms : others);
    above += at.data(Table::AboveRole).toBool();
    const SmoothingRow& line = m_control->rows()[static_cast<std::size_t>(row)];
    foldable += line.fold.isFoldable;
    measured += line.fold.isFoldable && line.smoothQuant && line.bismooth;
  }
  const QString target = tickText(m_session->view().target * 100) + kNarrowSpace + QLatin1Char('%');
  m_counts->setText(
      norms == 1 ? tr("<b>1 norm group</b>&nbsp;&nbsp;&nbsp;%1 above the target of %2").arg(above).arg(target)
                 : tr("<b>%1 norm groups</b>&nbsp;&nbsp;&nbsp;%2 above the target of %3")
                       .arg(norms)
                       .arg(above)
                       .arg(target));
  m_others->setVisible(others > 0);
  m_others->setText(tr("v → o and up → down: %1 more").arg(others));
  m_measured->setText(!m_control->problem().isEmpty() ? m_control->problem()
                      : foldable == 0                 ? QString()
                                      : tr("%1 of %2 foldable groups measured").arg(measured).arg(foldable));
  m_search->setEnabled(!m_control->isSearching() && measured < foldable && m_control->problem().isEmpty());
  m_search->setText(m_control->isSearching() ? tr("Searching…") : tr("Search all groups"));
  emit countChanged();
}

void SmoothingGroupsPanel::showMenu(const QPoint& at) {
  const QModelIndex index = m_table->indexAt(at);
  QMenu menu(this);
  if (index.isValid()) {
    menu.addAction(tr("Open on the Smoothing page"), this, [this, index] { pick(index, true); });
    menu.addAction(tr("Select its linears"), this, [this, index] { pick(index, false); });
    if (index.data(Table::PlannedRole).toBool())
      menu.addAction(tr("Remove its smoothing from the plan"), this, [this, index] {
        pick(index, false);
        m_control->remove();
      });
    menu.addSeparator();
  }
  menu.addAction(themeIcon(QStringLiteral("copy")), tr("Copy rows"), this, &SmoothingGroupsPanel::copyRows);
  menu.exec(m_table->viewport()->mapToGlobal(at));
}

}  // namespace ql
