// How an AlphaView looks over its curves: optima, the tried alpha with its figure, the handle, the call-out.
#include "widgets/bridge/number_format.h"
#include "widgets/panels/alpha_view.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ql {

namespace {

const std::optional<double>& errorOf(const SmoothingPoint& point) {
  return point.error.together.wa;
}

const SmoothingPoint* pointAt(const SmoothingCurve* curve, double alpha) {
  if (!curve) return nullptr;
  for (const auto* points : {&curve->grid, &curve->refined})
    for (const SmoothingPoint& point : *points)
      if (std::abs(point.alpha - alpha) < 1e-9) return &point;
  return nullptr;
}

}  // namespace

void AlphaView::drawMarks(Painter& painter, const Theme& theme) {
  const double s = uiScale(), x = handlePosition().x();
  const bool isTried = m_trial.method != SmoothingTrial::Method::None;
  painter.line({x, plot().top()}, {x, plot().bottom()}, {isTried ? theme.text : theme.outline, 1});
  for (const auto& [curve, color] :
       {std::pair(m_smoothQuant.get(), theme.weight), std::pair(m_bismooth.get(), theme.smoothing)}) {
    const SmoothingPoint* best = curve ? curve->best() : nullptr;
    if (!best || !errorOf(*best) || curve->grid.size() < 2) continue;
    painter.strokeCircle({xAxis().toPixel(best->alpha), errorAxis().toPixel(*errorOf(*best))}, 6 * s,
                         {color, 2});
  }
  drawFigure(painter, theme);
}

// The figure at the tried alpha: filled when exact, half filled with its interval while it is a preview.
void AlphaView::drawFigure(Painter& painter, const Theme& theme) const {
  if (!m_figures || !errorOf(m_figures->point) || m_figures->trial.method == SmoothingTrial::Method::None)
    return;
  const double s = uiScale(), radius = 4 * s;
  const QColor color = isSmoothQuantActive() ? theme.weight : theme.smoothing;
  const QPointF at(xAxis().toPixel(m_figures->trial.alpha), errorAxis().toPixel(*errorOf(m_figures->point)));
  const auto& interval = m_figures->point.error.together.interval;
  if (!m_figures->isExact && interval) {
    const double low = errorAxis().toPixel(interval->first), high = errorAxis().toPixel(interval->second);
    painter.line({at.x(), low}, {at.x(), high}, {color, 2});
    for (const double y : {low, high}) painter.line({at.x() - 4 * s, y}, {at.x() + 5 * s, y}, {color, 2});
  }
  painter.fillCircle(at, radius + 1.5 * s, theme.base);
  if (m_figures->isExact) {
    painter.fillCircle(at, radius, color);
    return;
  }
  std::vector<QPointF> half;  // the left one
  for (int i = 0; i <= 12; ++i) {
    const double angle = std::numbers::pi * (0.5 + i / 12.0);
    half.push_back(at + QPointF(radius * std::cos(angle), radius * std::sin(angle)));
  }
  painter.fillPolygon(half, color);
  painter.strokeCircle(at, radius, {color, 1.4});
}

void AlphaView::drawHandle(Painter& painter, const Theme& theme) const {
  const double s = uiScale();
  const QPointF at = handlePosition();
  const QPointF shape[] = {at + QPointF(-6 * s, -5 * s), at + QPointF(6 * s, -5 * s),
                           at + QPointF(6 * s, 4 * s), at + QPointF(0, 9 * s), at + QPointF(-6 * s, 4 * s)};
  const bool isTried = m_trial.method != SmoothingTrial::Method::None;
  if (m_hasFocus || m_isDragging) painter.fillCircle(at + QPointF(0, 1 * s), 11 * s, theme.current);
  painter.fillPolygon(shape, isTried ? theme.accent : theme.outline);
}

void AlphaView::drawCallOut(Painter& painter, const Theme& theme) {
  struct Line {
    double alpha, error;
    QString text;
  };
  std::vector<Line> lines;
  const auto add = [&](const SmoothingCurve* curve, const QString& name) {
    const SmoothingPoint* best = curve ? curve->best() : nullptr;
    if (!best || !errorOf(*best) || curve->grid.size() < 2) return;
    lines.push_back(
        {best->alpha, *errorOf(*best),
         tr("%1 α %2: %3").arg(name, fixedText(best->alpha, 2), percentTextFine(*errorOf(*best)))});
  };
  add(m_smoothQuant.get(), tr("SmoothQuant"));
  add(m_bismooth.get(), tr("Bi-smoothing"));
  if (lines.empty()) return;
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.error < b.error; });
  const double s = uiScale(), line = painter.lineHeight(FontRole::Axis);
  lines.front().text = tr("optimum: %1").arg(lines.front().text);
  double width = 0;
  for (const Line& entry : lines)
    width = std::max(width, painter.textSize(entry.text, FontRole::AxisSemibold).width());
  const double height = static_cast<double>(lines.size()) * (line + 2 * s) + 12 * s;
  const QRectF box =
      placeBox({width + 20 * s, height}, pixelOf({lines.front().alpha, lines.front().error, {}, false}));
  painter.fillRoundedRect(box, metrics::kRadius * s, theme.base);
  painter.strokeRoundedRect(box, metrics::kRadius * s, {theme.outline, 1});
  double y = box.top() + 6 * s;
  for (const Line& entry : lines) {
    const bool isBest = &entry == &lines.front();
    painter.text({box.left() + 10 * s, y}, entry.text, isBest ? theme.text : theme.secondary,
                 isBest ? FontRole::AxisSemibold : FontRole::Axis);
    y += line + 2 * s;
  }
}

void AlphaView::drawOver(Painter& painter, const Theme& theme) {
  if (m_figures && errorOf(m_figures->point)) {
    const double r = 10 * uiScale();
    const QPointF at = pixelOf({m_figures->trial.alpha, *errorOf(m_figures->point), {}, false});
    keepFree(QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r));
  }
  drawCallOut(painter, theme);
  drawHandle(painter, theme);
  if (m_isDragging) drawDragReadOut(painter, theme);
}

void AlphaView::drawDragReadOut(Painter& painter, const Theme& theme) const {
  std::vector<ReadOutRow> rows;
  if (m_figures && errorOf(m_figures->point)) {
    const SmoothedFigures& figures = m_figures->point.error.together;
    rows.push_back({m_figures->isExact ? tr("error, exact") : tr("error, preview"),
                    percentTextFine(*figures.wa), true,
                    isSmoothQuantActive() ? theme.weight : theme.smoothing});
    if (figures.interval)
      rows.push_back(
          {tr("95 %"),
           tr("%1 to %2")
               .arg(percentTextFine(figures.interval->first), percentTextFine(figures.interval->second)),
           false,
           {}});
  } else {
    rows.push_back({tr("measuring…"), {}, false, {}});
  }
  drawReadOut(painter, theme, handlePosition() - QPointF(0, 60 * uiScale()), plot(),
              tr("alpha %1").arg(fixedText(m_trial.alpha, 2)), rows);
}

std::vector<ReadOutRow> AlphaView::extraRows(double x) const {
  std::vector<ReadOutRow> rows;
  for (const auto& [curve, name] :
       {std::pair(m_smoothQuant.get(), tr("SmoothQuant")), std::pair(m_bismooth.get(), tr("Bi-smoothing"))}) {
    const SmoothingPoint* point = pointAt(curve, x);
    if (!point) continue;
    const SmoothedFigures& figures = point->error.together;
    if (figures.w && figures.a)
      rows.push_back({tr("%1: W only, A only").arg(name),
                      tr("%1, %2").arg(percentTextFine(*figures.w), percentTextFine(*figures.a)),
                      false,
                      {}});
    if (point->clampedChannels > 0)
      rows.push_back({tr("%1: channels clamped").arg(name), countText(point->clampedChannels), false, {}});
  }
  return rows;
}

}  // namespace ql
