#include "widgets/panels/smoothing_delegate.h"

#include "widgets/bridge/session.h"
#include "widgets/models/smoothing_table_model.h"
#include "widgets/panels/form_parts.h"

#include <QAbstractProxyModel>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

using Table = SmoothingTableModel;

FontRole fontOf(const QModelIndex& index) {
  const bool isBold = index.column() == Table::NoneColumn ||
                      ((index.column() == Table::QuantColumn || index.column() == Table::BismoothColumn) &&
                       index.data(Table::BestRole).toBool());
  return isBold ? FontRole::Semibold : FontRole::Body;
}

QColor colorOf(const QModelIndex& index, bool isCurrent) {
  const Theme& theme = currentTheme();
  if (index.column() == Table::NoneColumn && index.data(Table::AboveRole).toBool()) return theme.finding;
  if (index.column() == Table::VerdictColumn)
    return index.data(Table::GoodRole).toBool() ? theme.good : isCurrent ? theme.text : theme.secondary;
  if (index.column() == Table::ProducerColumn || index.column() == Table::ReadersColumn)
    return isCurrent ? theme.text : theme.secondary;
  return theme.text;
}

}  // namespace

SmoothingDelegate::SmoothingDelegate(Session* session, QObject* parent)
    : QStyledItemDelegate(parent), m_session(session) {}

void SmoothingDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const {
  const Theme& theme = currentTheme();
  const bool isCurrent = m_session->smoothing()->group() == index.data(Table::GroupRole).toULongLong();
  const bool isSelected = option.state.testFlag(QStyle::State_Selected);
  painter->save();
  if (isCurrent || isSelected) painter->fillRect(option.rect, isCurrent ? theme.current : theme.selected);
  if (isCurrent) {
    painter->fillRect(option.rect.left(), option.rect.top(), option.rect.width(), 1, theme.accent);
    painter->fillRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1, theme.accent);
  }
  QRect rect = option.rect.adjusted(scaledPx(8), 0, -scaledPx(8), 0);
  if (index.column() == Table::CurveColumn) {
    const auto* proxy = qobject_cast<const QAbstractProxyModel*>(index.model());
    const QModelIndex source = proxy ? proxy->mapToSource(index) : index;
    paintCurves(painter, rect, static_cast<const Table*>(source.model())->shape(source.row()));
    painter->restore();
    return;
  }
  if (index.column() == Table::GroupColumn) {
    const int mark = scaledPx(8);
    if (index.data(Table::PlannedRole).toBool()) {
      painter->setRenderHint(QPainter::Antialiasing);
      painter->setPen(Qt::NoPen);
      painter->setBrush(theme.smoothing);
      painter->drawEllipse(QRect(rect.left(), rect.center().y() - mark / 2, mark, mark));
    }
    rect.setLeft(rect.left() + mark + scaledPx(6));
  }
  painter->setFont(uiFont(fontOf(index)));
  painter->setPen(colorOf(index, isCurrent));
  painter->drawText(
      rect, static_cast<int>(Qt::Alignment(index.data(Qt::TextAlignmentRole).toInt())),
      QFontMetrics(painter->font()).elidedText(index.data().toString(), Qt::ElideRight, rect.width()));
  painter->restore();
}

/// On one linear scale, so that the two can be compared; the ends of the span are the cell's edges.
void SmoothingDelegate::paintCurves(QPainter* painter, const QRect& rect, const CurveShape& shape) const {
  double least = INFINITY, most = -INFINITY;
  for (const std::vector<double>* curve : {&shape.smoothQuant, &shape.bismooth})
    for (const double error : *curve)
      if (std::isfinite(error)) {
        least = std::min(least, error);
        most = std::max(most, error);
      }
  if (!(most >= least)) return;
  const QRectF area = QRectF(rect).adjusted(0, scaledPx(4), 0, -scaledPx(4));
  const Theme& theme = currentTheme();
  painter->setRenderHint(QPainter::Antialiasing);
  painter->setBrush(Qt::NoBrush);
  const auto draw = [&](const std::vector<double>& curve, const QColor& color) {
    if (curve.size() < 2) return;
    QPainterPath path;
    bool isOpen = false;
    for (std::size_t i = 0; i < curve.size(); ++i) {
      if (!std::isfinite(curve[i])) {
        isOpen = false;
        continue;
      }
      const double x =
          area.left() + area.width() * static_cast<double>(i) / static_cast<double>(curve.size() - 1);
      const double share = most > least ? (curve[i] - least) / (most - least) : 0.5;
      const QPointF at(x, area.bottom() - share * area.height());
      if (isOpen)
        path.lineTo(at);
      else
        path.moveTo(at);
      isOpen = true;
    }
    painter->setPen(QPen(color, 1.4));
    painter->drawPath(path);
  };
  draw(shape.smoothQuant, theme.weight);
  draw(shape.bismooth, theme.smoothing);
}

}  // namespace ql
