#include "widgets/panels/saved_selections_dialog.h"

#include "widgets/bridge/linear_query.h"
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/panels/form_parts.h"

#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QListWidget>
#include <QShortcut>
#include <QVBoxLayout>

namespace ql {

SavedSelectionsDialog::SavedSelectionsDialog(Session* session, QWidget* parent)
    : QDialog(parent), m_session(session), m_list(new QListWidget(this)) {
  setWindowTitle(tr("Saved selections"));
  resize(scaledPx(440), scaledPx(320));
  auto* row = new QHBoxLayout(this);
  auto* left = new QVBoxLayout;
  left->addWidget(m_list, 1);
  left->addWidget(
      makeDimLabel(tr("Kept for this model and others of its architecture."), FontRole::Axis, this));
  row->addLayout(left, 1);
  auto* column = new QVBoxLayout;
  m_apply = makeAccentButton(tr("&Select"), this);
  m_rename = new QPushButton(tr("&Rename"), this);
  m_delete = new QPushButton(tr("&Delete"), this);
  auto* close = new QPushButton(tr("&Close"), this);
  m_apply->setToolTip(tr("Make it the selection (Enter)"));
  m_rename->setToolTip(tr("Edit the name (F2)"));
  m_delete->setToolTip(tr("Forget it (Del)"));
  for (QPushButton* button : {m_apply, m_rename, m_delete}) column->addWidget(button);
  column->addStretch(1);
  column->addWidget(close);
  row->addLayout(column);
  m_apply->setDefault(true);
  m_list->setAccessibleName(tr("Saved selections"));
  m_list->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::SelectedClicked);
  connect(m_apply, &QPushButton::clicked, this, &SavedSelectionsDialog::apply);
  connect(m_list, &QListWidget::itemDoubleClicked, this, &SavedSelectionsDialog::apply);
  connect(m_rename, &QPushButton::clicked, this, [this] {
    if (m_list->currentItem()) m_list->editItem(m_list->currentItem());
  });
  connect(m_delete, &QPushButton::clicked, this, &SavedSelectionsDialog::remove);
  auto* deleteKey = new QShortcut(QKeySequence(Qt::Key_Delete), m_list, nullptr, nullptr, Qt::WidgetShortcut);
  connect(deleteKey, &QShortcut::activated, this, &SavedSelectionsDialog::remove);
  connect(close, &QPushButton::clicked, this, &QDialog::reject);
  connect(m_list, &QListWidget::itemChanged, this, [this](QListWidgetItem* item) {
    if (!m_isSyncing) renameTo(m_list->row(item), item->text());
  });
  connect(session, &Session::workspaceChanged, this, &QObject::deleteLater);
  fill();
}

void SavedSelectionsDialog::fill() {
  const auto workspace = m_session->workspace();
  const int row = m_list->currentRow();
  m_isSyncing = true;
  m_list->clear();
  m_selections.clear();
  if (workspace)
    m_selections = saved_selections::of(workspace->model(), QString::fromStdString(workspace->fingerprint()));
  for (const SavedSelection& selection : m_selections) {
    auto* item = new QListWidgetItem(selection.name, m_list);
    item->setFlags(item->flags() | Qt::ItemIsEditable);
    item->setToolTip(pluralText(selection.linears.size(), tr("linear"), tr("linears")));
  }
  m_list->setCurrentRow(std::clamp(row, 0, std::max(0, m_list->count() - 1)));
  m_isSyncing = false;
  for (QPushButton* button : {m_apply, m_rename, m_delete}) button->setEnabled(!m_selections.empty());
}

const SavedSelection* SavedSelectionsDialog::current() const {
  const int row = m_list->currentRow();
  return row >= 0 && row < static_cast<int>(m_selections.size())
             ? &m_selections[static_cast<std::size_t>(row)]
             : nullptr;
}

void SavedSelectionsDialog::apply() {
  if (const SavedSelection* selection = current()) {
    applySelection(*m_session, saved_selections::linears(*selection, *m_session->model()));
    accept();
  }
}

void SavedSelectionsDialog::renameTo(int row, const QString& name) {
  const bool isKnown = row >= 0 && row < static_cast<int>(m_selections.size());
  if (isKnown && !saved_selections::rename(m_selections[static_cast<std::size_t>(row)], name))
    emit m_session->message(tr("There is another selection of that name, or the name is empty."), true);
  fill();
}

void SavedSelectionsDialog::remove() {
  if (const SavedSelection* selection = current()) saved_selections::remove(*selection);
  fill();
}

}  // namespace ql
