// Painting of the matrix view: picture, axes, marginals, caption, values in cells.
#include "widgets/bridge/number_format.h"
#include "widgets/panels/matrix_view.h"

#include <QTransform>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kValueCellWidth = 48;  // from here on cells print their values
constexpr double kCentredLabels = 12;   // from here on tick labels sit at the middle of their element

// Largest of values[first, last).
float largestOf(const std::vector<float>& values, double begin, double end) {
  const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(begin)));
  const auto last = std::min(values.size(), static_cast<std::size_t>(std::max(0.0, std::ceil(end))));
  float largest = 0;
  for (std::size_t i = first; i < last; ++i) largest = std::max(largest, values[i]);
  return largest;
}

ValueRange marginalRange(const std::vector<float>& values, bool isLog) {
  float least = 0, largest = 0;
  for (const float value : values) {
    largest = std::max(largest, value);
    if (value > 0 && (least == 0 || value < least)) least = value;
  }
  if (!isLog || largest <= 0) return fitted(0, static_cast<double>(largest), AxisScale::Linear);
  ValueRange range = fitted(static_cast<double>(least), static_cast<double>(largest), AxisScale::Log, 5);
  range.from =
      std::pow(10.0, std::floor(std::log10(range.from) + 1e-9));  // whole decades: only two labels are shown
  range.to = std::pow(10.0, std::ceil(std::log10(range.to) - 1e-9));
  return range;
}

// A profile of the largest values as a picture: one bar a device pixel. A picture and not rectangles, because
// there are thousands of them and they all change with every zoom step.
struct Marginal {
  double dpr;
  QRgb ground, ink;

  // Bars along `axis` over `length`, growing upwards to `height` (logical pixels) under `range`.
  QImage picture(const std::vector<float>& values, const Axis& axis, double length, const ValueRange& range,
                 double height) const {
    const int width = std::max(1, static_cast<int>(std::lround(length * dpr)));
    const int rows = std::max(1, static_cast<int>(std::lround(height * dpr)));
    QImage image(width, rows, QImage::Format_RGB32);
    image.fill(ground);
    const double perPixel = axis.range.span() / width;
    for (int x = 0; x < width; ++x) {
      const double begin = axis.range.from + x * perPixel;
      const float largest = largestOf(values, begin + 1e-9, begin + perPixel - 1e-9);
      if (largest <= 0) continue;
      const double share = std::clamp(range.fraction(static_cast<double>(largest)), 0.0, 1.0);
      const int bar = std::clamp(static_cast<int>(std::lround(share * rows)), 1, rows);
      for (int y = rows - bar; y < rows; ++y) reinterpret_cast<QRgb*>(image.scanLine(y))[x] = ink;
    }
    return image;
  }
};

// Index labels at the middle of their elements once those are wide enough to tell.
void placeIndexAxis(Axis& axis, std::vector<double>& ticks, double spacing) {
  ticks = indexTicks(axis, spacing);
  if (axis.pixelsPerUnit() < kCentredLabels) return;
  const double last = axis.range.to;
  axis.range.from -= 0.5;
  axis.range.to -= 0.5;
  std::erase_if(ticks, [&](double tick) { return tick >= last || tick < axis.range.from; });
}

}  // namespace

void MatrixView::draw(Painter& painter, const Theme& theme) {
  updateLayout();
  if (!m_content) return drawHint(painter, theme);
  if (hasElements()) emit shown();
  requestPictures();
  m_heatmap.draw(painter, m_layout.plot, columnAxis(), rowAxis());
  if (m_heatmap.isEmpty()) {
    painter.fillRect(m_layout.plot, blend(theme.base, theme.grid, 0.5));
    const QString text = !hasElements() && m_problem.isEmpty()       ? tr("This matrix has no weights.")
                         : !m_problem.isEmpty()                      ? m_problem
                         : m_levels                                  ? QString()
                         : m_quantity == MatrixQuantity::Activations ? tr("Reading the token sample…")
                         : m_quantity == MatrixQuantity::Salience    ? tr("Computing the salience…")
                                                                     : tr("Measuring…");
    painter.text(m_layout.plot.center(), painter.elided(text, m_layout.plot.width() - 16, FontRole::Body),
                 theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
  } else {
    drawDead(painter, theme);
    drawGroups(painter, theme);
    drawValues(painter);
  }
  drawMarginals(painter, theme);
  drawFlags(painter, theme);
  drawAxes(painter, theme);
  drawCaption(painter, theme);
  drawPins(painter, theme);
  drawCursor(painter, theme);
  drawCellReadOut(painter, theme);
}

void MatrixView::drawHint(Painter& painter, const Theme& theme) const {
  const QPointF centre(size().width() / 2, size().height() / 2);
  const double line = painter.lineHeight(FontRole::Body) + 4 * uiScale();
  painter.text(centre - QPointF(0, line / 2), tr("Click a cell of the overview to see its weights here"),
               theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
  painter.text(centre + QPointF(0, line / 2), tr("a pixel always shows the largest weight it covers"),
               theme.faint, FontRole::Axis, {TextAlign::Center, TextAlign::Middle});
}

void MatrixView::drawAxes(Painter& painter, const Theme& theme) const {
  const double s = uiScale();
  const QRectF& plot = m_layout.plot;
  if (m_layout.hasLabels) {
    std::vector<double> ticks;
    Axis columns = columnAxis();
    placeIndexAxis(columns, ticks, 40 * s);
    drawBottomAxis(painter, theme, columns, plot.bottom() + 6 * s, ticks);
    Axis rows = rowAxis();
    if (m_content->tokens) {
      drawTokens(painter, theme);
    } else {
      placeIndexAxis(rows, ticks, 36 * s);
      drawLeftAxis(painter, theme, rows, plot.left() - 7 * s, ticks);
    }
  }
  if (m_layout.hasRowTitle)
    painter.text({2 * s, plot.bottom() - plot.height() * 0.36},
                 m_content->tokens ? tr("token") : tr("output channel"), theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Top, true});
}

void MatrixView::drawMarginals(Painter& painter, const Theme& theme) const {
  const double s = uiScale();
  const QColor ink = m_content->tokens ? theme.activation : theme.weight;
  const Marginal look{painter.devicePixelRatio(), theme.base.rgb(), blend(theme.base, ink, 0.78).rgb()};
  if (!m_layout.top.isNull() && m_content->columnProfile()) {
    const QRectF& area = m_layout.top;
    const std::vector<float>& values = *m_content->columnProfile();
    const ValueRange range = marginalRange(values, m_isLog);
    painter.image(area, look.picture(values, columnAxis(), area.width(), range, area.height()));
    if (m_layout.hasLabels) {
      const double x = m_layout.plot.left() - 7 * s;
      painter.text({x, area.top() - 4 * s}, tickText(range.to), theme.secondary, FontRole::Axis,
                   {TextAlign::Right});
      painter.text({x, area.bottom() + 3 * s}, tickText(range.from), theme.secondary, FontRole::Axis,
                   {TextAlign::Right, TextAlign::Bottom});
    }
  }
  if (!m_layout.right.isNull() && m_content->rowProfile()) {
    const QRectF& area = m_layout.right;
    const std::vector<float>& values = *m_content->rowProfile();
    const QImage lying =
        look.picture(values, rowAxis(), area.height(), marginalRange(values, m_isLog), area.width());
    painter.image(
        area, lying.transformed(QTransform(0, 1, -1, 0, 0, 0)));  // a quarter turn: bars grow to the right
  }
}

QString MatrixView::captionText() const {
  if (isCoarse()) {
    const std::int64_t tile = m_content->stats->pyramid.levels.front().tile;
    const QString size = QStringLiteral("%1 ").arg(tile) + kTimes + QStringLiteral(" %1").arg(tile);
    return m_content->hasWeights ? tr("preview: largest of %1").arg(size)
                                 : tr("stored: largest of %1").arg(size);
  }
  if (m_heatmap.part().isElementwise())
    return m_content->tokens ? tr("one cell a value") : tr("one cell a weight");
  return m_pool == PoolKind::Max ? tr("pixel: largest %1 it covers").arg(quantityText())
                                 : tr("pixel: mean of what it covers");
}

void MatrixView::drawCaption(Painter& painter, const Theme& theme) {
  if (m_layout.captionY < 0) return;
  const QRectF& plot = m_layout.plot;
  const double line = painter.lineHeight(FontRole::Axis);
  const double room =
      m_layout.bar.isNull() ? plot.width() : plot.right() - m_layout.bar.right() - 16 * uiScale();
  painter.text({plot.right(), m_layout.captionY}, painter.elided(tr("input channel"), room, FontRole::Axis),
               theme.secondary, FontRole::Axis, {TextAlign::Right});
  painter.text({plot.right(), m_layout.captionY + line}, painter.elided(captionText(), room, FontRole::Axis),
               theme.faint, FontRole::Axis, {TextAlign::Right});
  if (m_layout.bar.isNull() || !m_levels) return;
  painter.text({plot.left(), m_layout.bar.center().y()},
               painter.elided(m_quantity == MatrixQuantity::Salience ? QStringLiteral("s") : quantityText(),
                              m_layout.bar.left() - plot.left() - 4, FontRole::Axis),
               theme.secondary, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  const bool isNarrowed = m_bar.low() > m_extent.from || m_bar.high() < m_extent.to;
  m_bar.setHandlesVisible(isNarrowed || m_bar.isDragging() ||
                          m_bar.cursorShape(m_pointer) != Qt::ArrowCursor);
  m_bar.setClipped(m_bar.low() > m_extent.from, m_bar.high() < m_extent.to);
  m_bar.draw(painter, theme);
}

void MatrixView::drawValues(Painter& painter) const {
  const HeatmapPicture& part = m_heatmap.part();
  const Axis columns = columnAxis(), rows = rowAxis();
  const bool isWide = columns.pixelsPerUnit() >= kValueCellWidth * uiScale() - 1e-6;
  if (!isWide || rows.pixelsPerUnit() < painter.lineHeight(FontRole::Axis) + 2 || isCoarse() ||
      !part.isElementwise())
    return;
  const ClipScope clip(painter, m_layout.plot);
  for (int y = 0; y < part.values->height; ++y) {
    for (int x = 0; x < part.values->width; ++x) {
      const MatrixPosition at{static_cast<std::int64_t>(part.viewport.rowBegin) + y,
                              static_cast<std::int64_t>(part.viewport.columnBegin) + x};
      const auto value = elementValue(at);
      if (!value) continue;
      const float shown = m_quantity == MatrixQuantity::Signed ? *value : std::abs(*value);
      const QPointF centre(columns.toPixel(static_cast<double>(at.column) + 0.5),
                           rows.toPixel(static_cast<double>(at.row) + 0.5));
      const QString text = valueText(static_cast<double>(shown));
      const QSizeF box = painter.textSize(text, FontRole::Axis);
      if (!m_layout.plot.contains(QRectF(centre - QPointF(box.width() / 2, box.height() / 2), box))) continue;
      painter.text(centre, text, contrastText(QColor::fromRgb(part.image.pixel(x, y))), FontRole::Axis,
                   {TextAlign::Center, TextAlign::Middle});
    }
  }
}

}  // namespace ql
