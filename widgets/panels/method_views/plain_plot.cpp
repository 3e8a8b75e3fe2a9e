#include "widgets/panels/method_views/plain_plot.h"

#include "widgets/bridge/number_format.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kPlaceMargin = 0.5;  // empty room before the first and behind the last place

}  // namespace

void PlainPlot::setWords(const PlainPlotWords& words) {
  m_words = words;
  const double last = std::max<double>(0, static_cast<double>(words.places.size()) - 1);
  setXRange({-kPlaceMargin, last + kPlaceMargin});
}

void PlainPlot::showCurves(std::vector<PlotCurve> curves, bool isAnother) {
  if (isAnother) resetFit();
  setCurves(std::move(curves), {});
}

QString PlainPlot::name(double x) const {
  const auto place = static_cast<qsizetype>(std::lround(x));
  return place >= 0 && place < m_words.places.size() ? m_words.places[place] : QString();
}

std::vector<double> PlainPlot::xTicks() const {
  const auto count = static_cast<std::size_t>(m_words.places.size());
  const std::size_t most = std::max<std::size_t>(2, static_cast<std::size_t>(plot().width() / 34));
  std::size_t step = 1;
  while (count > most * step) step *= 2;
  std::vector<double> ticks;
  for (std::size_t i = 0; i < count; i += step) ticks.push_back(static_cast<double>(i));
  return ticks;
}

bool PlainPlot::handle(const CanvasEvent& event) {
  const bool isPick = event.type == CanvasEvent::DoubleClick && event.button == Qt::LeftButton;
  if (isPick && plot().contains(event.position) && !m_words.places.isEmpty()) {
    const int place = static_cast<int>(std::lround(xAxis().toValue(event.position.x())));
    emit placePicked(std::clamp(place, 0, static_cast<int>(m_words.places.size()) - 1));
    return true;
  }
  return CurvePlot::handle(event);
}

QString PlainPlot::accessibleText() const {
  const PlotCurve* worst = nullptr;
  const CurvePoint* largest = nullptr;
  for (const PlotCurve& curve : curves())
    for (const CurvePoint& point : curve.points)
      if (!largest || point.y > largest->y) {
        largest = &point;
        worst = &curve;
      }
  if (!largest) return tr("%1: nothing is measured yet.").arg(m_words.table);
  return tr("%1: largest %2, %3, %4.")
      .arg(m_words.table, percentTextFine(largest->y), xText(largest->x), worst->label);
}

}  // namespace ql
