// Painting of the compared error maps: pictures, titles, shared colour bar, the linked cursor.
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/compare_map_view.h"

#include <algorithm>
#include <cmath>

namespace ql {

void CompareMapView::draw(Painter& painter, const Theme& theme) {
  layOut();
  if (!hasElements()) {
    painter.text(
        {size().width() / 2, size().height() / 2},
        painter.elided(tr("Select a linear to compare A and B on it."), size().width() - 16, FontRole::Body),
        theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
    return;
  }
  emit shown();
  requestPictures();
  for (std::size_t plot = 0; plot < plotCount(); ++plot) drawPlot(painter, theme, plot);
  drawBar(painter, theme);
  drawHover(painter, theme);
}

void CompareMapView::drawPlot(Painter& painter, const Theme& theme, std::size_t plot) {
  const double s = uiScale();
  const QRectF& area = m_plots[plot];
  const CompareMap map = mapOf(plot);
  const QString problem = map == kMapChange ? QString() : m_content.problems[map];
  drawTitle(painter, theme, plot);
  if (m_maps[map].isEmpty() || !problem.isEmpty()) {
    painter.fillRect(area, blend(theme.base, theme.grid, 0.5));
    painter.text(
        area.center(),
        painter.elided(problem.isEmpty() ? tr("Measuring…") : problem, area.width() - 16, FontRole::Body),
        theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
  } else {
    m_maps[map].draw(painter, area, columnAxis(plot), rowAxis(plot));
  }
  drawBottomAxis(painter, theme, columnAxis(plot), area.bottom() + 5 * s,
                 indexTicks(columnAxis(plot), 44 * s));
  if (plot == 0)
    drawLeftAxis(painter, theme, rowAxis(plot), area.left() - 7 * s, indexTicks(rowAxis(plot), 36 * s));
  drawPins(painter, theme, plot);
  drawCursor(painter, theme, plot);
}

void CompareMapView::drawTitle(Painter& painter, const Theme& theme, std::size_t plot) const {
  const double s = uiScale();
  const QRectF& area = m_plots[plot];
  const double y = area.top() - 13 * s;
  if (isChange()) {
    const QString text =
        tr("|error| B − |error| A: %1 against %2").arg(m_content.schemes[1], m_content.schemes[0]);
    painter.text({area.left(), y}, painter.elided(text, area.width(), FontRole::Axis), theme.text,
                 FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
    return;
  }
  const std::size_t side = mapOf(plot);
  const QColor color = sideColor(side == kMapA ? CompareSide::A : CompareSide::B, theme.isDark);
  const QRectF badge(area.left(), y - 8 * s, 16 * s, 16 * s);
  painter.fillRoundedRect(badge, 3, color);
  painter.text(badge.center(), sideName(side == kMapA ? CompareSide::A : CompareSide::B), contrastText(color),
               FontRole::AxisSemibold, {TextAlign::Center, TextAlign::Middle});
  const double x = badge.right() + 6 * s;
  const QString figure = m_content.figures[side];
  const double figureWidth = figure.isEmpty() ? 0 : painter.textSize(figure, FontRole::AxisSemibold).width();
  const bool hasFigure = figureWidth > 0 && area.right() - x > figureWidth + 60 * s;
  const double room = area.right() - x - (hasFigure ? figureWidth + 8 * s : 0);
  painter.text({x, y}, painter.elided(m_content.schemes[side], room, FontRole::Axis), theme.text,
               FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  if (hasFigure)
    painter.text({area.right(), y}, figure, theme.text, FontRole::AxisSemibold,
                 {TextAlign::Right, TextAlign::Middle});
}

void CompareMapView::drawPins(Painter& painter, const Theme& theme, std::size_t plot) const {
  const QRectF& area = m_plots[plot];
  const double s = uiScale();
  if (m_pinnedColumn && m_columns.contains(static_cast<double>(*m_pinnedColumn) + 0.5)) {
    const double x = columnAxis(plot).toPixel(static_cast<double>(*m_pinnedColumn) + 0.5);
    painter.fillTriangle({x, area.top()}, {x - 4 * s, area.top() - 6 * s}, {x + 4 * s, area.top() - 6 * s},
                         theme.accent);
  }
  if (m_pinnedRow && m_rows.contains(static_cast<double>(*m_pinnedRow) + 0.5)) {
    const double y = rowAxis(plot).toPixel(static_cast<double>(*m_pinnedRow) + 0.5);
    painter.fillTriangle({area.right(), y}, {area.right() + 6 * s, y - 4 * s},
                         {area.right() + 6 * s, y + 4 * s}, theme.accent);
  }
}

// The cursor stands on the same weight in both plots.
void CompareMapView::drawCursor(Painter& painter, const Theme& theme, std::size_t plot) const {
  const auto at = shownPosition();
  if (!at) return;
  const Axis columns = columnAxis(plot), rows = rowAxis(plot);
  const QRectF cell(
      QPointF(columns.toPixel(static_cast<double>(at->column)), rows.toPixel(static_cast<double>(at->row))),
      QPointF(columns.toPixel(static_cast<double>(at->column + 1)),
              rows.toPixel(static_cast<double>(at->row + 1))));
  const ClipScope clip(painter, m_plots[plot]);
  if (cell.width() >= 6 && cell.height() >= 6) {
    painter.strokeRect(cell.adjusted(-1, -1, 1, 1), {theme.base, 1});
    painter.strokeRect(cell, {theme.accent, 2});
    return;
  }
  const double reach = 7 * uiScale();
  const QPointF centre = cell.center();
  for (const auto& [color, width] : {std::pair(QColor(Qt::black), 3.0), std::pair(QColor(Qt::white), 1.0)}) {
    painter.line(centre - QPointF(reach, 0), centre + QPointF(reach, 0), {color, width});
    painter.line(centre - QPointF(0, reach), centre + QPointF(0, reach), {color, width});
  }
}

void CompareMapView::drawBar(Painter& painter, const Theme& theme) {
  if (!levels() || m_barArea.bottom() > size().height()) return;
  const double s = uiScale(), middle = m_barArea.center().y();
  painter.text(
      {m_plots[0].left(), middle},
      painter.elided(isChange() ? tr("change") : QStringLiteral("|Q(W) − W|"), 74 * s, FontRole::Axis),
      theme.secondary, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  const bool isNarrowed = m_bar.low() > m_extent.from || m_bar.high() < m_extent.to;
  m_bar.setHandlesVisible(isNarrowed || m_bar.isDragging() ||
                          m_bar.cursorShape(m_pointer) != Qt::ArrowCursor);
  m_bar.setClipped(m_bar.low() > m_extent.from, m_bar.high() < m_extent.to);
  m_bar.draw(painter, theme);
  const double x = m_barArea.right() + 24 * s;
  const double right = m_mode == CompareMode::SideBySide ? m_plots[1].right() : m_plots[0].right();
  painter.text({right, middle}, painter.elided(captionText(), right - x, FontRole::Axis), theme.faint,
               FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
}

void CompareMapView::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_hover || m_isPanning) return;
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("row"), countText(m_hover->row), false, {}});
  rows.push_back({tr("input channel"), countText(m_hover->column), false, {}});
  const bool isKnown = m_cell.row == m_hover->row && m_cell.column == m_hover->column;
  rows.push_back({QStringLiteral("w"),
                  isKnown ? valueText(static_cast<double>(m_cell.weight)) : QStringLiteral("…"), false,
                  theme.weight});
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const CompareSide which = side == 0 ? CompareSide::A : CompareSide::B;
    const std::optional<float> q = isKnown ? m_cell.quantized[side] : std::nullopt;
    const QString error = q ? valueText(static_cast<double>(*q - m_cell.weight)) : QString(kDash);
    const QString value =
        q ? tr("%1  error %2").arg(valueText(static_cast<double>(*q)), error) : QString(kDash);
    rows.push_back({tr("Q(w) %1").arg(sideName(which)), isKnown ? value : QStringLiteral("…"), false,
                    sideColor(which, theme.isDark)});
  }
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), {}, rows);
}

}  // namespace ql
