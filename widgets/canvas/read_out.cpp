#include "widgets/canvas/read_out.h"

#include <algorithm>

namespace ql {
namespace {

struct BoxSize {
  double labelWidth = 0, valueWidth = 0, wholeWidth = 0, lineHeight = 0;
};

BoxSize measure(const Painter& painter, const QString& title, const std::vector<ReadOutRow>& rows,
                double scale) {
  BoxSize size;
  size.lineHeight = painter.lineHeight(FontRole::Mono) + 3 * scale;
  if (!title.isEmpty()) size.wholeWidth = painter.textSize(title, FontRole::AxisSemibold).width();
  for (const ReadOutRow& row : rows) {
    const double swatch = row.swatch.isValid() ? 14 * scale : 0;
    const double label = painter.textSize(row.label, FontRole::Mono).width() + swatch;
    if (row.value.isEmpty()) {
      size.wholeWidth = std::max(size.wholeWidth, label);
      continue;
    }
    size.labelWidth = std::max(size.labelWidth, label);
    size.valueWidth = std::max(size.valueWidth, painter.textSize(row.value, FontRole::Mono).width());
  }
  return size;
}

// Beside the anchor, flipped to the side that has room, never outside.
QRectF place(QPointF anchor, QSizeF box, const QRectF& bounds, double distance) {
  double x = anchor.x() + distance, y = anchor.y() + distance;
  if (x + box.width() > bounds.right()) x = anchor.x() - distance - box.width();
  if (y + box.height() > bounds.bottom()) y = anchor.y() - distance - box.height();
  x = std::clamp(x, bounds.left(), std::max(bounds.left(), bounds.right() - box.width()));
  y = std::clamp(y, bounds.top(), std::max(bounds.top(), bounds.bottom() - box.height()));
  return QRectF(QPointF(x, y), box);
}

}  // namespace

QRectF drawReadOut(Painter& painter, const Theme& theme, QPointF anchor, const QRectF& bounds,
                   const QString& title, const std::vector<ReadOutRow>& rows) {
  if (rows.empty()) return {};
  const double scale = uiScale(), padding = 8 * scale, columnGap = 16 * scale;
  const BoxSize size = measure(painter, title, rows, scale);
  const double inner = std::max(size.wholeWidth, size.labelWidth + columnGap + size.valueWidth);
  const double lines = static_cast<double>(rows.size()) + (title.isEmpty() ? 0 : 1);
  const QRectF box =
      place(anchor, QSizeF(inner + 2 * padding, lines * size.lineHeight + 2 * padding - 3 * scale),
            bounds.adjusted(2, 2, -2, -2), 14 * scale);
  const double radius = metrics::kRadius * scale;
  for (int i = 3; i >= 1; --i)  // the tooltip's shadow, the only one in the window
    painter.fillRoundedRect(box.adjusted(-i, -i + 1, i, i + 1), radius + i,
                            QColor(0, 0, 0, theme.isDark ? 40 : 14));
  painter.fillRoundedRect(box, radius, theme.base);
  painter.strokeRoundedRect(box, radius, {theme.outline, 1});
  double y = box.top() + padding;
  const double left = box.left() + padding, right = box.right() - padding;
  if (!title.isEmpty()) {
    painter.text({left, y}, title, theme.text, FontRole::AxisSemibold);
    y += size.lineHeight;
  }
  for (const ReadOutRow& row : rows) {
    double x = left;
    if (row.swatch.isValid()) {
      const double edge = 8 * scale;
      painter.fillRect(QRectF(x, y + (size.lineHeight - 3 * scale - edge) / 2, edge, edge), row.swatch);
      x += 14 * scale;
    }
    painter.text({x, y}, row.label, theme.secondary, FontRole::Mono);
    painter.text({right, y}, row.value, row.isStrong ? theme.accent : theme.text, FontRole::Mono,
                 {TextAlign::Right});
    y += size.lineHeight;
  }
  return box;
}

}  // namespace ql
