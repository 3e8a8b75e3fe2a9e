#include "widgets/canvas/axis.h"

#include "widgets/bridge/number_format.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kTiny = 1e-300;  // stands for 0 on a log axis

double forward(double value, const ValueRange& range) {
  switch (range.scale) {
    case AxisScale::Linear:
      return value;
    case AxisScale::Log:
      return std::log(std::max(value, kTiny));
    case AxisScale::Symlog:
      return std::copysign(std::log1p(std::abs(value) / range.threshold), value);
  }
  return value;
}

double backward(double scaled, const ValueRange& range) {
  switch (range.scale) {
    case AxisScale::Linear:
      return scaled;
    case AxisScale::Log:
      return std::exp(scaled);
    case AxisScale::Symlog:
      return std::copysign(std::expm1(std::abs(scaled)) * range.threshold, scaled);
  }
  return scaled;
}

// 1, 2 or 5 times a power of ten, at least `least`.
double roundStep(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double m : {1.0, 2.0, 5.0})
    if (m * power >= least * (1 - 1e-9)) return m * power;
  return 10 * power;
}

// 1 or 3 times a power of ten, outwards.
double roundDown13(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
  return value >= 3 * power * (1 - 1e-9) ? 3 * power : power;
}

double roundUp13(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value) + 1e-9));
  for (const double m : {1.0, 3.0})
    if (value <= m * power * (1 + 1e-9)) return m * power;
  return 10 * power;
}

std::vector<double> steppedTicks(double lo, double hi, double step) {
  std::vector<double> ticks;
  if (!(step > 0) || (hi - lo) / step > 1000) return ticks;
  const double first = std::ceil(lo / step - 1e-9), last = std::floor(hi / step + 1e-9);
  for (double i = first; i <= last; ++i) ticks.push_back(i == 0 ? 0.0 : i * step);  // no -0
  return ticks;
}

bool areSpaced(const Axis& axis, const std::vector<double>& ticks, double minSpacing) {
  for (std::size_t i = 1; i < ticks.size(); ++i)
    if (std::abs(axis.toPixel(ticks[i]) - axis.toPixel(ticks[i - 1])) < minSpacing * 0.98) return false;
  return true;
}

std::vector<double> decadeTicks(double lo, double hi, const std::vector<double>& mantissas, int every) {
  std::vector<double> ticks;
  const int first = static_cast<int>(std::floor(std::log10(lo) + 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(hi) + 1e-9));
  for (int decade = first; decade <= last; ++decade) {
    if (((decade % every) + every) % every != 0) continue;
    for (const double m : mantissas) {
      const double value = m * std::pow(10.0, decade);
      if (value >= lo * (1 - 1e-9) && value <= hi * (1 + 1e-9)) ticks.push_back(value);
    }
  }
  return ticks;
}

std::vector<double> logTicks(const Axis& axis, double lo, double hi, double minSpacing) {
  for (const std::vector<double>& mantissas :
       {std::vector<double>{1, 2, 3, 5, 7}, std::vector<double>{1, 2, 5}, std::vector<double>{1, 3}}) {
    std::vector<double> ticks = decadeTicks(lo, hi, mantissas, 1);
    if (ticks.size() > 1 && areSpaced(axis, ticks, minSpacing)) return ticks;
  }
  for (int every = 1; every < 64; every *= 2) {
    std::vector<double> ticks = decadeTicks(lo, hi, {1}, every);
    if (areSpaced(axis, ticks, minSpacing)) return ticks;
  }
  return {};
}

// Powers of ten on both sides of zero, thinned from the outside in: the ends matter most.
std::vector<double> symlogTicks(const Axis& axis, double lo, double hi, double minSpacing) {
  const double largest = std::max(std::abs(lo), std::abs(hi));
  std::vector<double> ticks = {0};
  double lastPositive = HUGE_VAL;
  for (double value = std::pow(10.0, std::floor(std::log10(largest) + 1e-9));
       value > axis.range.threshold / 100; value /= 10) {
    const double at = std::abs(axis.toPixel(value) - axis.toPixel(0));
    if (at < minSpacing || lastPositive - at < minSpacing) continue;
    lastPositive = at;
    for (const double v : {-value, value})
      if (v >= lo && v <= hi) ticks.push_back(v);
  }
  std::sort(ticks.begin(), ticks.end());
  return ticks;
}

QString labelOf(const TickLabel& label, double value) {
  return label ? label(value) : tickText(value);
}

}  // namespace

double ValueRange::fraction(double value) const {
  const double a = forward(from, *this), b = forward(to, *this);
  return a == b ? 0 : (forward(value, *this) - a) / (b - a);
}

double ValueRange::valueAt(double fraction) const {
  const double a = forward(from, *this), b = forward(to, *this);
  return backward(a + (b - a) * fraction, *this);
}

bool ValueRange::contains(double value) const {
  return value >= std::min(from, to) && value <= std::max(from, to);
}

ValueRange fitted(double lo, double hi, AxisScale scale, double maxDecades) {
  ValueRange range{lo, hi, scale, 1};
  if (!std::isfinite(lo) || !std::isfinite(hi) || hi < lo) range.from = 0, range.to = 1;
  if (scale == AxisScale::Log) {
    if (!(range.to > 0)) range.to = 1;
    const double least = range.to * std::pow(10.0, -maxDecades);
    range.from = roundDown13(std::max(range.from > 0 ? range.from : least, least));
    range.to = roundUp13(range.to);
    if (range.from >= range.to) range.from = range.to / 10;
    return range;
  }
  if (range.from == range.to)
    range.from -= std::abs(range.from) * 0.5, range.to += std::abs(range.to) * 0.5 + 1e-12;
  const double step = roundStep(range.span() / 8);
  range.from = std::floor(range.from / step + 1e-9) * step;
  range.to = std::ceil(range.to / step - 1e-9) * step;
  return range;
}

ValueRange panned(const ValueRange& range, double fraction, const ValueRange& limits) {
  ValueRange moved = range;
  const double lowest = limits.fraction(range.from), width = limits.fraction(range.to) - lowest;
  const double begin = std::clamp(lowest + fraction * width, 0.0, std::max(0.0, 1 - width));
  moved.from = limits.valueAt(begin);
  moved.to = limits.valueAt(begin + width);
  return moved;
}

ValueRange zoomed(const ValueRange& range, double factor, double about, const ValueRange& limits,
                  double minSpan) {
  double low = limits.fraction(range.from), high = limits.fraction(range.to);
  const double least =
      limits.scale == AxisScale::Linear ? std::min(1.0, minSpan / std::abs(limits.span())) : 1e-4;
  const double width = std::clamp((high - low) * factor, least, 1.0);
  const double share = std::clamp((limits.fraction(about) - low) / (high - low), 0.0, 1.0);
  low = std::clamp(low + share * (high - low) - share * width, 0.0, 1 - width);
  high = low + width;
  ValueRange result = range;
  result.from = limits.valueAt(low);
  result.to = limits.valueAt(high);
  return result;
}

std::vector<double> valueTicks(const Axis& axis, double minSpacing) {
  const double lo = std::min(axis.range.from, axis.range.to), hi = std::max(axis.range.from, axis.range.to);
  const double pixels = std::abs(axis.end - axis.begin);
  if (!(hi > lo) || pixels <= 0) return {};
  if (axis.range.scale == AxisScale::Symlog) return symlogTicks(axis, lo, hi, minSpacing);
  if (axis.range.scale == AxisScale::Log && lo > 0) {
    std::vector<double> ticks = logTicks(axis, lo, hi, minSpacing);
    if (ticks.size() >= 2) return ticks;
  }
  return steppedTicks(lo, hi, roundStep((hi - lo) * minSpacing / pixels));
}

std::vector<double> indexTicks(const Axis& axis, double minSpacing) {
  const double lo = std::min(axis.range.from, axis.range.to), hi = std::max(axis.range.from, axis.range.to);
  const double pixels = std::abs(axis.end - axis.begin);
  if (!(hi > lo) || pixels <= 0) return {};
  const double least = (hi - lo) * minSpacing / pixels;
  const double step = std::max(1.0, std::exp2(std::ceil(std::log2(least) - 1e-9)));
  return steppedTicks(lo, hi, step);
}

void drawBottomAxis(Painter& painter, const Theme& theme, const Axis& axis, double y,
                    const std::vector<double>& ticks, const TickLabel& label, double overhang) {
  const double left = std::min(axis.begin, axis.end) - overhang,
               right = std::max(axis.begin, axis.end) + overhang;
  const double gap = painter.textSize(QStringLiteral("0"), FontRole::Axis).width();
  double taken = -HUGE_VAL;
  for (const double value : ticks) {
    const QString text = labelOf(label, value);
    const double width = painter.textSize(text, FontRole::Axis).width();
    const double x = std::clamp(axis.toPixel(value) - width / 2, left, std::max(left, right - width));
    if (x < taken + gap) continue;
    painter.text({x, y}, text, theme.secondary, FontRole::Axis);
    taken = x + width;
  }
}

void drawLeftAxis(Painter& painter, const Theme& theme, const Axis& axis, double x,
                  const std::vector<double>& ticks, const TickLabel& label) {
  const double top = std::min(axis.begin, axis.end), bottom = std::max(axis.begin, axis.end);
  const double height = painter.lineHeight(FontRole::Axis);
  std::vector<double> taken;
  for (const double value : ticks) {
    const double y =
        std::clamp(axis.toPixel(value), top + height / 2, std::max(top + height / 2, bottom - height / 2));
    if (std::any_of(taken.begin(), taken.end(), [&](double other) { return std::abs(other - y) < height; }))
      continue;
    painter.text({x, y}, labelOf(label, value), theme.secondary, FontRole::Axis,
                 {TextAlign::Right, TextAlign::Middle});
    taken.push_back(y);
  }
}

void drawVerticalGrid(Painter& painter, const QRectF& plot, const Axis& axis,
                      const std::vector<double>& ticks, const Stroke& stroke) {
  for (const double value : ticks) {
    const double x = axis.toPixel(value);
    painter.line({x, plot.top()}, {x, plot.bottom()}, stroke);
  }
}

void drawHorizontalGrid(Painter& painter, const QRectF& plot, const Axis& axis,
                        const std::vector<double>& ticks, const Stroke& stroke) {
  for (const double value : ticks) {
    const double y = axis.toPixel(value);
    painter.line({plot.left(), y}, {plot.right(), y}, stroke);
  }
}

}  // namespace ql
