// The painting of the overview: grid, labels, plot in network order, read-out.
#include "widgets/bridge/metric_info.h"
#include "widgets/bridge/number_format.h"
#include "widgets/panels/overview_view.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

/// A small padlock of the given height, its top left at `at`.
void drawLock(Painter& painter, QPointF at, double height, const QColor& color) {
  const double width = height * 0.8;
  painter.fillRoundedRect({at.x(), at.y() + height * 0.45, width, height * 0.55}, 1, color);
  painter.strokeRoundedRect({at.x() + width * 0.18, at.y(), width * 0.64, height * 0.8}, width * 0.3,
                            {color, 1.2});
}

}  // namespace

void OverviewView::draw(Painter& painter, const Theme& theme) {
  if (m_data.items().empty()) {
    const QString hint = m_session->model()
                             ? tr("This model has no linears in numbered blocks. The model tree lists them.")
                             : tr("No model is open.");
    painter.text({size().width() / 2, size().height() / 2}, hint, theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  drawGrid(painter, theme);
  drawLabels(painter, theme);
  if (!m_layout.bar.isNull()) m_bar.draw(painter, theme);
  if (!m_layout.plot.isNull()) drawPlot(painter, theme);
  if (m_drag == Drag::RubberBand) {
    const QRectF band = QRectF(m_dragStart, m_pointer).normalized();
    QColor fill = theme.accent;
    fill.setAlphaF(0.15f);
    painter.fillRect(band, fill);
    painter.strokeRect(band, {theme.accent});
  }
  drawReadOuts(painter, theme);
}

void OverviewView::drawGrid(Painter& painter, const Theme& theme) {
  const ClipScope clip(painter, m_layout.grid.adjusted(-2, -2, 2, 2));
  for (int row = 0; row < m_data.rows(); ++row)
    for (int block = m_layout.firstVisibleBlock(); block <= m_layout.lastVisibleBlock(); ++block)
      drawCell(painter, theme, {row, block});
}

void OverviewView::drawCell(Painter& painter, const Theme& theme, GridCell at) {
  const OverviewItem* item = m_data.worst(at.row, at.block);
  if (!item) return;
  const double gap = m_layout.cellWidth < 16 ? 0.5 : 1;
  const QRectF cell = m_layout.cell(at).adjusted(gap, gap, -gap, -gap);
  if (!item->value) {  // not measured yet: a quiet field, so that the grid's shape is there at once
    painter.fillRect(cell, theme.grid);
  } else if (!std::isfinite(*item->value)) {
    painter.fillRect(cell, theme.nan);
    painter.hatch(cell, {theme.base}, 5);
  } else {
    painter.fillRect(cell, colorOf(*item->value));
  }
  const QColor ground = item->value && std::isfinite(*item->value) ? colorOf(*item->value) : theme.grid;
  const QColor ink = contrastText(ground);
  const bool hasNumber = cell.width() >= OverviewLayout::kNumberWidth - 2 && cell.height() >= 14;
  if (hasNumber && item->value)
    painter.text({cell.right() - 6, cell.center().y()}, metricText(m_session->view().metric, item->value),
                 ink, FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
  drawCellMarks(painter, theme, cell, *item, ink);
}

void OverviewView::drawCellMarks(Painter& painter, const Theme& theme, const QRectF& cell,
                                 const OverviewItem& item, const QColor& ink) {
  const auto& members = m_data.cell(item.row, item.block);
  const auto any = [&](bool OverviewItem::*flag) {
    return std::any_of(members.begin(), members.end(),
                       [&](std::size_t i) { return m_data.items()[i].*flag; });
  };
  const double corner = std::min({7.0, cell.width() * 0.5, cell.height() * 0.5});
  if (any(&OverviewItem::isFlagged)) {
    painter.fillTriangle(cell.topLeft(), cell.topLeft() + QPointF(corner, 0),
                         cell.topLeft() + QPointF(0, corner), QColor(0xd6, 0x2a, 0x1c));
  }
  if (any(&OverviewItem::isLocked) && cell.width() >= 28)
    drawLock(painter, {cell.left() + 11, cell.center().y() - 5}, 10, ink);
  else if (any(&OverviewItem::isChanged) && cell.width() >= 20)
    painter.fillRect({cell.left(), cell.bottom() - 3, cell.width(), 3}, theme.accent);
  // Smoothing belongs to the input, so its mark stands where the input comes in.
  if (any(&OverviewItem::isSmoothed) && cell.height() >= 8)
    painter.fillRect({cell.left(), cell.top() + 8, 3, std::max(3.0, cell.height() - 11)}, theme.smoothing);
  const Selection& selection = *m_session->selection();
  const bool isSelected = std::any_of(members.begin(), members.end(), [&](std::size_t i) {
    return selection.contains(m_data.items()[i].id);
  });
  const bool isCurrent = std::any_of(members.begin(), members.end(), [&](std::size_t i) {
    return selection.current() == m_data.items()[i].id;
  });
  if (isCurrent) {
    painter.strokeRect(cell.adjusted(-1, -1, 1, 1), {theme.text, 2});
    painter.strokeRect(cell.adjusted(1, 1, -1, -1), {theme.base, 1});
  } else if (isSelected) {
    painter.strokeRect(cell.adjusted(-1, -1, 1, 1), {theme.accent, 2});
  }
  const bool isCursor = m_hasFocus && m_cursor == GridCell{item.row, item.block};
  if (isCursor && !isCurrent) painter.strokeRect(cell.adjusted(-1, -1, 1, 1), {theme.text, 1, 3, 2});
}

void OverviewView::drawLabels(Painter& painter, const Theme& theme) {
  for (int row = 0; row < m_data.rows(); ++row) {
    const QRectF cell = m_layout.cell({row, 0});
    painter.text({m_layout.grid.left() - metrics::kGap, cell.center().y()},
                 QString::fromUtf8(roleName(m_data.role(row))), theme.secondary, FontRole::Axis,
                 {TextAlign::Right, TextAlign::Middle});
  }
  const QString widest = tr("block %1").arg(m_data.blocks() - 1);
  const bool isLong = painter.textSize(widest, FontRole::Axis).width() + 8 < m_layout.cellWidth;
  const double width = painter.textSize(QString::number(m_data.blocks() - 1), FontRole::Axis).width();
  const int step = isLong ? 1 : m_layout.labelStep(width);
  for (int block = m_layout.firstVisibleBlock(); block <= m_layout.lastVisibleBlock(); ++block) {
    if (block % step != 0) continue;
    const QRectF cell = m_layout.cell({0, block});
    if (cell.center().x() < m_layout.grid.left() || cell.center().x() > m_layout.grid.right()) continue;
    painter.text({cell.center().x(), m_layout.grid.bottom() + 5},
                 isLong ? tr("block %1").arg(block) : QString::number(block), theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Top});
  }
  if (m_layout.maxScroll > 0) {  // a thin bar says that there is more
    const QRectF& grid = m_layout.grid;
    const double shown = grid.width() / (m_layout.maxScroll + grid.width());
    painter.fillRect({grid.left(), grid.bottom() + 1, grid.width(), 2}, theme.grid);
    painter.fillRect({grid.left() + m_layout.scroll * shown, grid.bottom() + 1, grid.width() * shown, 2},
                     theme.outline);
  }
}

void OverviewView::drawPlot(Painter& painter, const Theme& theme) {
  const QRectF& plot = m_layout.plot;
  const Axis axis = m_bar.axis();
  drawHorizontalGrid(painter, plot, axis, valueTicks(axis, 24), {theme.grid});
  const auto count = static_cast<double>(m_data.items().size());
  int lastBlock = -1;
  double lastLabel = -1e9;
  for (std::size_t i = 0; i < m_data.items().size(); ++i) {
    const int block = m_data.items()[i].block;
    if (block == lastBlock) continue;
    lastBlock = block;
    const double x = plot.left() + static_cast<double>(i) / count * plot.width();
    const QString label = QString::number(block);
    const double width = painter.textSize(label, FontRole::Axis).width();
    if (x - lastLabel < width + 10) continue;
    lastLabel = x;
    painter.line({x, plot.top()}, {x, plot.bottom()}, {theme.grid});
    painter.text({x + 2, plot.bottom() + 5}, label, theme.secondary, FontRole::Axis);
  }
  drawDots(painter, theme);
  if (!hasTarget()) return;
  const double y = targetY();
  const QString label =
      tr("target %1").arg(tickText(m_session->view().target * 100) + kNarrowSpace + QLatin1Char('%'));
  if (y < plot.top() || y > plot.bottom()) {
    painter.text({plot.right(), y < plot.top() ? plot.top() : plot.bottom()},
                 label + (y < plot.top() ? QStringLiteral(" ↑") : QStringLiteral(" ↓")), theme.finding,
                 FontRole::Axis, {TextAlign::Right, y < plot.top() ? TextAlign::Top : TextAlign::Bottom});
    return;
  }
  painter.line({m_layout.bar.left(), y}, {plot.right(), y}, {theme.finding, 1, 4, 3});
  painter.text({plot.right(), y - 3}, label, theme.finding, FontRole::Axis,
               {TextAlign::Right, TextAlign::Bottom});
}

void OverviewView::drawDots(Painter& painter, const Theme& theme) {
  const std::vector<OverviewItem>& items = m_data.items();
  std::vector<QPointF> line;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].value) line.push_back(dotPosition(i, *items[i].value));
  if (line.size() > 1) painter.polyline(line, {theme.outline, 1});
  const double radius = items.size() > 200 ? 2 : items.size() > 80 ? 3 : 4;
  const Selection& selection = *m_session->selection();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const OverviewItem& item = items[i];
    if (!item.value) continue;
    const QPointF at = dotPosition(i, *item.value);
    if (item.before && std::isfinite(*item.before)) {
      const QPointF was = dotPosition(i, *item.before);
      painter.line(was, at, {theme.outline});
      painter.strokeCircle(was, radius, {theme.accent, 1.2});
    }
    const bool isCurrent = selection.current() == item.id;
    painter.fillCircle(at, isCurrent ? radius + 2 : radius,
                       std::isfinite(*item.value) ? colorOf(*item.value) : theme.nan);
    painter.strokeCircle(at, isCurrent ? radius + 2 : radius,
                         {isCurrent                     ? theme.text
                          : selection.contains(item.id) ? theme.accent
                                                        : theme.outline,
                          isCurrent ? 2.0 : 1.0});
  }
}

void OverviewView::drawReadOuts(Painter& painter, const Theme& theme) {
  if (m_drag == Drag::RubberBand || m_drag == Drag::Pan) return;
  if (!m_hover) return;
  const QString name = QString::fromStdString(m_session->model()->linears[m_hover->id].name);
  std::vector<ReadOutRow> rows = readOutRows(*m_hover);
  // A low view shows the rows that matter; the box is never cut.
  const double room = size().height() - 3 * metrics::kGap;
  while (rows.size() > 3 &&
         static_cast<double>(rows.size() + 1) * (painter.lineHeight(FontRole::Mono) + 3) > room) {
    const auto least =
        std::find_if(rows.rbegin(), rows.rend(), [](const ReadOutRow& row) { return !row.isStrong; });
    if (least == rows.rend()) break;
    rows.erase(std::next(least).base());
  }
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), name, rows);
}

std::vector<ReadOutRow> OverviewView::readOutRows(const OverviewItem& item) const {
  const Linear& linear = m_session->model()->linears[item.id];
  const Choice choice = m_session->shownChoice(item.id);
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("shape"), dimensionsText(linear.out(), linear.in()), false, {}});
  rows.push_back({tr("scheme"), QString::fromStdString(weightSchemeText(choice)), false, {}});
  for (const MetricInfo& info : metricInfos()) {
    const auto value = m_session->value(item.id, info.metric, choice, false);
    if (!value) continue;
    rows.push_back(
        {info.shortName, metricText(info.metric, value), info.metric == m_session->view().metric, {}});
  }
  if (item.before)
    rows.push_back({tr("before"), metricText(m_session->view().metric, item.before), false, {}});
  const std::size_t members = m_data.cell(item.row, item.block).size();
  if (members > 1)
    rows.push_back({tr("worst of %n expert(s)", nullptr, static_cast<int>(members)), {}, false, {}});
  if (item.isFlagged) rows.push_back({tr("has a finding"), {}, false, currentTheme().finding});
  return rows;
}

}  // namespace ql
