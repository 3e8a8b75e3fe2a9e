#include "widgets/canvas/painter.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ql {
namespace {

// Enough segments that a circle of this radius is off by less than a tenth of a pixel.
std::vector<QPointF> circlePoints(QPointF centre, double radius) {
  const int count = std::clamp(static_cast<int>(std::lround(8 + 4 * std::sqrt(radius))), 12, 64);
  std::vector<QPointF> points;
  points.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const double angle = 2 * std::numbers::pi * i / count;
    points.emplace_back(centre.x() + radius * std::cos(angle), centre.y() + radius * std::sin(angle));
  }
  return points;
}

std::vector<QPointF> roundedPoints(const QRectF& rect, double radius) {
  const double r = std::min({radius, rect.width() / 2, rect.height() / 2});
  const QPointF centres[4] = {{rect.right() - r, rect.bottom() - r},
                              {rect.left() + r, rect.bottom() - r},
                              {rect.left() + r, rect.top() + r},
                              {rect.right() - r, rect.top() + r}};
  constexpr int kSteps = 5;
  std::vector<QPointF> points;
  points.reserve(4 * (kSteps + 1));
  for (int corner = 0; corner < 4; ++corner) {
    for (int step = 0; step <= kSteps; ++step) {
      const double angle = std::numbers::pi / 2 * (corner + static_cast<double>(step) / kSteps);
      points.push_back(centres[corner] + QPointF(r * std::cos(angle), r * std::sin(angle)));
    }
  }
  return points;
}

bool isVisible(const QColor& color) {
  return color.isValid() && color.alpha() > 0;
}

}  // namespace

double Painter::snap(double logical) const {
  return std::round(logical * m_dpr) / m_dpr;
}

void Painter::line(QPointF from, QPointF to, const Stroke& stroke) {
  const bool isHorizontal = from.y() == to.y(), isVertical = from.x() == to.x();
  if (!isHorizontal && !isVertical) {
    const QPointF points[2] = {from, to};
    polyline(points, stroke);
    return;
  }
  const double width = std::max(1.0, std::round(stroke.width * m_dpr)) / m_dpr;
  const double begin = isHorizontal ? std::min(from.x(), to.x()) : std::min(from.y(), to.y());
  const double end = isHorizontal ? std::max(from.x(), to.x()) : std::max(from.y(), to.y());
  const double across = snap(isHorizontal ? from.y() : from.x());
  const auto piece = [&](double a, double b) {
    const double sa = snap(a), sb = snap(b);
    if (sb > sa && isVisible(stroke.color))
      doFillRect(isHorizontal ? QRectF(sa, across, sb - sa, width) : QRectF(across, sa, width, sb - sa),
                 stroke.color);
  };
  if (stroke.dash <= 0) return piece(begin, end);
  const double step = std::max(stroke.dash + stroke.gap, 0.5);
  for (double at = begin; at < end; at += step) piece(at, std::min(at + stroke.dash, end));
}

void Painter::polyline(std::span<const QPointF> points, const Stroke& stroke) {
  if (points.size() < 2 || !isVisible(stroke.color)) return;
  if (stroke.dash <= 0) return doPolyline(points, false, stroke.color, stroke.width);
  double left = stroke.dash;  // of the current dash or gap
  bool isDash = true;
  for (std::size_t i = 1; i < points.size(); ++i) {
    QPointF at = points[i - 1];
    for (;;) {
      const QPointF rest = points[i] - at;
      const double length = std::hypot(rest.x(), rest.y());
      if (length <= 0) break;
      const double part = std::min(length, left);
      const QPointF next = at + rest * (part / length);
      const QPointF dash[2] = {at, next};
      if (isDash) doPolyline(dash, false, stroke.color, stroke.width);
      left -= part;
      at = next;
      if (left <= 0) isDash = !isDash, left = std::max(isDash ? stroke.dash : stroke.gap, 0.25);
    }
  }
}

void Painter::fillRect(const QRectF& rect, const QColor& color) {
  const double left = snap(rect.left()), top = snap(rect.top());
  const double right = snap(rect.right()), bottom = snap(rect.bottom());
  if (right > left && bottom > top && isVisible(color))
    doFillRect(QRectF(left, top, right - left, bottom - top), color);
}

void Painter::strokeRect(const QRectF& rect, const Stroke& stroke) {
  const double width = std::max(1.0, std::round(stroke.width * m_dpr)) / m_dpr;
  const double left = snap(rect.left()), top = snap(rect.top());
  const double right = snap(rect.right()) - width, bottom = snap(rect.bottom()) - width;
  if (right < left || bottom < top) return;
  line({left, top}, {right + width, top}, stroke);
  line({left, bottom}, {right + width, bottom}, stroke);
  line({left, top + width}, {left, bottom}, stroke);
  line({right, top + width}, {right, bottom}, stroke);
}

void Painter::fillRoundedRect(const QRectF& rect, double radius, const QColor& color) {
  fillPolygon(roundedPoints(rect, radius), color);
}

void Painter::strokeRoundedRect(const QRectF& rect, double radius, const Stroke& stroke) {
  const double half = stroke.width / 2;
  const auto points = roundedPoints(rect.adjusted(half, half, -half, -half), radius);
  if (isVisible(stroke.color)) doPolyline(points, true, stroke.color, stroke.width);
}

void Painter::fillPolygon(std::span<const QPointF> points, const QColor& color) {
  if (points.size() >= 3 && isVisible(color)) doFillPolygon(points, color);
}

void Painter::fillTriangle(QPointF a, QPointF b, QPointF c, const QColor& color) {
  const QPointF points[3] = {a, b, c};
  fillPolygon(points, color);
}

void Painter::fillCircle(QPointF centre, double radius, const QColor& color) {
  fillPolygon(circlePoints(centre, radius), color);
}

void Painter::strokeCircle(QPointF centre, double radius, const Stroke& stroke) {
  if (isVisible(stroke.color)) doPolyline(circlePoints(centre, radius), true, stroke.color, stroke.width);
}

void Painter::hatch(const QRectF& rect, const Stroke& stroke, double distance) {
  const ClipScope clip(*this, rect);
  for (double x = rect.left() - rect.height(); x < rect.right(); x += std::max(distance, 1.0))
    line({x, rect.bottom()}, {x + rect.height(), rect.top()}, stroke);
}

void Painter::text(QPointF at, const QString& text, const QColor& color, FontRole role, TextAlign align) {
  if (text.isEmpty() || !isVisible(color)) return;
  const QSizeF size = textSize(text, role);
  QPointF topLeft = at;
  if (align.horizontal == TextAlign::Center) topLeft.rx() -= size.width() / 2;
  if (align.horizontal == TextAlign::Right) topLeft.rx() -= size.width();
  switch (align.vertical) {
    case TextAlign::Top:
      break;
    case TextAlign::Middle:
      topLeft.ry() -= size.height() / 2;
      break;
    case TextAlign::Baseline:
      topLeft.ry() -= ascent(role);
      break;
    case TextAlign::Bottom:
      topLeft.ry() -= size.height();
      break;
  }
  doText(topLeft, at, align.isVertical, text, color, role);
}

QString Painter::elided(const QString& text, double width, FontRole role) const {
  if (textSize(text, role).width() <= width) return text;
  const QChar ellipsis(0x2026);
  qsizetype low = 0, high = text.size();
  while (low < high) {
    const qsizetype middle = (low + high + 1) / 2;
    if (textSize(text.left(middle) + ellipsis, role).width() <= width)
      low = middle;
    else
      high = middle - 1;
  }
  return low == 0 ? QString() : text.left(low).trimmed() + ellipsis;
}

void Painter::image(const QRectF& target, const QImage& image) {
  if (image.isNull() || target.isEmpty()) return;
  doImage(target, image);
}

void Painter::pushClip(const QRectF& rect) {
  m_clips.push_back(m_clips.empty() ? rect : m_clips.back().intersected(rect));
  doSetClip(m_clips.back());
}

void Painter::popClip() {
  m_clips.pop_back();
  doSetClip(m_clips.empty() ? QRectF(0, 0, -1, -1) : m_clips.back());
}

}  // namespace ql
