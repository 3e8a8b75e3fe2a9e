#pragma once
// Values to pixels and back, round ticks, axis labels that thin out, zoom and pan: shared by every plot.
//
//   Axis x{{0, 256}, plot.left(), plot.right()};
//   x.range = zoomed(x.range, 0.8, x.toValue(event.position.x()), {0, 256}, 8);
//   drawBottomAxis(painter, theme, x, plot.bottom(), indexTicks(x, 40));
#include "widgets/bridge/theme.h"
#include "widgets/canvas/painter.h"

#include <QString>

#include <cmath>
#include <functional>
#include <vector>

namespace ql {

/// Symlog is linear within +/- threshold and logarithmic outside: sign(v) ln(1 + |v| / threshold).
enum class AxisScale { Linear, Log, Symlog };

/// A span of values under a scale. `from` may be larger than `to`. Log needs positive ends (see fitted()).
struct ValueRange {
  double from = 0, to = 1;
  AxisScale scale = AxisScale::Linear;
  double threshold = 1;  // Symlog only, in value units

  /// 0 at from, 1 at to, not clamped; values <= 0 on a log range lie far below the smaller end.
  double fraction(double value) const;
  double valueAt(double fraction) const;
  double span() const { return to - from; }
  bool contains(double value) const;
  bool operator==(const ValueRange&) const = default;
};

/// A range of that scale that holds lo..hi, with the ends moved outwards to round numbers (log: 1-3-10 steps;
/// at most `maxDecades` below hi, so that a zero or a denormal does not stretch it). Equal or missing ends
/// are widened.
ValueRange fitted(double lo, double hi, AxisScale scale, double maxDecades = 8);

/// A range on pixels; `begin` is where range.from lies and may be larger than `end` (upward axes).
struct Axis {
  ValueRange range;
  double begin = 0, end = 1;

  double toPixel(double value) const { return begin + (end - begin) * range.fraction(value); }
  double toValue(double pixel) const { return range.valueAt((pixel - begin) / (end - begin)); }
  /// Pixels a unit of value takes at that value (linear axes: everywhere).
  double pixelsPerUnit() const { return std::abs((end - begin) / range.span()); }
};

/// Scales the span by `factor` (< 1 zooms in) so that the value `about` keeps its pixel. Stays inside
/// `limits`, never below `minSpan` (linear ranges) nor wider than the limits.
ValueRange zoomed(const ValueRange& range, double factor, double about, const ValueRange& limits,
                  double minSpan);
/// Moves by a fraction of the span, kept inside the limits without changing the span.
ValueRange panned(const ValueRange& range, double fraction, const ValueRange& limits);

using TickLabel = std::function<QString(double)>;

/// Round values inside the range, at least `minSpacing` pixels apart, ascending in value: 1-2-5 steps on
/// linear, and 1-2-5, 1-3 or whole decades on log axes.
std::vector<double> valueTicks(const Axis& axis, double minSpacing);
/// As valueTicks for channel numbers: whole numbers, steps 1, 2, 4, 8, ... (tiles and groups are powers of
/// two).
std::vector<double> indexTicks(const Axis& axis, double minSpacing);

/// Labels below `y`, centred on their ticks and kept inside [begin - overhang, end + overhang]; those that
/// would touch are left out.
void drawBottomAxis(Painter& painter, const Theme& theme, const Axis& axis, double y,
                    const std::vector<double>& ticks, const TickLabel& label = {}, double overhang = 0);
/// Labels left of `x`, right-aligned, vertically centred on their ticks and kept inside the axis' span.
void drawLeftAxis(Painter& painter, const Theme& theme, const Axis& axis, double x,
                  const std::vector<double>& ticks, const TickLabel& label = {});
/// One line a tick across the plot.
void drawVerticalGrid(Painter& painter, const QRectF& plot, const Axis& axis,
                      const std::vector<double>& ticks, const Stroke& stroke);
void drawHorizontalGrid(Painter& painter, const QRectF& plot, const Axis& axis,
                        const std::vector<double>& ticks, const Stroke& stroke);

}  // namespace ql
