#include "core/stats/view_axis.h"

#include <algorithm>
#include <cmath>

namespace ql {

PixelAxis makeAxis(double from, double to, int pixels, std::int64_t tile, std::int64_t elements) {
  PixelAxis axis;
  axis.tile = tile;
  axis.elements = elements;
  axis.spans.resize(static_cast<std::size_t>(pixels));
  const std::int64_t units = (elements + tile - 1) / tile;
  const double unit = static_cast<double>(tile), pitch = (to - from) / pixels;
  axis.isMagnified = pitch / unit < 1 - kSliver;
  axis.begin = units;
  for (int x = 0; x < pixels; ++x) {
    PixelSpan& span = axis.spans[static_cast<std::size_t>(x)];
    span.from = from + (to - from) * x / pixels;
    span.to = from + (to - from) * (x + 1) / pixels;
    const double a = span.from / unit, b = span.to / unit;
    if (axis.isMagnified) {
      span.begin = static_cast<std::int64_t>(std::floor(0.5 * (a + b)));
      span.end = span.begin + 1;
    } else {
      span.begin = static_cast<std::int64_t>(std::floor(a + kSliver));
      span.end = std::max(span.begin + 1, static_cast<std::int64_t>(std::ceil(b - kSliver)));
      axis.isAligned =
          axis.isAligned && std::abs(a - std::round(a)) < kSliver && std::abs(b - std::round(b)) < kSliver;
    }
    span.begin = std::clamp<std::int64_t>(span.begin, 0, units);
    span.end = std::clamp<std::int64_t>(span.end, 0, units);
    if (span.begin >= span.end) continue;
    axis.begin = std::min(axis.begin, span.begin);
    axis.end = std::max(axis.end, span.end);
  }
  axis.begin = std::min(axis.begin, axis.end);
  return axis;
}

double overlap(const PixelAxis& axis, const PixelSpan& span, std::int64_t i) {
  const double low = static_cast<double>(i * axis.tile);
  const double high = static_cast<double>(std::min(axis.elements, (i + 1) * axis.tile));
  if (axis.isMagnified) return high - low;
  return std::max(0.0, std::min(span.to, high) - std::max(span.from, low));
}

}  // namespace ql
