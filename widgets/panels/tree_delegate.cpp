#include "widgets/panels/tree_delegate.h"

#include "widgets/bridge/value_scale.h"
#include "widgets/models/linear_tree_model.h"
#include "widgets/panels/form_parts.h"

#include <QPainter>

#include <algorithm>

namespace ql {

namespace {

using Tree = LinearTreeModel;

/// Ground of a row: base, selected, or current with a 1 px frame above and below.
void paintGround(QPainter* painter, const QRect& rect, bool isSelected, bool isCurrent) {
  const Theme& theme = currentTheme();
  if (isCurrent)
    painter->fillRect(rect, theme.current);
  else if (isSelected)
    painter->fillRect(rect, theme.selected);
  if (!isCurrent) return;
  painter->fillRect(rect.left(), rect.top(), rect.width(), 1, theme.accent);
  painter->fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.accent);
}

}  // namespace

TreeDelegate::TreeDelegate(Session* session, QObject* parent)
    : QStyledItemDelegate(parent), m_session(session) {}

QSize TreeDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const QSize base = QStyledItemDelegate::sizeHint(option, index);
  return {base.width(), std::max(scaledPx(metrics::kTreeRow), option.fontMetrics.height() + 4)};
}

void TreeDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
  const QVariant linear = index.data(Tree::LinearRole);
  const bool isLinear = linear.isValid();
  const bool isCurrent = isLinear && m_session->selection()->current() == linear.toULongLong();
  painter->save();
  paintGround(painter, option.rect, isLinear && option.state.testFlag(QStyle::State_Selected), isCurrent);
  painter->setFont(uiFont(FontRole::Body));
  const int side = index.column() == Tree::NameColumn ? 1 : 4;
  const QRect inner = option.rect.adjusted(scaledPx(side), 0, -scaledPx(2), 0);
  if (index.column() == Tree::NameColumn)
    paintName(painter, inner, index, isCurrent);
  else if (index.column() == Tree::WeightColumn)
    paintWeight(painter, inner, index, isCurrent);
  else
    paintValue(painter, inner, index, isCurrent);
  painter->restore();
}

void TreeDelegate::paintName(QPainter* painter, const QRect& rect, const QModelIndex& index,
                             bool isCurrent) const {
  const Theme& theme = currentTheme();
  const bool isBlock = !index.data(Tree::LinearRole).isValid();
  const QString name = index.data().toString();
  if (isBlock) painter->setFont(uiFont(FontRole::Semibold));
  painter->setPen(theme.text);
  const QFontMetrics nameMetrics(painter->font());
  const bool isLocked = index.data(Tree::LockedRole).toBool();
  const int lockWidth = isLocked ? scaledPx(14) : 0;
  const int width = std::min(nameMetrics.horizontalAdvance(name), rect.width() - lockWidth);
  painter->drawText(rect, Qt::AlignVCenter | Qt::AlignLeft,
                    nameMetrics.elidedText(name, Qt::ElideMiddle, width + 1));
  if (isBlock) return;
  const QString shape = index.data(Tree::ShapeRole).toString().remove(QChar(0x202f)).remove(QLatin1Char(' '));
  painter->setFont(uiFont(FontRole::Axis));
  painter->setPen(isCurrent ? theme.text : theme.faint);
  const QFontMetrics shapeMetrics(painter->font());
  int left = rect.left() + width + scaledPx(5);
  const int shapeWidth = shapeMetrics.horizontalAdvance(shape);
  if (left + shapeWidth + lockWidth <= rect.right()) {
    painter->drawText(QRect(left, rect.top(), shapeWidth + 1, rect.height()), Qt::AlignVCenter, shape);
    left += shapeWidth + scaledPx(3);
  }
  if (!isLocked) return;
  const int size = scaledPx(12);
  themeIcon(QStringLiteral("lock"), IconColor::Secondary)
      .paint(painter, QRect(std::min(left, rect.right() - size), rect.center().y() - size / 2, size, size));
}

void TreeDelegate::paintWeight(QPainter* painter, const QRect& rect, const QModelIndex& index,
                               bool isCurrent) const {
  const Theme& theme = currentTheme();
  const bool isChanged = index.data(Tree::ChangedRole).toBool();
  painter->setFont(uiFont(FontRole::Axis));
  painter->setPen(isChanged ? theme.accent : isCurrent ? theme.text : theme.secondary);
  // "int8 channel" is shortened where everything is narrow; the tooltip has it in full.
  QString text = index.data().toString();
  text.replace(QStringLiteral(" channel"), QStringLiteral(" ch"));
  painter->drawText(rect, Qt::AlignVCenter | Qt::AlignLeft,
                    QFontMetrics(painter->font()).elidedText(text, Qt::ElideRight, rect.width()));
}

void TreeDelegate::paintValue(QPainter* painter, const QRect& rect, const QModelIndex& index,
                              bool isCurrent) const {
  const Theme& theme = currentTheme();
  const QVariant value = index.data(Tree::ValueRole);
  const bool isLinear = index.data(Tree::LinearRole).isValid();
  const int swatch = scaledPx(10), gap = scaledPx(7);
  QRect textRect = rect.adjusted(0, 0, -swatch - gap - scaledPx(4), 0);
  if (!isLinear) textRect = rect.adjusted(-scaledPx(60), 0, -scaledPx(4), 0);
  painter->setPen(isLinear || isCurrent ? theme.text : theme.faint);
  painter->setFont(uiFont(isLinear ? FontRole::Body : FontRole::Axis));
  painter->drawText(textRect, Qt::AlignVCenter | Qt::AlignRight, index.data().toString());
  if (!isLinear || !value.isValid()) return;
  const QRect square(rect.right() - swatch - scaledPx(4), rect.top() + (rect.height() - swatch) / 2, swatch,
                     swatch);
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setPen(Qt::NoPen);
  painter->setBrush(valueColor(value.toDouble(), shownRange(*m_session), m_session->view().scale));
  painter->drawRoundedRect(square, 2, 2);
  if (!index.data(Tree::FlaggedRole).toBool()) return;
  painter->setBrush(theme.finding);  // the same red corner as in the overview
  const QPoint corner = square.topLeft();
  const int edge = scaledPx(5);
  const QPoint triangle[] = {corner, corner + QPoint(edge, 0), corner + QPoint(0, edge)};
  painter->drawPolygon(triangle, 3);
}

}  // namespace ql
