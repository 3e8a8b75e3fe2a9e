#pragma once
// Shapes cut to a rectangle, for devices that do not clip (QSvgGenerator of Qt 6.4).
#include <QPointF>
#include <QRectF>

#include <span>
#include <vector>

namespace ql {

/// The parts of a polyline inside the rectangle (Liang and Barsky 1984), in order.
std::vector<std::vector<QPointF>> clippedPolyline(std::span<const QPointF> points, bool isClosed,
                                                  const QRectF& clip);
/// A convex polygon inside the rectangle (Sutherland and Hodgman 1974); empty when nothing is left.
std::vector<QPointF> clippedPolygon(std::span<const QPointF> points, const QRectF& clip);

}  // namespace ql
