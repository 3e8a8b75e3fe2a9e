#include "widgets/canvas/color_bar.h"

#include "widgets/bridge/number_format.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kHandle = 6;       // pixels from tip to base
constexpr double kReach = 7;        // pixels around a handle that still hit it
constexpr double kLeastGap = 0.02;  // of the extent, between the handles

}  // namespace

void ColorBar::setHistogram(std::vector<double> counts, double length) {
  m_counts = std::move(counts);
  m_countLength = length;
}

Axis ColorBar::axis() const {
  if (m_orientation == Qt::Horizontal) return {m_extent, m_bar.left(), m_bar.right()};
  return {m_extent, m_bar.bottom(), m_bar.top()};
}

void ColorBar::draw(Painter& painter, const Theme& theme) const {
  const Axis a = axis();
  const ValueRange shown{m_low, m_high, m_extent.scale, m_extent.threshold};
  const bool isHorizontal = m_orientation == Qt::Horizontal;
  const double begin = isHorizontal ? m_bar.left() : m_bar.top(),
               end = isHorizontal ? m_bar.right() : m_bar.bottom();
  const double step = 1 / painter.devicePixelRatio();
  for (double at = begin; at < end; at += step) {
    const QColor color = QColor::fromRgb(m_map->atFraction(shown.fraction(a.toValue(at + step / 2))));
    painter.fillRect(isHorizontal ? QRectF(at, m_bar.top(), step, m_bar.height())
                                  : QRectF(m_bar.left(), at, m_bar.width(), step),
                     color);
  }
  drawHistogram(painter, theme);
  if (m_hasHandles) drawHandles(painter, theme);
  const double s = uiScale();
  if (isHorizontal)
    drawBottomAxis(painter, theme, {m_extent, m_bar.left(), m_bar.right()}, m_bar.bottom() + 3 * s,
                   valueTicks(a, 32 * s), m_label, 16 * s);
  else
    drawLeftAxis(painter, theme, a, m_bar.left() - 8 * s, valueTicks(a, 22 * s), m_label);
}

void ColorBar::drawHistogram(Painter& painter, const Theme& theme) const {
  if (m_counts.empty() || m_countLength <= 0) return;
  const double most = *std::max_element(m_counts.begin(), m_counts.end());
  if (!(most > 0)) return;
  const Axis a = axis();
  const double count = static_cast<double>(m_counts.size());
  const QColor color = blend(theme.base, theme.faint, 0.75);
  for (std::size_t i = 0; i < m_counts.size(); ++i) {
    if (m_counts[i] <= 0) continue;
    const double from = a.begin + (a.end - a.begin) * static_cast<double>(i) / count;
    const double to = a.begin + (a.end - a.begin) * static_cast<double>(i + 1) / count;
    const double length = std::max(2.0, m_countLength * m_counts[i] / most);
    if (m_orientation == Qt::Horizontal)
      painter.fillRect(QRectF(from, m_bar.top() - 2 - length, to - from, length), color);
    else
      painter.fillRect(QRectF(m_bar.right() + kHandle + 8, std::min(from, to), length, std::abs(to - from)),
                       color);
  }
}

void ColorBar::drawHandles(Painter& painter, const Theme& theme) const {
  const Axis a = axis();
  const double s = kHandle * uiScale();
  for (const bool isHigh : {false, true}) {
    const double at = a.toPixel(isHigh ? m_high : m_low);
    const bool isNotched = isHigh ? m_isClippedAbove : m_isClippedBelow;
    const QColor color = isNotched ? theme.finding : theme.text;
    if (m_orientation == Qt::Horizontal) {
      painter.line({at - 0.5, m_bar.top() - 1}, {at - 0.5, m_bar.bottom() + 1}, {color, 1.5});
      painter.fillTriangle({at, m_bar.top()}, {at - s / 2, m_bar.top() - s}, {at + s / 2, m_bar.top() - s},
                           color);
    } else {
      painter.line({m_bar.left() - 2, at - 0.5}, {m_bar.right() + 2, at - 0.5}, {color, 1.5});
      painter.fillTriangle({m_bar.right() + 1, at}, {m_bar.right() + 1 + s, at - s / 2},
                           {m_bar.right() + 1 + s, at + s / 2}, color);
    }
  }
}

ColorBar::Drag ColorBar::hit(QPointF p) const {
  const bool isHorizontal = m_orientation == Qt::Horizontal;
  const QRectF around = isHorizontal ? m_bar.adjusted(-kReach, -kHandle - 4, kReach, 4)
                                     : m_bar.adjusted(-4, -kReach, kHandle + 6, kReach);
  if (!around.contains(p)) return Drag::None;
  const Axis a = axis();
  const double low = std::abs(along(p) - a.toPixel(m_low)), high = std::abs(along(p) - a.toPixel(m_high));
  if (std::min(low, high) <= kReach) return low < high ? Drag::Low : Drag::High;
  const double f = m_extent.fraction(a.toValue(along(p)));
  return f > m_extent.fraction(m_low) && f < m_extent.fraction(m_high) ? Drag::Both : Drag::None;
}

bool ColorBar::handle(const CanvasEvent& event) {
  switch (event.type) {
    case CanvasEvent::Press:
      if (event.button != Qt::LeftButton) return false;
      m_drag = hit(event.position);
      m_dragFraction = m_extent.fraction(axis().toValue(along(event.position)));
      m_dragLow = m_extent.fraction(m_low), m_dragHigh = m_extent.fraction(m_high);
      return m_drag != Drag::None;
    case CanvasEvent::Move:
      if (m_drag == Drag::None) return false;
      dragTo(event.position);
      return true;
    case CanvasEvent::Release:
      if (m_drag == Drag::None || event.button != Qt::LeftButton) return false;
      m_drag = Drag::None;
      return true;
    case CanvasEvent::DoubleClick:
      if (hit(event.position) == Drag::None) return false;
      m_drag = Drag::None;
      if (onFit) onFit();
      return true;
    default:
      return false;
  }
}

void ColorBar::dragTo(QPointF p) {
  const double moved = m_extent.fraction(axis().toValue(along(p))) - m_dragFraction;
  double low = m_dragLow, high = m_dragHigh;
  if (m_drag == Drag::Low) low = std::clamp(low + moved, 0.0, std::max(0.0, high - kLeastGap));
  if (m_drag == Drag::High) high = std::clamp(high + moved, std::min(1.0, low + kLeastGap), 1.0);
  if (m_drag == Drag::Both) {
    const double shift = std::clamp(moved, -low, 1 - high);
    low += shift, high += shift;
  }
  setRange(m_extent.valueAt(low), m_extent.valueAt(high));
  if (onRange) onRange(m_low, m_high);
}

Qt::CursorShape ColorBar::cursorShape(QPointF at) const {
  const Drag drag = m_drag != Drag::None ? m_drag : hit(at);
  if (drag == Drag::None) return Qt::ArrowCursor;
  if (drag == Drag::Both) return Qt::SizeAllCursor;
  return m_orientation == Qt::Horizontal ? Qt::SizeHorCursor : Qt::SizeVerCursor;
}

}  // namespace ql
