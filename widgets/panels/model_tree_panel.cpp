#include "widgets/panels/model_tree_panel.h"

#include "widgets/models/linear_tree_model.h"
#include "widgets/panels/form_parts.h"
#include "widgets/panels/linear_menu.h"
#include "widgets/panels/tree_delegate.h"

#include <QHeaderView>
#include <QItemSelectionModel>
#include <QLineEdit>
#include <QMenu>
#include <QRegularExpression>
#include <QSortFilterProxyModel>
#include <QTreeView>
#include <QVBoxLayout>

#include <algorithm>

namespace ql {

namespace {

// More blocks than this start folded, but for those with findings or a selection.
constexpr int kUnfoldedBlocks = 12;

}  // namespace

ModelTreePanel::ModelTreePanel(Session* session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_model(new LinearTreeModel(session, this)),
      m_proxy(new QSortFilterProxyModel(this)),
      m_filter(new QLineEdit(this)),
      m_tree(new QTreeView(this)) {
  setProperty("ground", QStringLiteral("base"));
  setAttribute(Qt::WA_StyledBackground);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  setupFilter();
  setupTree();
  connect(session->selection(), &Selection::changed, this, &ModelTreePanel::showSelection);
  connect(session->selection(), &Selection::currentChanged, m_tree->viewport(),
          qOverload<>(&QWidget::update));
  connect(m_model, &QAbstractItemModel::modelReset, this, &ModelTreePanel::expandInteresting);
  expandInteresting();
}

void ModelTreePanel::setupFilter() {
  m_filter->setPlaceholderText(tr("Filter: text or /regex/"));
  m_filter->setAccessibleName(tr("Filter linears by name"));
  m_filter->setToolTip(tr("Part of a name, or a regular expression between slashes (Ctrl+F)"));
  m_filter->setClearButtonEnabled(true);
  m_filter->addAction(themeIcon(QStringLiteral("search"), IconColor::Secondary), QLineEdit::LeadingPosition);
  auto* holder = new QWidget(this);
  auto* inner = new QVBoxLayout(holder);
  inner->setContentsMargins(scaledPx(8), scaledPx(8), scaledPx(8), scaledPx(8));
  inner->addWidget(m_filter);
  layout()->addWidget(holder);
  connect(m_filter, &QLineEdit::textChanged, this, &ModelTreePanel::applyFilter);
}

void ModelTreePanel::setupTree() {
  m_proxy->setSourceModel(m_model);
  m_proxy->setFilterRole(LinearTreeModel::FilterRole);
  m_proxy->setFilterKeyColumn(0);
  m_proxy->setRecursiveFilteringEnabled(true);
  m_tree->setModel(m_proxy);
  m_tree->setItemDelegate(new TreeDelegate(m_session, m_tree));
  m_tree->setAccessibleName(tr("Model tree"));
  m_tree->setSelectionMode(QAbstractItemView::ExtendedSelection);
  m_tree->setSelectionBehavior(QAbstractItemView::SelectRows);
  m_tree->setUniformRowHeights(true);
  m_tree->setIndentation(scaledPx(9));
  m_tree->setAllColumnsShowFocus(true);
  m_tree->setContextMenuPolicy(Qt::CustomContextMenu);
  m_tree->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  m_tree->setExpandsOnDoubleClick(false);
  fitColumns();
  layout()->addWidget(m_tree);
  connect(m_tree->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          &ModelTreePanel::takeSelection);
  // Keys move the current row after the selection changed.
  connect(m_tree->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
          &ModelTreePanel::takeSelection);
  connect(m_tree, &QWidget::customContextMenuRequested, this, &ModelTreePanel::showMenu);
  connect(m_tree, &QTreeView::activated, this, [this](const QModelIndex& at) {
    if (const auto id = m_model->linearAt(m_proxy->mapToSource(at)))
      emit m_session->selection()->openRequested(*id);
    else
      m_tree->setExpanded(at.siblingAtColumn(0), !m_tree->isExpanded(at.siblingAtColumn(0)));
  });
}

void ModelTreePanel::fitColumns() {
  QHeaderView* header = m_tree->header();
  header->setStretchLastSection(false);
  header->setTextElideMode(Qt::ElideRight);
  header->setMinimumSectionSize(scaledPx(40));
  header->setSectionResizeMode(LinearTreeModel::NameColumn, QHeaderView::Stretch);
  header->setSectionResizeMode(LinearTreeModel::WeightColumn, QHeaderView::Interactive);
  header->setSectionResizeMode(LinearTreeModel::ValueColumn, QHeaderView::Interactive);
  header->resizeSection(LinearTreeModel::WeightColumn, scaledPx(58));
  header->resizeSection(LinearTreeModel::ValueColumn, scaledPx(67));
}

void ModelTreePanel::applyFilter(const QString& text) {
  const bool isRegex = text.size() > 1 && text.startsWith(QLatin1Char('/'));
  QString pattern = isRegex ? text.mid(1) : QRegularExpression::escape(text);
  if (isRegex && pattern.endsWith(QLatin1Char('/'))) pattern.chop(1);
  const QRegularExpression expression(pattern, QRegularExpression::CaseInsensitiveOption);
  setStyleProperty(m_filter, "changed", !expression.isValid());
  m_filter->setToolTip(expression.isValid()
                           ? tr("Part of a name, or a regular expression between slashes (Ctrl+F)")
                           : tr("Not a regular expression: %1").arg(expression.errorString()));
  if (!expression.isValid()) return;
  m_proxy->setFilterRegularExpression(expression);
  if (!text.isEmpty()) m_tree->expandAll();
  showSelection();
}

void ModelTreePanel::expandInteresting() {
  const Model* model = m_session->model();
  if (!model) return;
  if (model->blockCount <= kUnfoldedBlocks) return m_tree->expandAll();
  m_tree->expand(m_proxy->index(0, 0));
  m_tree->expand(m_proxy->index(1, 0));
}

void ModelTreePanel::focusFilter() {
  m_filter->setFocus(Qt::ShortcutFocusReason);
  m_filter->selectAll();
}

void ModelTreePanel::expandAll() {
  m_tree->expandAll();
}

void ModelTreePanel::collapseAll() {
  m_tree->collapseAll();
}

std::vector<LinearId> ModelTreePanel::selectedLinears() const {
  std::vector<LinearId> ids;
  for (const QModelIndex& row : m_tree->selectionModel()->selectedRows()) {
    const std::vector<LinearId> inside = m_model->linearsAt(m_proxy->mapToSource(row));
    ids.insert(ids.end(), inside.begin(), inside.end());
  }
  return ids;
}

void ModelTreePanel::takeSelection() {
  if (m_isSyncing) return;
  m_isSyncing = true;
  std::vector<LinearId> ids = selectedLinears();
  const std::optional<LinearId> clicked = m_model->linearAt(m_proxy->mapToSource(m_tree->currentIndex()));
  std::optional<LinearId> current = m_session->selection()->current();
  if (clicked && std::find(ids.begin(), ids.end(), *clicked) != ids.end())
    current = clicked;
  else if (!ids.empty() && (!current || std::find(ids.begin(), ids.end(), *current) == ids.end()))
    current = ids.front();
  m_session->selection()->set(std::move(ids), current);
  m_isSyncing = false;
  m_tree->viewport()->update();
}

void ModelTreePanel::showSelection() {
  if (m_isSyncing) return;
  m_isSyncing = true;
  QItemSelection shown;
  for (const LinearId id : m_session->selection()->selected()) {
    const QModelIndex at = m_proxy->mapFromSource(m_model->indexOf(id));
    if (at.isValid()) shown.select(at, at.siblingAtColumn(LinearTreeModel::ColumnCount - 1));
  }
  m_tree->selectionModel()->select(shown, QItemSelectionModel::ClearAndSelect);
  if (const auto current = m_session->selection()->current()) {
    const QModelIndex at = m_proxy->mapFromSource(m_model->indexOf(*current));
    if (at.isValid()) {
      m_tree->selectionModel()->setCurrentIndex(at, QItemSelectionModel::NoUpdate);
      m_tree->scrollTo(at);
    }
  }
  m_isSyncing = false;
  m_tree->viewport()->update();
}

void ModelTreePanel::showMenu(const QPoint& at) {
  QMenu menu(this);
  fillLinearMenu(menu, *m_session, selectedLinears());
  if (!menu.isEmpty()) menu.exec(m_tree->viewport()->mapToGlobal(at));
}

}  // namespace ql
