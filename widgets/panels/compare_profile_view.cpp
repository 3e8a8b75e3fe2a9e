#include "widgets/panels/compare_profile_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <QStandardItemModel>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr double kLeft = 52, kRight = 18, kTop = 22, kBottom = 20;

std::vector<double> relativeErrors(const std::vector<double>& error, const std::vector<double>& energy) {
  std::vector<double> values(error.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < error.size(); ++i)
    if (energy[i] > 0) values[i] = std::sqrt(error[i] / energy[i]);
  return values;
}

}  // namespace

CompareProfileView::CompareProfileView(Across across, QObject* parent)
    : CanvasView(parent), m_across(across) {}

void CompareProfileView::setHistogram(CompareSide side,
                                      const std::shared_ptr<const CodeHistogram>& histogram) {
  std::vector<double>& values = m_values[side == CompareSide::A ? 0 : 1];
  if (!histogram)
    values.clear();
  else if (m_across == Across::Rows)
    values = relativeErrors(histogram->rowError, histogram->rowEnergy);
  else
    values = relativeErrors(histogram->columnError, histogram->columnEnergy);
  fitRange();
  repaint();
}

void CompareProfileView::setPinned(std::optional<std::int64_t> index) {
  if (index == m_pinned) return;
  m_pinned = index;
  repaint();
}

void CompareProfileView::fitRange() {
  double low = INFINITY, high = 0;
  for (const std::vector<double>& values : m_values) {
    for (const double v : values) {
      if (!(v > 0)) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  m_x.range = {0, std::max(1.0, static_cast<double>(count()))};
  m_y.range = low <= high ? fitted(low, high, AxisScale::Log, 5) : ValueRange{0.01, 1, AxisScale::Log};
}

void CompareProfileView::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s, std::max(20.0, size().width() - (kLeft + kRight) * s),
                  std::max(16.0, size().height() - (kTop + kBottom) * s));
  m_x.begin = m_plot.left(), m_x.end = m_plot.right();
  m_y.begin = m_plot.bottom(), m_y.end = m_plot.top();
}

QString CompareProfileView::title() const {
  return m_across == Across::Rows ? tr("Error by row (output channel)")
                                  : tr("Error by column (input channel)");
}

void CompareProfileView::draw(Painter& painter, const Theme& theme) {
  layOut();
  const double s = uiScale();
  painter.text({8 * s, 4 * s}, painter.elided(title(), size().width() - 16 * s, FontRole::AxisSemibold),
               theme.text, FontRole::AxisSemibold);
  if (count() == 0) {
    painter.text(m_plot.center(), tr("Not measured yet."), theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  const auto ticks = valueTicks(m_y, 22 * s);
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6 * s, ticks, [](double v) { return percentText(v); });
  drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 4 * s, indexTicks(m_x, 48 * s), {}, 12 * s);
  {
    const ClipScope clip(painter, m_plot.adjusted(-1, -1, 1, 1));
    for (std::size_t side = 0; side < 2; ++side) drawCurve(painter, theme, side);
    if (m_pinned && m_x.range.contains(static_cast<double>(*m_pinned))) {
      const double x = m_x.toPixel(static_cast<double>(*m_pinned) + 0.5);
      painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {theme.accent, 1});
    }
  }
  drawHover(painter, theme);
}

// A pixel that covers many channels shows the smallest and the largest of them: no peak is lost.
void CompareProfileView::drawCurve(Painter& painter, const Theme& theme, std::size_t side) const {
  const std::vector<double>& values = m_values[side];
  if (values.empty()) return;
  const QColor color = sideColor(side == 0 ? CompareSide::A : CompareSide::B, theme.isDark);
  std::vector<QPointF> points;
  const auto y = [&](double v) {
    return v > 0 ? std::clamp(m_y.toPixel(v), m_plot.top(), m_plot.bottom()) : m_plot.bottom();
  };
  const double n = static_cast<double>(values.size());
  const int pixels = std::max(1, static_cast<int>(m_plot.width()));
  for (int p = 0; p < pixels; ++p) {
    const auto begin = static_cast<std::size_t>(p * n / pixels);
    const auto end = std::max(begin + 1, static_cast<std::size_t>((p + 1) * n / pixels));
    if (n < pixels && p > 0 && begin == static_cast<std::size_t>((p - 1) * n / pixels)) continue;
    double low = INFINITY, high = -1;
    for (std::size_t i = begin; i < std::min(end, values.size()); ++i) {
      if (std::isnan(values[i])) continue;
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    if (high < 0) continue;
    const double x = m_x.toPixel((static_cast<double>(begin) + static_cast<double>(end)) / 2);
    points.emplace_back(x, y(high));
    if (low < high) points.emplace_back(x, y(low));
  }
  if (points.size() > 1) painter.polyline(points, {color, 1.3});
  if (points.size() == 1) painter.fillCircle(points.front(), 2.5, color);
}

std::optional<std::size_t> CompareProfileView::indexAt(QPointF at) const {
  if (count() == 0 || !m_plot.contains(at)) return std::nullopt;
  return std::min(count() - 1, static_cast<std::size_t>(std::max(0.0, m_x.toValue(at.x()))));
}

void CompareProfileView::drawHover(Painter& painter, const Theme& theme) const {
  const auto index = indexAt(m_pointer);
  if (!index) return;
  std::vector<ReadOutRow> rows;
  rows.push_back({m_across == Across::Rows ? tr("row") : tr("input channel"),
                  countText(static_cast<std::int64_t>(*index)),
                  false,
                  {}});
  for (std::size_t side = 0; side < 2; ++side) {
    if (m_values[side].empty()) continue;
    const CompareSide which = side == 0 ? CompareSide::A : CompareSide::B;
    rows.push_back({tr("error %1").arg(sideName(which)), percentText(m_values[side][*index]), true,
                    sideColor(which, theme.isDark)});
  }
  const double x = m_x.toPixel(static_cast<double>(*index) + 0.5);
  painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {theme.outline});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), {}, rows);
}

bool CompareProfileView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::Move || event.type == CanvasEvent::Leave) {
    m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
    repaint();
    return true;
  }
  if (event.type == CanvasEvent::Press && event.button == Qt::LeftButton) {
    if (const auto index = indexAt(event.position)) emit picked(static_cast<std::int64_t>(*index));
    return true;
  }
  return false;
}

std::unique_ptr<QAbstractItemModel> CompareProfileView::table() const {
  if (count() == 0) return nullptr;
  auto model = std::make_unique<QStandardItemModel>(static_cast<int>(count()), 3);
  model->setHorizontalHeaderLabels(
      {m_across == Across::Rows ? tr("row") : tr("input channel"), tr("error A"), tr("error B")});
  for (std::size_t i = 0; i < count(); ++i) {
    const int row = static_cast<int>(i);
    model->setItem(row, 0, new QStandardItem(countText(row)));
    for (std::size_t side = 0; side < 2; ++side)
      if (!m_values[side].empty())
        model->setItem(row, static_cast<int>(side) + 1, new QStandardItem(percentText(m_values[side][i])));
  }
  return model;
}

QString CompareProfileView::copyText() const {
  QString text = m_across == Across::Rows ? tr("row\terror_a\terror_b") : tr("column\terror_a\terror_b");
  for (std::size_t i = 0; i < count(); ++i) {
    text += QStringLiteral("\n%1").arg(i);
    for (const std::vector<double>& values : m_values)
      text +=
          QLatin1Char('\t') +
          (values.empty() || std::isnan(values[i]) ? QString() : plainNumber(static_cast<float>(values[i])));
  }
  return text;
}

QString CompareProfileView::tableTitle() const {
  return title();
}

QString CompareProfileView::accessibleText() const {
  if (count() == 0) return tr("%1: not measured yet.").arg(title());
  QString text = title() + QLatin1Char('.');
  for (std::size_t side = 0; side < 2; ++side) {
    double most = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < m_values[side].size(); ++i)
      if (m_values[side][i] > most) most = m_values[side][i], at = i;
    if (most > 0)
      text += QLatin1Char(' ') + tr("Largest under %1: %2 at %3.")
                                     .arg(sideName(side == 0 ? CompareSide::A : CompareSide::B),
                                          percentText(most), countText(static_cast<std::int64_t>(at)));
  }
  return text;
}

}  // namespace ql
