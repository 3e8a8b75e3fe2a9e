#include "widgets/panels/method_views/gptq_map_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kLeft = 44, kTop = 8, kBottom = 34, kRight = 66, kBarWidth = 10;

constexpr double kMostDecades = 3;

float largest(const std::vector<float>& values) {
  return values.empty() ? 0.0f : *std::max_element(values.begin(), values.end());
}

/// From the 5 % quantile of what is not zero to the largest, on a log scale: single outliers must not leave
/// everything else dark.
ValueRange colorRange(std::vector<float> values) {
  std::erase_if(values, [](float v) { return !(v > 0); });
  if (values.empty()) return fitted(1, 1, AxisScale::Log);
  const auto low = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 20);
  std::nth_element(values.begin(), low, values.end());
  return fitted(static_cast<double>(*low), static_cast<double>(largest(values)), AxisScale::Log,
                kMostDecades);
}

/// The first row or channel of a tile.
std::int64_t firstOf(std::int64_t tile, std::int64_t tiles, std::int64_t size) {
  return (tile * size + tiles - 1) / tiles;
}

QString spanText(std::int64_t tile, std::int64_t tiles, std::int64_t size) {
  const std::int64_t first = firstOf(tile, tiles, size), last = firstOf(tile + 1, tiles, size) - 1;
  if (first == last) return countText(first);
  return QStringLiteral("%1 %2 %3").arg(countText(first)).arg(kDash).arg(countText(last));
}

}  // namespace

GptqMapView::GptqMapView(Selection* selection, QObject* parent) : CanvasView(parent), m_selection(selection) {
  m_bar.setHandlesVisible(false);
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void GptqMapView::setReport(std::shared_ptr<const GptqReport> report) {
  m_report = std::move(report);
  rebuild();
}

void GptqMapView::setLayer(Layer layer) {
  if (layer == m_layer) return;
  m_layer = layer;
  rebuild();
}

void GptqMapView::setHint(const QString& hint) {
  if (hint == m_hint) return;
  m_hint = hint;
  emit changed();
}

const std::vector<float>& GptqMapView::values() const {
  const GptqMap& map = m_report->map;
  return m_layer == Layer::Gptq ? map.gptq : m_layer == Layer::Rounding ? map.rounding : map.updates;
}

void GptqMapView::rebuild() {
  m_image = {};
  if (m_report) {
    const GptqMap& map = m_report->map;
    // one scale for both errors, so that switching between them compares
    std::vector<float> shown = values();
    if (m_layer != Layer::Updates) {
      shown = map.gptq;
      shown.insert(shown.end(), map.rounding.begin(), map.rounding.end());
    }
    m_scale.range = colorRange(std::move(shown));
    m_bar.setExtent(m_scale.range);
    m_bar.setRange(m_scale.range.from, m_scale.range.to);
    m_image = QImage(static_cast<int>(map.columns), static_cast<int>(map.rows), QImage::Format_RGB32);
    for (int row = 0; row < m_image.height(); ++row) {
      auto* line = reinterpret_cast<QRgb*>(m_image.scanLine(row));
      const auto first = static_cast<std::size_t>(row) * static_cast<std::size_t>(map.columns);
      for (int column = 0; column < m_image.width(); ++column)
        line[column] = m_scale.color(static_cast<double>(values()[first + static_cast<std::size_t>(column)]));
    }
  }
  layOut();
  emit changed();
}

void GptqMapView::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s, std::max(10.0, size().width() - (kLeft + kRight) * s),
                  std::max(10.0, size().height() - (kTop + kBottom) * s));
  m_x = {{0, m_report ? static_cast<double>(m_report->in) : 1.0}, m_plot.left(), m_plot.right()};
  m_y = {{0, m_report ? static_cast<double>(m_report->out) : 1.0}, m_plot.top(), m_plot.bottom()};
  const double bar = size().width() - (kBarWidth + 10) * s;
  m_bar.setGeometry(QRectF(bar, m_plot.top(), kBarWidth * s, m_plot.height()), Qt::Vertical);
}

void GptqMapView::draw(Painter& painter, const Theme& theme) {
  if (m_image.isNull()) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(m_hint, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  painter.image(m_plot, m_image);
  painter.strokeRect(m_plot, {theme.line});
  const double s = uiScale();
  drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 4 * s, indexTicks(m_x, 48 * s));
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6 * s, indexTicks(m_y, 26 * s));
  painter.text({m_plot.center().x(), size().height() - 2 * s}, tr("input channel"), theme.secondary,
               FontRole::Axis, {TextAlign::Center, TextAlign::Bottom});
  m_bar.draw(painter, theme);
  const auto mark = [&](std::int64_t channel, const QColor& color) {
    if (channel < 0 || channel >= m_report->in) return;
    const double x = m_x.toPixel(static_cast<double>(channel) + 0.5);
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color});
  };
  if (m_selection->channel()) mark(*m_selection->channel(), theme.accent);
  if (!m_plot.contains(m_pointer)) mark(m_selection->hoverChannel(), theme.outline);
  drawHover(painter, theme);
}

std::optional<std::size_t> GptqMapView::tileAt(QPointF at) const {
  if (!m_report || !m_plot.contains(at)) return std::nullopt;
  const GptqMap& map = m_report->map;
  const auto tile = [](double fraction, std::int64_t tiles) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(fraction * static_cast<double>(tiles)), 0,
                                    tiles - 1);
  };
  const std::int64_t row = tile((at.y() - m_plot.top()) / m_plot.height(), map.rows);
  const std::int64_t column = tile((at.x() - m_plot.left()) / m_plot.width(), map.columns);
  return static_cast<std::size_t>(row * map.columns + column);
}

QString GptqMapView::layerName() const {
  switch (m_layer) {
    case Layer::Gptq:
      return tr("GPTQ's error");
    case Layer::Rounding:
      return tr("error of rounding to nearest");
    case Layer::Updates:
      break;
  }
  return tr("GPTQ's updates");
}

void GptqMapView::drawHover(Painter& painter, const Theme& theme) const {
  const auto tile = tileAt(m_pointer);
  if (!tile) return;
  const GptqMap& map = m_report->map;
  const auto row = static_cast<std::int64_t>(*tile) / map.columns,
             column = static_cast<std::int64_t>(*tile) % map.columns;
  const auto text = [&](const std::vector<float>& list) {
    return valueText(static_cast<double>(list[*tile]));
  };
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), tr("root mean squares"),
              {{tr("rows"), spanText(row, map.rows, m_report->out)},
               {tr("channels"), spanText(column, map.columns, m_report->in)},
               {tr("GPTQ's error"), text(map.gptq), m_layer == Layer::Gptq},
               {tr("nearest"), text(map.rounding), m_layer == Layer::Rounding},
               {tr("update"), text(map.updates), m_layer == Layer::Updates}});
}

bool GptqMapView::handle(const CanvasEvent& event) {
  if (m_image.isNull()) return false;
  const auto channel = [&] {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(m_x.toValue(event.position.x())), 0,
                                    m_report->in - 1);
  };
  switch (event.type) {
    case CanvasEvent::Move:
      m_pointer = event.position;
      m_selection->setHover(-1, m_plot.contains(m_pointer) ? channel() : -1);
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button != Qt::LeftButton || !m_plot.contains(event.position)) return false;
      m_selection->setChannel(channel());
      return true;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      m_selection->setHover(-1, -1);
      emit changed();
      return true;
    default:
      return false;
  }
}

QString GptqMapView::copyText() const {
  if (!m_report) return {};
  QStringList lines;
  for (std::int64_t row = 0; row < m_report->map.rows; ++row) {
    QStringList cells;
    for (std::int64_t column = 0; column < m_report->map.columns; ++column)
      cells << plainNumber(values()[static_cast<std::size_t>(row * m_report->map.columns + column)]);
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n'));
}

QString GptqMapView::accessibleText() const {
  if (!m_report) return m_hint;
  return tr("Map of %1: root mean squares of tiles, up to %2")
      .arg(layerName(), valueText(static_cast<double>(largest(values()))));
}

}  // namespace ql
