#include "widgets/panels/curve_plot.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/role_fonts.h"

#include <QMenu>
#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr std::size_t kMostPins = 4;  // more cannot be told apart; the oldest goes

double textWidth(const QString& text) {
  return RoleFonts::current()->metrics(FontRole::Axis).horizontalAdvance(text);
}

double stepOf(const std::vector<double>& ticks) {
  return ticks.size() > 1 ? ticks[1] - ticks[0] : 0;
}

}  // namespace

QString errorTickText(double fraction, double step) {
  const double percent = fraction * 100, size = std::abs(step * 100);
  if (percent == 0) return tickText(0) + kNarrowSpace + QLatin1Char('%');
  const int decimals = size > 0 ? static_cast<int>(std::ceil(-std::log10(size) - 1e-9)) : 2;
  const QString digits =
      decimals > 4 ? scientificText(percent, 2) : fixedText(percent, std::max(0, decimals));
  return digits + kNarrowSpace + QLatin1Char('%');
}

QString CurvePlot::xTickText(double x) const {
  return tickText(x);
}

void CurvePlot::setHint(const QString& hint) {
  if (hint == m_hint) return;
  m_hint = hint;
  emit changed();
}

void CurvePlot::setCaption(const QString& caption) {
  if (caption == m_caption) return;
  m_caption = caption;
  emit changed();
}

void CurvePlot::setSettled(bool isSettled) {
  const bool was = m_isSettled;
  m_isSettled = isSettled;
  if (isSettled && !was) emit settled();
}

void CurvePlot::setCurves(std::vector<PlotCurve> curves, std::vector<PlotReference> references) {
  std::erase_if(curves, [](const PlotCurve& curve) { return curve.points.empty(); });
  m_curves = std::move(curves);
  m_references = std::move(references);
  refit();
  emit changed();
}

void CurvePlot::setXRange(ValueRange range) {
  m_x.range = range;
}

void CurvePlot::resetFit() {
  m_fit = Fit::Curves;
  refit();
}

void CurvePlot::fitCurves() {
  m_fit = Fit::Curves;
  refit();
  emit changed();
}

void CurvePlot::fitAll() {
  m_fit = Fit::All;
  refit();
  emit changed();
}

void CurvePlot::setLog(bool isLog) {
  if (isLog == m_isLog) return;
  m_isLog = isLog;
  if (m_fit == Fit::Free) m_fit = Fit::Curves;
  refit();
  emit changed();
}

// ---- Pins

const std::vector<CurvePlot::Pin>& CurvePlot::pins() const {
  static const std::vector<Pin> none;
  const auto found = m_pins.find(m_topic);
  return found == m_pins.end() ? none : found->second;
}

std::size_t CurvePlot::pinCount() const {
  return pins().size();
}

void CurvePlot::setPinTopic(const QString& topic, const QString& text) {
  const bool isOther = topic != m_topic;
  m_topic = topic;
  m_pinText = text;
  if (isOther) resetFit();
}

void CurvePlot::pin() {
  if (m_curves.empty()) return;
  std::vector<Pin>& here = m_pins[m_topic];
  std::erase_if(here, [&](const Pin& pin) { return pin.label == m_pinText; });
  if (here.size() == kMostPins) here.erase(here.begin());
  here.push_back({m_pinText, m_curves});
  refit();
  emit changed();
}

void CurvePlot::clearPins() {
  m_pins.erase(m_topic);
  refit();
  emit changed();
}

std::vector<std::pair<QString, const PlotCurve*>> CurvePlot::pinnedCurves() const {
  std::vector<std::pair<QString, const PlotCurve*>> curves;
  for (const Pin& pin : pins())
    for (const PlotCurve& curve : pin.curves)
      curves.emplace_back(tr("%1, pinned: %2").arg(curve.label, pin.label), &curve);
  return curves;
}

// ---- The shown range

std::pair<double, double> CurvePlot::extent(bool withPins, bool withReferences) const {
  double low = HUGE_VAL, high = -HUGE_VAL;
  const auto take = [&](double y) {
    if (!std::isfinite(y) || (m_isLog && y <= 0)) return;
    low = std::min(low, y);
    high = std::max(high, y);
  };
  for (const PlotCurve& curve : m_curves)
    for (const CurvePoint& point : curve.points) take(point.y);
  if (withPins)
    for (const Pin& pin : pins())
      for (const PlotCurve& curve : pin.curves)
        for (const CurvePoint& point : curve.points) take(point.y);
  if (withReferences)
    for (const PlotReference& reference : m_references) take(reference.y);
  return {low, high};
}

double CurvePlot::best() const {
  return extent(false, false).first;
}

void CurvePlot::refit() {
  if (m_fit == Fit::Free) return;
  auto [low, high] = extent(false, false);
  const auto [allLow, allHigh] = extent(true, m_fit == Fit::All);
  // A pinned curve far away would flatten what is being changed; it waits for "fit all".
  const bool isNear = !(low <= high) || m_isLog || allHigh - allLow <= 6 * (high - low) + 1e-12;
  if (m_fit == Fit::All || isNear) low = allLow, high = allHigh;
  if (!(low <= high)) return;
  if (m_fit == Fit::All && !m_isLog) low = 0;
  m_y.range = fitted(low, high, m_isLog ? AxisScale::Log : AxisScale::Linear);
}

ValueRange CurvePlot::limits() const {
  const auto [low, high] = extent(true, true);
  if (!(low <= high)) return m_y.range;
  if (m_isLog) return {low / 10, high * 10, AxisScale::Log, 1};
  return {std::min(0.0, m_y.range.from), std::max(high * 1.5, m_y.range.to), AxisScale::Linear, 1};
}

void CurvePlot::zoomErrors(double factor, double about) {
  const ValueRange all = limits();
  m_y.range = zoomed(m_y.range, factor, about, all, std::abs(all.span()) * 1e-4);
  m_fit = Fit::Free;
  emit changed();
}

void CurvePlot::panErrors(double fraction) {
  m_y.range = panned(m_y.range, fraction, limits());
  m_fit = Fit::Free;
  emit changed();
}

void CurvePlot::layOut() {
  const double s = uiScale();
  const double line = RoleFonts::current()->metrics(FontRole::Axis).height();
  const double bottom = 2 * line + 12 * s + axisRoom();
  const auto place = [&](double left) {
    const double width = std::max(20.0, size().width() - left - 16 * s);
    const auto lines = static_cast<double>(legendLines(width).size() + (m_caption.isEmpty() ? 0 : 1));
    const double top = 6 * s + lines * (line + 4 * s) + 6 * s;
    m_plot = QRectF(left, top, width, std::max(20.0, size().height() - top - bottom));
    m_y.begin = m_plot.bottom();
    m_y.end = m_plot.top();
  };
  place(56 * s);
  const std::vector<double> ticks = valueTicks(m_y, 40 * s);
  double widest = 0;
  for (const double tick : ticks)
    widest =
        std::max(widest, textWidth(m_isLog ? errorTickText(tick, tick) : errorTickText(tick, stepOf(ticks))));
  place(std::max(40 * s, widest + 16 * s));
  m_x.begin = m_plot.left();
  m_x.end = m_plot.right();
}

// ---- Mouse and keys

std::optional<double> CurvePlot::nearestX(double pixel) const {
  std::optional<double> nearest;
  for (const PlotCurve& curve : m_curves)
    for (const CurvePoint& point : curve.points)
      if (!nearest || std::abs(m_x.toPixel(point.x) - pixel) < std::abs(m_x.toPixel(*nearest) - pixel))
        nearest = point.x;
  return nearest;
}

std::optional<std::size_t> CurvePlot::curveNear(QPointF at, double distance) const {
  std::optional<std::size_t> nearest;
  double least = distance;
  for (std::size_t c = 0; c < m_curves.size(); ++c) {
    const std::vector<CurvePoint>& points = m_curves[c].points;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const QPointF a = pixelOf(points[i]), b = pixelOf(points[std::min(i + 1, points.size() - 1)]);
      const QPointF way = b - a, to = at - a;
      const double length = QPointF::dotProduct(way, way);
      const double t = length > 0 ? std::clamp(QPointF::dotProduct(to, way) / length, 0.0, 1.0) : 0;
      const QPointF off = to - way * t;
      const double far = std::hypot(off.x(), off.y());
      if (far < least) least = far, nearest = c;
    }
  }
  return nearest;
}

bool CurvePlot::handle(const CanvasEvent& event) {
  switch (event.type) {
    case CanvasEvent::Move:
      m_pointer = event.position;
      if (m_panFrom) {
        const double by = (event.position.y() - *m_panFrom) / m_plot.height();
        m_panFrom = event.position.y();
        panErrors(by);
      }
      emit changed();
      return true;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button == Qt::MiddleButton && m_plot.contains(event.position)) {
        m_panFrom = event.position.y();
        return true;
      }
      if (event.button != Qt::LeftButton || !m_offScaleBox.contains(event.position)) return false;
      fitAll();
      return true;
    case CanvasEvent::Release:
      if (event.button != Qt::MiddleButton) return false;
      m_panFrom.reset();
      return true;
    case CanvasEvent::Wheel:
      if (!event.has(Qt::ControlModifier) || m_curves.empty()) return false;
      zoomErrors(std::pow(0.8, event.wheel), m_y.toValue(event.position.y()));
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool CurvePlot::handleKey(const CanvasEvent& event) {
  if (event.modifiers & ~Qt::KeyboardModifiers(Qt::ShiftModifier)) return false;
  const double middle = m_y.range.valueAt(0.5);
  switch (event.key) {
    case Qt::Key_F:
      m_fit == Fit::Curves ? fitAll() : fitCurves();
      return true;
    case Qt::Key_L:
      setLog(!m_isLog);
      return true;
    case Qt::Key_P:
      event.has(Qt::ShiftModifier) ? clearPins() : pin();
      return true;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      zoomErrors(0.8, middle);
      return true;
    case Qt::Key_Minus:
      zoomErrors(1.25, middle);
      return true;
    case Qt::Key_PageUp:
      panErrors(0.2);
      return true;
    case Qt::Key_PageDown:
      panErrors(-0.2);
      return true;
    default:
      return false;
  }
}

void CurvePlot::fillMenu(QMenu& menu) {
  menu.addAction(tr("Fit the curves"), QKeySequence(Qt::Key_F), this, &CurvePlot::fitCurves);
  menu.addAction(tr("Fit everything"), this, &CurvePlot::fitAll);
  QAction* log = menu.addAction(tr("Logarithmic errors"), QKeySequence(Qt::Key_L), this, &CurvePlot::setLog);
  log->setCheckable(true);
  log->setChecked(m_isLog);
  menu.addSeparator();
  menu.addAction(tr("Pin the curves"), QKeySequence(Qt::Key_P), this, &CurvePlot::pin)
      ->setEnabled(!m_curves.empty());
  menu.addAction(tr("Remove the pins"), QKeySequence(Qt::SHIFT | Qt::Key_P), this, &CurvePlot::clearPins)
      ->setEnabled(!pins().empty());
}

// ---- The numbers

QString CurvePlot::copyText() const {
  if (m_curves.empty()) return {};
  QString text = tr("curve\t%1\terror\tlow\thigh").arg(xColumn());
  const auto add = [&](const QString& label, const PlotCurve& curve) {
    for (const CurvePoint& point : curve.points) {
      text += QLatin1Char('\n') + label + QLatin1Char('\t') + xNumber(point.x) + QLatin1Char('\t') +
              plainNumber(static_cast<float>(point.y)) + QLatin1Char('\t');
      if (point.interval)
        text += plainNumber(static_cast<float>(point.interval->first)) + QLatin1Char('\t') +
                plainNumber(static_cast<float>(point.interval->second));
      else
        text += QLatin1Char('\t');
    }
  };
  for (const PlotReference& reference : m_references)
    text += QLatin1Char('\n') + reference.label + QStringLiteral("\t\t") +
            plainNumber(static_cast<float>(reference.y)) + QStringLiteral("\t\t");
  for (const PlotCurve& curve : m_curves) add(curve.label, curve);
  for (const auto& [label, curve] : pinnedCurves()) add(label, *curve);
  return text;
}

std::unique_ptr<QAbstractItemModel> CurvePlot::table() const {
  const QStringList lines = copyText().split(QLatin1Char('\n'));
  if (lines.size() < 2) return nullptr;
  const QStringList header = lines.front().split(QLatin1Char('\t'));
  auto table = std::make_unique<QStandardItemModel>(0, static_cast<int>(header.size()));
  table->setHorizontalHeaderLabels(header);
  for (qsizetype i = 1; i < lines.size(); ++i) {
    QList<QStandardItem*> row;
    const QStringList cells = lines[i].split(QLatin1Char('\t'));
    for (qsizetype c = 0; c < cells.size(); ++c) {
      bool isNumber = false;
      const double number = c >= 2 ? cells[c].toDouble(&isNumber) : 0;
      row << new QStandardItem(isNumber ? percentTextFine(number) : cells[c]);
    }
    table->appendRow(row);
  }
  return table;
}

}  // namespace ql
