#include "widgets/panels/compare_models_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/compare_choices.h"

#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kLeft = 56, kRight = 14, kTop = 30, kBottom = 40;
constexpr double kReach = 12;      // pixels around a point that still hit it
constexpr double kDotSpacing = 6;  // from here on every layer has its dot

}  // namespace

void CompareModelsView::setCurves(std::vector<ModelCurve> curves) {
  if (curves == m_curves) return;
  m_curves = std::move(curves);
  fitRange();
  repaint();
  emit cursorMoved();
}

void CompareModelsView::setWords(const QString& figure, const QString& choice) {
  m_figure = figure;
  m_choice = choice;
  repaint();
}

void CompareModelsView::setTarget(double target) {
  m_target = target;
  fitRange();
  repaint();
}

void CompareModelsView::setRelativeDepth(bool isOn) {
  m_isRelative = isOn;
  fitRange();
  repaint();
}

void CompareModelsView::setSettled(bool isSettled) {
  const bool was = std::exchange(m_isSettled, isSettled);
  if (isSettled && !was) emit settled();
}

std::size_t CompareModelsView::longest() const {
  std::size_t most = 0;
  for (const ModelCurve& curve : m_curves) most = std::max(most, curve.values.size());
  return most;
}

void CompareModelsView::fitRange() {
  double low = INFINITY, high = 0;
  for (const ModelCurve& curve : m_curves) {
    for (const double v : curve.values) {
      if (!(v > 0) || !std::isfinite(v)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  if (m_target > 0) low = std::min(low, m_target), high = std::max(high, m_target);
  m_y.range = low <= high ? fitted(low, high, AxisScale::Log, 6) : ValueRange{0.001, 1, AxisScale::Log};
  m_x.range = {0, m_isRelative ? 1 : std::max(1.0, static_cast<double>(longest()))};
}

void CompareModelsView::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s, std::max(20.0, size().width() - (kLeft + kRight) * s),
                  std::max(20.0, size().height() - (kTop + kBottom) * s));
  m_x.begin = m_plot.left(), m_x.end = m_plot.right();
  m_y.begin = m_plot.bottom(), m_y.end = m_plot.top();
}

double CompareModelsView::xOf(const ModelCurve& curve, std::size_t layer) const {
  const double at = static_cast<double>(layer) + 0.5;
  return m_x.toPixel(m_isRelative ? at / static_cast<double>(curve.values.size()) : at);
}

void CompareModelsView::draw(Painter& painter, const Theme& theme) {
  layOut();
  const double s = uiScale();
  if (longest() == 0) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(tr("Open a model, or add one, to see its error layer by layer."),
                                size().width() - 16, FontRole::Body),
                 theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
    return;
  }
  const auto ticks = valueTicks(m_y, 28 * s);
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 7 * s, ticks, [](double v) { return percentText(v); });
  if (m_isRelative)
    drawBottomAxis(
        painter, theme, m_x, m_plot.bottom() + 5 * s, valueTicks(m_x, 64 * s),
        [](double v) { return percentText(v); }, 16 * s);
  else
    drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 5 * s, indexTicks(m_x, 48 * s), {}, 12 * s);
  painter.text({m_plot.right(), m_plot.bottom() + 21 * s},
               m_isRelative ? tr("depth of the layer in its model") : tr("layer, in network order"),
               theme.secondary, FontRole::Axis, {TextAlign::Right});
  painter.text({8 * s, 8 * s},
               painter.elided(tr("%1 of every layer under %2").arg(m_figure, m_choice),
                              size().width() - 16 * s, FontRole::AxisSemibold),
               theme.text, FontRole::AxisSemibold);
  {
    const ClipScope clip(painter, m_plot.adjusted(-4, -4, 4, 4));
    drawTarget(painter, theme);
    for (const ModelCurve& curve : m_curves) drawCurve(painter, theme, curve);
  }
  drawHover(painter, theme);
}

void CompareModelsView::drawTarget(Painter& painter, const Theme& theme) const {
  if (!(m_target > 0)) return;
  const double y = m_y.toPixel(m_target);
  painter.line({m_plot.left(), y}, {m_plot.right(), y}, {theme.finding, 1, 5, 3});
  painter.text({m_plot.right() - 2, y - 2}, tr("target %1").arg(percentText(m_target)), theme.finding,
               FontRole::Axis, {TextAlign::Right, TextAlign::Bottom});
}

void CompareModelsView::drawCurve(Painter& painter, const Theme& theme, const ModelCurve& curve) const {
  const QColor color = modelColor(curve.color, theme.isDark);
  const double spacing = m_plot.width() / std::max(1.0, static_cast<double>(curve.values.size()));
  std::vector<QPointF> run;
  const auto flush = [&] {
    if (run.size() > 1) painter.polyline(run, {color, 1.4});
    if (spacing >= kDotSpacing || run.size() == 1)
      for (const QPointF& point : run) painter.fillCircle(point, 2.2, color);
    run.clear();
  };
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    const double v = curve.values[i];
    if (std::isnan(v)) {
      flush();
      continue;
    }
    run.emplace_back(xOf(curve, i),
                     std::clamp(v > 0 ? m_y.toPixel(v) : m_plot.bottom(), m_plot.top(), m_plot.bottom()));
  }
  flush();
}

std::optional<std::size_t> CompareModelsView::layerAt(const ModelCurve& curve, double x) const {
  if (curve.values.empty()) return std::nullopt;
  const double at = m_x.toValue(x) * (m_isRelative ? static_cast<double>(curve.values.size()) : 1);
  if (at < 0 || at >= static_cast<double>(curve.values.size())) return std::nullopt;
  return static_cast<std::size_t>(at);
}

std::optional<CompareModelsView::Hit> CompareModelsView::hitAt(QPointF at) const {
  std::optional<Hit> best;
  double reach = kReach * uiScale();
  for (std::size_t c = 0; c < m_curves.size(); ++c) {
    const auto layer = layerAt(m_curves[c], at.x());
    if (!layer || !(m_curves[c].values[*layer] > 0)) continue;
    const double distance = std::abs(m_y.toPixel(m_curves[c].values[*layer]) - at.y());
    if (distance > reach) continue;
    reach = distance;
    best = Hit{c, *layer};
  }
  return best;
}

void CompareModelsView::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_plot.contains(m_pointer) || longest() == 0) return;
  std::vector<ReadOutRow> rows;
  QString title;
  const auto hit = hitAt(m_pointer);
  for (std::size_t c = 0; c < m_curves.size(); ++c) {
    const ModelCurve& curve = m_curves[c];
    const auto layer = layerAt(curve, m_pointer.x());
    if (!layer) continue;
    const double v = curve.values[*layer];
    const QColor color = modelColor(curve.color, theme.isDark);
    if (title.isEmpty() || (hit && hit->curve == c)) title = curve.layers[*layer];
    rows.push_back(
        {curve.name, std::isnan(v) ? QString(kDash) : percentText(v), hit && hit->curve == c, color});
    if (std::isnan(v)) continue;
    const QPointF point(xOf(curve, *layer),
                        std::clamp(v > 0 ? m_y.toPixel(v) : m_plot.bottom(), m_plot.top(), m_plot.bottom()));
    painter.fillCircle(point, 4, theme.base);
    painter.strokeCircle(point, 4, {color, 2});
  }
  if (!rows.empty()) drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), title, rows);
}

bool CompareModelsView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::Move || event.type == CanvasEvent::Leave) {
    m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
    repaint();
    return true;
  }
  if (event.type == CanvasEvent::Press && event.button == Qt::LeftButton) {
    if (const auto hit = hitAt(event.position))
      emit layerPicked(static_cast<int>(hit->curve), static_cast<int>(hit->layer));
    return true;
  }
  return false;
}

QString CompareModelsView::copyText() const {
  QString text = tr("model\tlayer\tname\terror");
  for (const ModelCurve& curve : m_curves)
    for (std::size_t i = 0; i < curve.values.size(); ++i)
      text += QStringLiteral("\n%1\t%2\t%3\t%4")
                  .arg(curve.name)
                  .arg(i)
                  .arg(curve.layers[i], std::isnan(curve.values[i])
                                            ? QString()
                                            : plainNumber(static_cast<float>(curve.values[i])));
  return text;
}

std::unique_ptr<QAbstractItemModel> CompareModelsView::table() const {
  if (longest() == 0) return nullptr;
  auto model = std::make_unique<QStandardItemModel>(static_cast<int>(longest()),
                                                    static_cast<int>(m_curves.size()) * 2);
  for (std::size_t c = 0; c < m_curves.size(); ++c) {
    const int column = static_cast<int>(c) * 2;
    model->setHorizontalHeaderItem(column, new QStandardItem(m_curves[c].name));
    model->setHorizontalHeaderItem(column + 1, new QStandardItem(m_figure));
    for (std::size_t i = 0; i < m_curves[c].values.size(); ++i) {
      model->setItem(static_cast<int>(i), column, new QStandardItem(m_curves[c].layers[i]));
      model->setItem(static_cast<int>(i), column + 1, new QStandardItem(percentText(m_curves[c].values[i])));
    }
  }
  return model;
}

QString CompareModelsView::tableTitle() const {
  return tr("%1 of every layer under %2").arg(m_figure, m_choice);
}

QString CompareModelsView::accessibleText() const {
  if (m_curves.empty()) return tr("No model is compared.");
  QString text = tableTitle() + QLatin1Char('.');
  for (const ModelCurve& curve : m_curves) {
    double most = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < curve.values.size(); ++i)
      if (curve.values[i] > most) most = curve.values[i], at = i;
    if (most > 0)
      text += QLatin1Char(' ') +
              tr("%1: at most %2, in %3.").arg(curve.name, percentText(most), curve.layers[at]);
  }
  return text;
}

}  // namespace ql
