#include "widgets/panels/plan_delegate.h"

#include "widgets/bridge/value_scale.h"
#include "widgets/models/plan_table_model.h"
#include "widgets/panels/form_parts.h"

#include <QComboBox>
#include <QPainter>

namespace ql {

namespace {

using Table = PlanTableModel;

const char* const kPresets[] = {"w8a8",          "w8a8:group=128", "w8a8:group=64",   "w8a8:group=32",
                                "w8a8:group=16", "w8a16",          "w4a16:group=128", "w4a16:group=32",
                                "bf16"};

QColor textColor(const QModelIndex& index, bool isCurrent) {
  const Theme& theme = currentTheme();
  switch (index.column()) {
    case Table::WeightColumn:
      return index.data(Table::ChangedRole).toBool() ? theme.accent : theme.text;
    case Table::WhatIfColumn:
      return theme.accent;
    case Table::FindingColumn:
      return index.data(Table::FlaggedRole).toBool() ? theme.finding : theme.good;
    case Table::ActivationColumn:
    case Table::ShapeColumn:
      return isCurrent ? theme.text : theme.secondary;
    default:
      return theme.text;
  }
}

}  // namespace

PlanDelegate::PlanDelegate(Session* session, QObject* parent)
    : QStyledItemDelegate(parent), m_session(session) {}

void PlanDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
  const Theme& theme = currentTheme();
  const auto id = static_cast<LinearId>(index.data(Table::LinearRole).toULongLong());
  const bool isCurrent = m_session->selection()->current() == id;
  painter->save();
  if (isCurrent || option.state.testFlag(QStyle::State_Selected))
    painter->fillRect(option.rect, isCurrent ? theme.current : theme.selected);
  if (isCurrent) {
    painter->fillRect(option.rect.left(), option.rect.top(), option.rect.width(), 1, theme.accent);
    painter->fillRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1, theme.accent);
  }
  QRect rect = option.rect.adjusted(scaledPx(8), 0, -scaledPx(8), 0);
  if (index.column() == Table::NameColumn) {
    const int swatch = scaledPx(10);
    const QVariant value = index.data(Table::ValueRole);
    if (value.isValid()) {
      painter->setRenderHint(QPainter::Antialiasing);
      painter->setPen(Qt::NoPen);
      painter->setBrush(valueColor(value.toDouble(), shownRange(*m_session), m_session->view().scale));
      painter->drawRoundedRect(QRect(rect.left(), rect.top() + (rect.height() - swatch) / 2, swatch, swatch),
                               2, 2);
    }
    rect.setLeft(rect.left() + swatch + scaledPx(8));
    if (index.data(Table::LockedRole).toBool()) {
      const int size = scaledPx(12);
      themeIcon(QStringLiteral("lock"), IconColor::Secondary)
          .paint(painter, QRect(rect.right() - size, rect.center().y() - size / 2, size, size));
      rect.setRight(rect.right() - size - scaledPx(4));
    }
  }
  painter->setFont(uiFont(index.column() == Table::ValueColumn ? FontRole::Semibold : FontRole::Body));
  painter->setPen(textColor(index, isCurrent));
  const auto alignment = Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt());
  const Qt::TextElideMode elide = index.column() == Table::NameColumn ? Qt::ElideMiddle : Qt::ElideRight;
  painter->drawText(rect, static_cast<int>(alignment),
                    QFontMetrics(painter->font()).elidedText(index.data().toString(), elide, rect.width()));
  painter->restore();
}

QWidget* PlanDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&, const QModelIndex&) const {
  auto* editor = new QComboBox(parent);
  editor->setEditable(true);
  editor->setAccessibleName(tr("Choice as SPEC"));
  for (const char* preset : kPresets) editor->addItem(QString::fromLatin1(preset));
  return editor;
}

void PlanDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
  static_cast<QComboBox*>(editor)->setCurrentText(index.data(Qt::EditRole).toString());
}

void PlanDelegate::setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const {
  const QString text = static_cast<QComboBox*>(editor)->currentText();
  if (text != index.data(Qt::EditRole).toString()) model->setData(index, text, Qt::EditRole);
}

}  // namespace ql
