#include "widgets/bridge/value_scale.h"

#include "widgets/bridge/metric_info.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ql {

namespace {

// cividis (Nunez, Anderton, Renslow 2018, doi:10.1371/journal.pone.0199239), every 32nd of its 256 colours.
constexpr std::array<QRgb, 9> kCividis{0x00224e, 0x213a6e, 0x434e6c, 0x60636f, 0x7d7c78,
                                       0x9b9476, 0xbcae6c, 0xdfca56, 0xfee838};

QColor cividis(double t) {
  const double at = std::clamp(t, 0.0, 1.0) * (kCividis.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), kCividis.size() - 2);
  const double f = at - static_cast<double>(low);
  const QColor a(kCividis[low]), b(kCividis[low + 1]);
  const auto mix = [f](int x, int y) { return static_cast<int>(std::lround(x + (y - x) * f)); };
  return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

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
  if (session.view().range) return *session.view().range;
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
  if (session.view().scale == ValueScale::Linear || low <= 0) return {std::min(0.0, low), high > low ? high : low + 1};
  const double ceiling = isFractionMetric(session.view().metric) && high <= 1 ? 1.0 : INFINITY;
  const double from = roundEnd(low, false), to = std::min(roundEnd(high, true), ceiling);
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
  return cividis(scalePosition(value, range, scale));
}

}  // namespace ql
