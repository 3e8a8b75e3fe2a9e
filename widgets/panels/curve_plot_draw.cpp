// How a CurvePlot looks.
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/role_fonts.h"
#include "widgets/panels/curve_plot.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kSwatch = 16;  // length of a line in the legend, for each colour
const Stroke kPinStrokes[] = {{{}, 1.3, 5, 3}, {{}, 1.3, 2, 3}, {{}, 1.3, 9, 3}, {{}, 1.3, 1, 2}};

double swatchWidth(std::size_t colors) {
  return kSwatch * uiScale() * static_cast<double>(std::max<std::size_t>(1, colors));
}

QColor faint(const Theme& theme, const QColor& color) {
  return blend(theme.base, color, 0.6);
}

}  // namespace

void CurvePlot::draw(Painter& painter, const Theme& theme) {
  m_offScaleBox = {};
  m_placed.clear();
  if (m_curves.empty()) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(m_hint, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Bottom});
    return;
  }
  layOut();
  collectInk();
  drawAxes(painter, theme);
  {
    const ClipScope clip(painter, m_plot.adjusted(-6, -1, 6, 1));
    drawPins(painter, theme);
    for (const PlotCurve& curve : m_curves)
      if (!curve.isActive) drawCurve(painter, theme, curve);
    for (const PlotCurve& curve : m_curves)
      if (curve.isActive) drawCurve(painter, theme, curve);
    drawMarks(painter, theme);
  }
  drawLegend(painter, theme);
  drawReferences(painter, theme);
  drawOver(painter, theme);
  drawHover(painter, theme);
}

void CurvePlot::drawAxes(Painter& painter, const Theme& theme) {
  const double s = uiScale();
  const std::vector<double> ticks = valueTicks(m_y, 40 * s);
  const double step = ticks.size() > 1 ? ticks[1] - ticks[0] : 0;
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  drawVerticalGrid(painter, m_plot, m_x, xTicks(), {theme.grid});
  painter.line(m_plot.bottomLeft(), m_plot.bottomRight(), {theme.outline});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 8 * s, ticks,
               [&](double v) { return errorTickText(v, m_isLog ? v : step); });
  const double below = m_plot.bottom() + 5 * s + axisRoom();
  drawBottomAxis(
      painter, theme, m_x, below, xTicks(), [this](double x) { return xTickText(x); }, 12 * s);
  painter.text({m_plot.center().x(), below + painter.lineHeight(FontRole::Axis) + 1 * s}, xTitle(),
               theme.secondary, FontRole::Axis, {TextAlign::Center, TextAlign::Top});
}

void CurvePlot::drawCurve(Painter& painter, const Theme& theme, const PlotCurve& curve) const {
  const double s = uiScale();
  std::vector<QPointF> points;
  points.reserve(curve.points.size());
  for (const CurvePoint& point : curve.points)
    if (std::isfinite(point.y)) points.push_back(pixelOf(point));
  const QColor color = theme.*curve.color;
  painter.polyline(points, {color, curve.isActive ? 2.0 : 1.5});
  for (const CurvePoint& point : curve.points)
    if (std::isfinite(point.y)) painter.fillCircle(pixelOf(point), (point.isMinor ? 1.4 : 2.3) * s, color);
}

void CurvePlot::drawPins(Painter& painter, const Theme& theme) const {
  std::size_t at = 0;
  for (const Pin& pin : pins()) {
    for (const PlotCurve& curve : pin.curves) {
      std::vector<QPointF> points;
      for (const CurvePoint& point : curve.points)
        if (std::isfinite(point.y)) points.push_back(pixelOf(point));
      Stroke stroke = kPinStrokes[at % std::size(kPinStrokes)];
      stroke.color = faint(theme, theme.*curve.color);
      painter.polyline(points, stroke);
    }
    ++at;
  }
}

// ---- Legend

std::vector<CurvePlot::LegendEntry> CurvePlot::legend() const {
  std::vector<LegendEntry> entries;
  for (const PlotCurve& curve : m_curves)
    entries.push_back({curve.label, {curve.color}, {{}, curve.isActive ? 2.0 : 1.5}, true});
  std::size_t at = 0;
  for (const Pin& pin : pins()) {
    LegendEntry entry{tr("pinned: %1").arg(pin.label), {}, kPinStrokes[at++ % std::size(kPinStrokes)], false};
    for (const PlotCurve& curve : pin.curves) entry.colors.push_back(curve.color);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::vector<CurvePlot::LegendEntry>> CurvePlot::legendLines(double width) const {
  const double s = uiScale();
  const QFontMetricsF& font = RoleFonts::current()->metrics(FontRole::Axis);
  std::vector<std::vector<LegendEntry>> lines(1);
  double x = 0;
  for (LegendEntry& entry : legend()) {
    const double needed = swatchWidth(entry.colors.size()) + 6 * s + font.horizontalAdvance(entry.text);
    if (x > 0 && x + needed > width) {
      lines.emplace_back();
      x = 0;
    }
    x += needed + 20 * s;
    lines.back().push_back(std::move(entry));
  }
  return lines;
}

void CurvePlot::drawLegend(Painter& painter, const Theme& theme) const {
  const double s = uiScale(), line = painter.lineHeight(FontRole::Axis);
  double y = 6 * s + line / 2;
  if (!m_caption.isEmpty()) {
    const double left = 8 * s;
    painter.text({left, y}, painter.elided(m_caption, size().width() - 2 * left, FontRole::Axis),
                 theme.secondary, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
    y += line + 4 * s;
  }
  for (const auto& entries : legendLines(m_plot.width())) {
    double x = m_plot.left();
    for (const LegendEntry& entry : entries) {
      const double swatch = swatchWidth(entry.colors.size()), part = swatchWidth(1);
      for (std::size_t i = 0; i < entry.colors.size(); ++i) {
        Stroke stroke = entry.stroke;
        stroke.color = entry.hasDot ? theme.*entry.colors[i] : faint(theme, theme.*entry.colors[i]);
        stroke.width = 2;
        const double from = x + static_cast<double>(i) * part;
        painter.line({from, y}, {from + part, y}, stroke);
        if (entry.hasDot) painter.fillCircle({from + part / 2, y + 1}, 3 * s, stroke.color);
      }
      const QString text = painter.elided(entry.text, m_plot.right() - x - swatch - 6 * s, FontRole::Axis);
      painter.text({x + swatch + 6 * s, y}, text, theme.text, FontRole::Axis,
                   {TextAlign::Left, TextAlign::Middle});
      x += swatch + 26 * s + painter.textSize(text, FontRole::Axis).width();
    }
    y += line + 4 * s;
  }
}

// ---- Boxes beside the curves

void CurvePlot::collectInk() {
  m_ink.clear();
  for (const PlotCurve& curve : m_curves)
    for (std::size_t i = 1; i < curve.points.size(); ++i) {
      const QPointF a = pixelOf(curve.points[i - 1]), b = pixelOf(curve.points[i]);
      const int steps = std::clamp(static_cast<int>(std::hypot(b.x() - a.x(), b.y() - a.y()) / 5), 1, 200);
      for (int k = 0; k <= steps; ++k) m_ink.push_back(a + (b - a) * (static_cast<double>(k) / steps));
    }
}

double CurvePlot::inkIn(const QRectF& box) const {
  const QRectF around = box.adjusted(-4, -4, 4, 4);
  double cost = 0;
  for (const QPointF& point : m_ink) cost += around.contains(point) ? 1 : 0;
  for (const QRectF& placed : m_placed) cost += around.intersects(placed) ? 1000 : 0;
  return cost;
}

QRectF CurvePlot::placeBox(QSizeF box, QPointF anchor) {
  const double s = uiScale();
  const QRectF inside = m_plot.adjusted(4, 4, -4, -4);
  QRectF best;
  double least = HUGE_VAL;
  const double step = 14 * s, gap = 14 * s;
  for (double top = inside.bottom() - box.height(); top >= inside.top(); top -= step)
    for (double left = inside.right() - box.width(); left >= inside.left(); left -= step) {
      const QRectF place(QPointF(left, top), box);
      if (place.adjusted(-gap, -gap, gap, gap).contains(anchor)) continue;
      const QPointF off(anchor.x() - std::clamp(anchor.x(), place.left(), place.right()),
                        anchor.y() - std::clamp(anchor.y(), place.top(), place.bottom()));
      const double near = std::hypot(off.x(), off.y()) / (20 * s);  // near, unless something would be hidden
      if (near >= least) continue;
      const double cost = inkIn(place) + near;
      if (cost < least) least = cost, best = place;
    }
  if (best.isNull()) {
    const double x =
        std::clamp(anchor.x() + 14 * s, inside.left(), std::max(inside.left(), inside.right() - box.width()));
    best = QRectF(QPointF(x, std::max(inside.top(), inside.bottom() - box.height())), box);
  }
  m_placed.push_back(best);
  return best;
}

// ---- References

void CurvePlot::drawReferences(Painter& painter, const Theme& theme) {
  const double s = uiScale(), least = best();
  for (const PlotReference& reference : m_references) {
    if (!std::isfinite(reference.y)) continue;
    if (!m_y.range.contains(reference.y)) {
      drawOffScale(painter, theme, reference, least);
      continue;
    }
    const double y = m_y.toPixel(reference.y);
    const QColor color = reference.y > least ? theme.finding : theme.secondary;
    painter.line({m_plot.left(), y}, {m_plot.right(), y}, {color, 1, 5, 4});
    const QString text = tr("%1 %2").arg(reference.label, percentText(reference.y));
    const QSizeF extent = painter.textSize(text, FontRole::Axis);
    const bool isAbove = y - extent.height() - 3 * s > m_plot.top();
    const QRectF box(
        {m_plot.right() - extent.width() - 6 * s, isAbove ? y - extent.height() - 2 * s : y + 2 * s}, extent);
    QColor ground = theme.base;
    ground.setAlpha(215);
    painter.fillRect(box.adjusted(-3, 0, 3, 0), ground);
    painter.text(box.topLeft(), text, color, FontRole::Axis);
    m_placed.push_back(box);
  }
}

void CurvePlot::drawOffScale(Painter& painter, const Theme& theme, const PlotReference& reference,
                             double best) {
  const double s = uiScale(), line = painter.lineHeight(FontRole::Axis);
  const bool isAbove = reference.y > m_y.range.to;
  const QString value = percentText(reference.y), key = tr("F: fit all");
  const QString where = isAbove ? tr("above this range") : tr("below this range");
  const double left = std::max(painter.textSize(reference.label, FontRole::Axis).width(),
                               painter.textSize(where, FontRole::Axis).width());
  const double right = std::max(painter.textSize(value, FontRole::AxisSemibold).width(),
                                painter.textSize(key, FontRole::Axis).width());
  const QSizeF extent(left + right + 56 * s, 2 * line + 14 * s);
  const double y = isAbove ? m_plot.top() + 10 * s : m_plot.bottom() - extent.height() - 10 * s;
  QRectF box;
  double least = HUGE_VAL;
  for (const double share : {1.0, 0.75, 0.5, 0.25, 0.0}) {
    const double room = std::max(0.0, m_plot.width() - extent.width() - 20 * s);
    const QRectF place({m_plot.left() + 10 * s + share * room, y}, extent);
    const double cost = inkIn(place);
    if (cost < least) least = cost, box = place;
  }
  const QColor color = reference.y > best ? theme.finding : theme.good;
  painter.fillRoundedRect(box, metrics::kRadius * s, theme.base);
  painter.strokeRoundedRect(box, metrics::kRadius * s, {theme.outline, 1});
  const double first = box.top() + 6 * s, second = first + line + 2 * s;
  const QPointF mark(box.left() + 14 * s, first + line / 2);
  const double half = 5 * s, tip = isAbove ? -4 * s : 4 * s;
  painter.fillTriangle(mark + QPointF(0, tip), mark + QPointF(half, -tip), mark + QPointF(-half, -tip),
                       color);
  painter.text({box.left() + 26 * s, first}, reference.label, theme.text, FontRole::Axis);
  painter.text({box.right() - 10 * s, first}, value, color, FontRole::AxisSemibold, {TextAlign::Right});
  painter.text({box.left() + 26 * s, second}, where, theme.secondary, FontRole::Axis);
  painter.text({box.right() - 10 * s, second}, key, theme.secondary, FontRole::Axis, {TextAlign::Right});
  m_placed.push_back(box);
  m_offScaleBox = box;
}

// ---- Read-out

void CurvePlot::drawHover(Painter& painter, const Theme& theme) {
  if (!m_plot.contains(m_pointer) || m_panFrom || !hasReadOut() || m_offScaleBox.contains(m_pointer)) return;
  const std::optional<double> x = nearestX(m_pointer.x());
  if (!x) return;
  const double s = uiScale();
  std::vector<ReadOutRow> rows;
  const auto pointAt = [&](const PlotCurve& curve) -> const CurvePoint* {
    for (const CurvePoint& point : curve.points)
      if (std::abs(point.x - *x) < 1e-9) return &point;
    return nullptr;
  };
  for (const PlotCurve& curve : m_curves) {
    const CurvePoint* point = pointAt(curve);
    if (!point) continue;
    const QColor color = theme.*curve.color;
    painter.fillCircle(pixelOf(*point), 4.5 * s, theme.base);
    painter.strokeCircle(pixelOf(*point), 4.5 * s, {color, 2});
    rows.push_back({curve.shortLabel, percentTextFine(point->y), curve.isActive, color});
    if (point->interval)
      rows.push_back(
          {tr("95 %, other tokens"),
           tr("%1 to %2")
               .arg(percentTextFine(point->interval->first), percentTextFine(point->interval->second)),
           false,
           {}});
  }
  for (const Pin& pin : pins())
    for (const PlotCurve& curve : pin.curves)
      if (const CurvePoint* point = pointAt(curve))
        rows.push_back(
            {painter.elided(tr("%1, %2").arg(curve.shortLabel, pin.label), 190 * s, FontRole::Mono),
             percentTextFine(point->y), false, faint(theme, theme.*curve.color)});
  for (ReadOutRow& row : extraRows(*x)) rows.push_back(std::move(row));
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), xText(*x), rows);
}

}  // namespace ql
