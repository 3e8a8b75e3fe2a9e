#include "widgets/bridge/value_scale.h"

#include "widgets/bridge/metric_info.h"
#include "widgets/canvas/colormap.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

/// The next of 1, 3, 10, 30 ... at or below (above) a positive value.
double roundEnd(double value, bool up) {
  const double decade = std::pow(10.0, std::floor(std::log10(value) + 1e-12));
  const double mantissa = value / decade;
  if (!up) return mantissa >= 3 ? 3 * decade : decade;
  if (mantissa <= 1 + 1e-9) return decade;
  return mantissa <= 3 ? 3 * decade : 10 * decade;
}

}  // namespace

std::pair<double, double> shownRange(Session& session) {
  return session.view().range ? *session.view().range : fittedRange(session);
}

std::pair<double, double> fittedRange(Session& session) {
  const Model* model = session.model();
  double low = INFINITY, high = -INFINITY;
  for (LinearId id = 0; model && id < model->linears.size(); ++id) {
    if (!model->linears[id].isQuantizable) continue;
    const std::optional<double> value = session.value(id, session.view().metric, std::nullopt, false);
    if (!value || !std::isfinite(*value)) continue;
    low = std::min(low, *value);
    high = std::max(high, *value);
  }
  if (low > high) return {0.003, 1};
  if (session.view().scale == ValueScale::Linear || low <= 0)
    return {std::min(0.0, low), high > low ? high : low + 1};
  // Errors reach up to 100 % on every model: the same colour means the same trouble, and a healthy model
  // looks calm.
  const double ceiling = isFractionMetric(session.view().metric) ? std::max(high, 1.0) : roundEnd(high, true);
  const double from = roundEnd(low, false), to = ceiling;
  return {from, to > from ? to : from * 10};
}

double scalePosition(double value, const std::pair<double, double>& range, ValueScale scale) {
  const auto [low, high] = range;
  if (!(high > low) || std::isnan(value)) return 0;
  if (scale == ValueScale::Linear || low <= 0) return std::clamp((value - low) / (high - low), 0.0, 1.0);
  if (value <= low) return 0;
  return std::clamp(std::log(value / low) / std::log(high / low), 0.0, 1.0);
}

QColor valueColor(double value, const std::pair<double, double>& range, ValueScale scale) {
  return QColor(Colormap::cividis().atFraction(scalePosition(value, range, scale)));
}

}  // namespace ql
