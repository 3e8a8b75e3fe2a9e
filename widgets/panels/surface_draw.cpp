// How the surface is painted: walls with lines of equal value behind it, the mesh as one image, axes in
// front.
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/surface_view.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ql {

namespace {

constexpr double kTop = SurfaceProjection::kHeight;

QPointF unit(QPointF v) {
  const double length = std::hypot(v.x(), v.y());
  return length > 0 ? v / length : QPointF(0, 1);
}

/// Half of each 2 x 2 pixels: an image drawn at twice the resolution becomes smooth.
QImage halved(const QImage& image) {
  QImage half(image.width() / 2, image.height() / 2, QImage::Format_ARGB32_Premultiplied);
  for (int y = 0; y < half.height(); ++y) {
    const auto* a = reinterpret_cast<const QRgb*>(image.constScanLine(2 * y));
    const auto* b = reinterpret_cast<const QRgb*>(image.constScanLine(2 * y + 1));
    auto* out = reinterpret_cast<QRgb*>(half.scanLine(y));
    for (int x = 0; x < half.width(); ++x) {
      // two channels at a time: sums of four bytes fit 16 bits
      const QRgb p[4] = {a[2 * x], a[2 * x + 1], b[2 * x], b[2 * x + 1]};
      std::uint32_t even = 0x00020002u, odd = 0x00020002u;
      for (const QRgb pixel : p) even += pixel & 0x00ff00ffu, odd += (pixel >> 8) & 0x00ff00ffu;
      out[x] = ((even >> 2) & 0x00ff00ffu) | (((odd >> 2) & 0x00ff00ffu) << 8);
    }
  }
  return half;
}

/// The walls behind the surface: x = wallX and y = wallY.
struct Walls {
  double x, y;
};
Walls wallsOf(const SurfaceProjection& box) {
  return {box.eye().x() > 0 ? -0.5 : 0.5, box.eye().y() > 0 ? -box.depth() / 2 : box.depth() / 2};
}

}  // namespace

QRectF SurfaceView::plotArea() const {
  const double s = uiScale();
  const double top = 24 * s, right = size().width() > 300 * s ? 64 * s : 8 * s;
  // whole pixels, so that the image is not shifted against them
  return QRectF(8 * s, top, std::max(16.0, std::floor(size().width() - right - 8 * s)),
                std::max(16.0, std::floor(size().height() - top - 8 * s)));
}

QRectF SurfaceView::boxArea() const {
  const double s = uiScale();
  return plotArea().adjusted(24 * s, 8 * s, -24 * s, -22 * s);
}

SurfaceProjection SurfaceView::projection() const {
  return {m_camera, boxArea(), m_grid ? surfaceDepth(*m_grid) : 1};
}

QPointF SurfaceView::vertex(const SurfaceProjection& box, double row, double column) const {
  const auto r = std::clamp(static_cast<int>(std::lround(row)), 0, m_grid->rows - 1);
  const auto c = std::clamp(static_cast<int>(std::lround(column)), 0, m_grid->columns - 1);
  const double value = static_cast<double>(m_grid->values[m_grid->index(r, c)]);
  const double t = std::clamp(range().fraction(value), 0.0, 1.0);
  return box.toScreen(surfaceX(*m_grid, column), surfaceY(*m_grid, row, box.depth()), t * kTop);
}

void SurfaceView::draw(Painter& painter, const Theme& theme) {
  if (!m_hasTarget)
    return drawHint(painter, theme, tr("Click a cell of the overview to see its weights here"));
  if (!m_problem.isEmpty()) return drawHint(painter, theme, m_problem);
  if (!m_grid) {
    emit shown();
    return drawHint(painter, theme, tr("Measuring…"));
  }
  if (m_grid->rows < 2 || m_grid->columns < 2)
    return drawHint(painter, theme, tr("A surface needs at least two rows and two columns."));
  const SurfaceProjection box = projection();
  {
    const ClipScope clip(painter, QRectF(0, plotArea().top(), size().width(), plotArea().height()));
    drawBox(painter, theme, box);
    drawMesh(painter, box);
    drawPins(painter, theme, box);
    drawAxes(painter, theme, box);
    drawValueAxis(painter, theme, box);
  }
  const double s = uiScale();
  const QString caption =
      m_grid->cellRows * m_grid->cellColumns == 1
          ? tr("%1 of every element").arg(m_labels.quantity)
          : tr("largest %1 of %2 × %3 elements a cell")
                .arg(m_labels.quantity, countText(m_grid->cellRows), countText(m_grid->cellColumns));
  painter.text({12 * s, 8 * s}, painter.elided(caption, size().width() - 24 * s, FontRole::Axis),
               theme.secondary, FontRole::Axis);
  drawBar(painter, theme);
  drawHover(painter, theme, box);
}

void SurfaceView::drawHint(Painter& painter, const Theme& theme, const QString& text) const {
  painter.text({size().width() / 2, size().height() / 2},
               painter.elided(text, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
               {TextAlign::Center, TextAlign::Middle});
}

void SurfaceView::drawBox(Painter& painter, const Theme& theme, const SurfaceProjection& box) const {
  const Walls walls = wallsOf(box);
  const double half = box.depth() / 2;
  const auto polygon = [&](std::array<std::array<double, 3>, 4> corners, double opacity) {
    std::array<QPointF, 4> points;
    for (std::size_t i = 0; i < 4; ++i) points[i] = box.toScreen(corners[i][0], corners[i][1], corners[i][2]);
    painter.fillPolygon(points, blend(theme.base, theme.grid, opacity));
  };
  polygon({{{-0.5, -half, 0}, {0.5, -half, 0}, {0.5, half, 0}, {-0.5, half, 0}}}, 0.55);
  polygon({{{-0.5, walls.y, 0}, {0.5, walls.y, 0}, {0.5, walls.y, kTop}, {-0.5, walls.y, kTop}}}, 0.3);
  polygon({{{walls.x, -half, 0}, {walls.x, half, 0}, {walls.x, half, kTop}, {walls.x, -half, kTop}}}, 0.4);
  const ValueRange values = range();
  for (const double tick : valueTicks({values, 0, 160 * m_camera.zoom * uiScale()}, 26 * uiScale())) {
    const double z = values.fraction(tick) * kTop;
    painter.line(box.toScreen(-0.5, walls.y, z), box.toScreen(0.5, walls.y, z), {theme.outline});
    painter.line(box.toScreen(walls.x, -half, z), box.toScreen(walls.x, half, z), {theme.outline});
  }
  painter.line(box.toScreen(walls.x, walls.y, 0), box.toScreen(walls.x, walls.y, kTop), {theme.outline});
}

void SurfaceView::drawMesh(Painter& painter, const SurfaceProjection& box) {
  const QRectF area = plotArea();
  const double ratio = painter.devicePixelRatio();
  const bool isSmooth = !m_still.isActive() && ratio < 2;
  const Drawn wanted{m_grid.get(), m_camera, range(), area.size(), ratio, isSmooth};
  if (wanted != m_drawn) {
    // the box is where the canvas has it; the image begins at the plot's corner
    SurfaceCamera camera = m_camera;
    camera.pan -= area.topLeft();
    const SurfaceProjection shifted(camera, boxArea(), box.depth());
    drawSurface(*m_grid, shifted, wanted.range, area.size(), isSmooth ? 2 * ratio : ratio, m_picture);
    m_shown = isSmooth ? halved(m_picture.image) : m_picture.image.copy();
    m_drawn = wanted;
  }
  painter.image(QRectF(area.topLeft(), QSizeF(m_shown.size()) / ratio), m_shown);
}

void SurfaceView::drawAxes(Painter& painter, const Theme& theme, const SurfaceProjection& box) const {
  const double s = uiScale(), half = box.depth() / 2;
  const Walls walls = wallsOf(box);
  const QPointF middle = box.toScreen(0, 0, 0);
  const auto edge = [&](bool isColumns, std::int64_t count, std::int64_t cell, const QString& title) {
    const auto at = [&](double element) {
      const double index = (element + 0.5) / static_cast<double>(cell) - 0.5;
      return isColumns
                 ? box.toScreen(std::clamp(surfaceX(*m_grid, index), -0.5, 0.5), -walls.y, 0)
                 : box.toScreen(-walls.x, std::clamp(surfaceY(*m_grid, index, box.depth()), -half, half), 0);
    };
    const QPointF from = at(0), to = at(static_cast<double>(count - 1));
    const QPointF out = unit((from + to) / 2 - middle);
    painter.line(from, to, {theme.secondary});
    const double length = std::hypot(to.x() - from.x(), to.y() - from.y());
    const Axis axis{{0, static_cast<double>(count)}, 0, length};
    for (const double tick : indexTicks(axis, 44 * s)) {
      if (tick >= static_cast<double>(count)) continue;
      painter.line(at(tick), at(tick) + out * 4 * s, {theme.secondary});
      painter.text(at(tick) + out * 13 * s, tickText(tick), theme.secondary, FontRole::Axis,
                   {TextAlign::Center, TextAlign::Middle});
    }
    painter.text((from + to) / 2 + out * 31 * s, title, theme.secondary, FontRole::Axis,
                 {out.x() > 0.5    ? TextAlign::Left
                  : out.x() < -0.5 ? TextAlign::Right
                                   : TextAlign::Center,
                  TextAlign::Middle});
  };
  edge(true, m_grid->in, m_grid->cellColumns, tr("input channel"));
  edge(false, m_grid->out, m_grid->cellRows, m_labels.isTokens ? tr("token") : tr("output channel"));
}

void SurfaceView::drawValueAxis(Painter& painter, const Theme& theme, const SurfaceProjection& box) const {
  const double s = uiScale(), half = box.depth() / 2;
  std::pair<double, double> corner{-0.5, -half};  // the one furthest left on the screen
  for (const auto& [x, y] : {std::pair(-0.5, half), std::pair(0.5, -half), std::pair(0.5, half)})
    if (box.toScreen(x, y, 0).x() < box.toScreen(corner.first, corner.second, 0).x()) corner = {x, y};
  const auto at = [&](double t) { return box.toScreen(corner.first, corner.second, t * kTop); };
  const double length = std::hypot(at(1).x() - at(0).x(), at(1).y() - at(0).y());
  if (length < 30 * s) return;  // seen from above
  painter.line(at(0), at(1), {theme.secondary});
  const ValueRange values = range();
  for (const double tick : valueTicks({values, 0, length}, 26 * s)) {
    const QPointF place = at(values.fraction(tick));
    painter.line(place, place - QPointF(4 * s, 0), {theme.secondary});
    painter.text(place - QPointF(7 * s, 0), tickText(tick), theme.secondary, FontRole::Axis,
                 {TextAlign::Right, TextAlign::Middle});
  }
  painter.text(at(1) - QPointF(0, 12 * s), m_labels.quantity, theme.secondary, FontRole::Axis,
               {TextAlign::Center, TextAlign::Middle});
}

void SurfaceView::drawPins(Painter& painter, const Theme& theme, const SurfaceProjection& box) const {
  const double s = uiScale();
  const QPointF middle = box.toScreen(0, 0, 0);
  const auto label = [&](QPointF at, const QString& text) {
    painter.text(at + unit(at - middle) * 13 * s, text, theme.accent, FontRole::AxisSemibold,
                 {TextAlign::Center, TextAlign::Middle});
  };
  std::vector<QPointF> ridge;
  if (m_pinnedColumn && *m_pinnedColumn >= 0 && *m_pinnedColumn < m_grid->in) {
    const auto column = static_cast<double>(*m_pinnedColumn / m_grid->cellColumns);
    for (int row = 0; row < m_grid->rows; ++row) ridge.push_back(vertex(box, row, column));
    painter.polyline(ridge, {theme.accent, 1.75});
    label(box.toScreen(surfaceX(*m_grid, column), -wallsOf(box).y, 0), countText(*m_pinnedColumn));
  }
  ridge.clear();
  if (m_pinnedRow && *m_pinnedRow >= 0 && *m_pinnedRow < m_grid->out) {
    const auto row = static_cast<double>(*m_pinnedRow / m_grid->cellRows);
    for (int column = 0; column < m_grid->columns; ++column) ridge.push_back(vertex(box, row, column));
    painter.polyline(ridge, {theme.accent, 1.75});
    label(box.toScreen(-wallsOf(box).x, surfaceY(*m_grid, row, box.depth()), 0), countText(*m_pinnedRow));
  }
}

void SurfaceView::drawBar(Painter& painter, const Theme& theme) {
  const double s = uiScale();
  const QRectF area = plotArea();
  if (size().width() <= 300 * s || area.height() < 120 * s) return;
  const double height = std::min(180 * s, area.height() * 0.6);
  const ValueRange values = range();
  m_bar.setExtent(values);
  m_bar.setRange(values.from, values.to);
  m_bar.setTickLabel(tickText);
  m_bar.setGeometry(QRectF(size().width() - 20 * s, area.top() + 18 * s, 10 * s, height), Qt::Vertical);
  m_bar.draw(painter, theme);
  painter.text({size().width() - 10 * s, area.top() + 8 * s}, m_labels.quantity, theme.secondary,
               FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
}

void SurfaceView::drawHover(Painter& painter, const Theme& theme, const SurfaceProjection& box) const {
  if (!m_hover || m_drag == Drag::Turn || m_drag == Drag::Pan) return;
  const auto [row, column] = *m_hover;
  const QPointF top = vertex(box, row, column);
  const QPointF foot = box.toScreen(surfaceX(*m_grid, column), surfaceY(*m_grid, row, box.depth()), 0);
  painter.line(top, foot, {theme.text, 1, 3, 3});
  painter.fillCircle(top, 3.5, theme.accent);
  painter.strokeCircle(top, 4.5, {theme.base, 1.5});
  const std::size_t cell = m_grid->index(row, column);
  const bool isFinite = m_grid->nonFinite.empty() || m_grid->nonFinite[cell] == 0;
  const auto [columnBegin, columnEnd] = m_grid->columnRange(column);
  const QString channels =
      columnEnd - columnBegin == 1
          ? countText(columnBegin)
          : QStringLiteral("%1–%2").arg(countText(columnBegin), countText(columnEnd - 1));
  std::vector<ReadOutRow> rows{
      {tr("input channel"), channels},
      {m_labels.quantity, valueText(static_cast<double>(m_grid->values[cell])), true}};
  if (!isFinite) rows.push_back({tr("holds NaN or infinite values")});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), rowText(row), rows);
}

}  // namespace ql
