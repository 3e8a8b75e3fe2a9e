#include "widgets/canvas/clip_shapes.h"

#include <algorithm>
#include <utility>

namespace ql {

namespace {

/// Cuts the segment to the rectangle; false when nothing is inside.
bool clipSegment(QPointF& from, QPointF& to, const QRectF& clip) {
  const QPointF step = to - from;
  const double moves[4] = {-step.x(), step.x(), -step.y(), step.y()};
  const double room[4] = {from.x() - clip.left(), clip.right() - from.x(), from.y() - clip.top(),
                          clip.bottom() - from.y()};
  double begin = 0, end = 1;
  for (int side = 0; side < 4; ++side) {
    if (moves[side] == 0) {
      if (room[side] < 0) return false;
      continue;
    }
    const double at = room[side] / moves[side];
    if (moves[side] < 0)
      begin = std::max(begin, at);
    else
      end = std::min(end, at);
  }
  if (!(begin <= end)) return false;
  to = from + step * end;
  from += step * begin;
  return true;
}

/// What of a polygon lies on one side of a line; `distance` is negative outside.
template <class Distance>
std::vector<QPointF> keptHalf(const std::vector<QPointF>& points, const Distance& distance) {
  std::vector<QPointF> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const QPointF a = points[i], b = points[(i + 1) % points.size()];
    const double da = distance(a), db = distance(b);
    if (da >= 0) kept.push_back(a);
    if ((da >= 0) != (db >= 0)) kept.push_back(a + (b - a) * (da / (da - db)));
  }
  return kept;
}

}  // namespace

std::vector<std::vector<QPointF>> clippedPolyline(std::span<const QPointF> points, bool isClosed,
                                                  const QRectF& clip) {
  std::vector<std::vector<QPointF>> parts;
  const std::size_t segments = points.size() < 2 ? 0 : points.size() - (isClosed ? 0 : 1);
  bool isOpen = false;  // the last part ends where the next segment begins
  for (std::size_t i = 0; i < segments; ++i) {
    QPointF from = points[i], to = points[(i + 1) % points.size()];
    const QPointF end = to;
    if (!clipSegment(from, to, clip)) {
      isOpen = false;
      continue;
    }
    if (!isOpen || parts.back().back() != from) parts.push_back({from});
    parts.back().push_back(to);
    isOpen = to == end;
  }
  return parts;
}

std::vector<QPointF> clippedPolygon(std::span<const QPointF> points, const QRectF& clip) {
  std::vector<QPointF> left(points.begin(), points.end());
  left = keptHalf(left, [&](QPointF p) { return p.x() - clip.left(); });
  left = keptHalf(left, [&](QPointF p) { return clip.right() - p.x(); });
  left = keptHalf(left, [&](QPointF p) { return p.y() - clip.top(); });
  left = keptHalf(left, [&](QPointF p) { return clip.bottom() - p.y(); });
  return left.size() < 3 ? std::vector<QPointF>() : left;
}

}  // namespace ql
