#include "widgets/panels/salience_plot.h"

#include "widgets/bridge/number_format.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kLeft = 50, kRight = 14, kRightAxis = 50, kTop = 22, kBottom = 36;

QString plainDouble(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', 9) : QString();
}

}  // namespace

int NumberTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || m_columns.empty() ? 0 : static_cast<int>(m_columns.front().values.size());
}

int NumberTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QVariant NumberTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  if (role == Qt::TextAlignmentRole) return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole) return {};
  const Column& column = m_columns[static_cast<std::size_t>(index.column())];
  const double value = column.values[static_cast<std::size_t>(index.row())];
  if (std::isnan(value)) return QString(kDash);
  if (column.isCount) return countText(static_cast<std::int64_t>(value));
  return column.isPercent ? percentText(value) : valueText(value);
}

QVariant NumberTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role != Qt::DisplayRole || orientation != Qt::Horizontal) return {};
  return m_columns[static_cast<std::size_t>(section)].title;
}

QString NumberTableModel::copyText() const {
  QStringList lines, titles;
  for (const Column& column : m_columns) titles << column.title;
  lines << titles.join(QLatin1Char('\t'));
  for (int row = 0; row < rowCount(); ++row) {
    QStringList cells;
    for (const Column& column : m_columns) cells << plainDouble(column.values[static_cast<std::size_t>(row)]);
    lines << cells.join(QLatin1Char('\t'));
  }
  return lines.join(QLatin1Char('\n'));
}

void SaliencePlot::setHint(const QString& hint) {
  if (hint == m_hint) return;
  m_hint = hint;
  emit changed();
}

void SaliencePlot::setSettled(bool isSettled) {
  const bool was = m_isSettled;
  m_isSettled = isSettled;
  if (isSettled && !was) emit settled();
}

QString SaliencePlot::copyText() const {
  const std::vector<NumberTableModel::Column> columns = tableColumns();
  return columns.empty() ? QString() : NumberTableModel(columns).copyText();
}

std::unique_ptr<QAbstractItemModel> SaliencePlot::table() const {
  std::vector<NumberTableModel::Column> columns = tableColumns();
  if (columns.empty()) return nullptr;
  return std::make_unique<NumberTableModel>(std::move(columns));
}

void SaliencePlot::setRightAxis(bool hasRight) {
  m_hasRight = hasRight;
  layOut();
}

void SaliencePlot::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s,
                  std::max(10.0, size().width() - (kLeft + (m_hasRight ? kRightAxis : kRight)) * s),
                  std::max(10.0, size().height() - (kTop + kBottom) * s));
  m_x.begin = m_plot.left();
  m_x.end = m_plot.right();
  m_y.begin = m_right.begin = m_plot.bottom();
  m_y.end = m_right.end = m_plot.top();
}

void SaliencePlot::drawHint(Painter& painter, const Theme& theme) const {
  painter.text({size().width() / 2, size().height() / 2},
               painter.elided(m_hint, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
               {TextAlign::Center, TextAlign::Middle});
}

void SaliencePlot::drawFrame(Painter& painter, const Theme& theme, const std::vector<double>& bottomTicks,
                             const QString& bottomTitle, const TickLabel& leftLabel,
                             const TickLabel& bottomLabel) const {
  const std::vector<double> ticks = valueTicks(m_y, 26 * uiScale());
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  painter.line(m_plot.bottomLeft(), m_plot.bottomRight(), {theme.line});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6 * uiScale(), ticks, leftLabel);
  drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 6 * uiScale(), bottomTicks, bottomLabel);
  painter.text({m_plot.center().x(), size().height() - 2 * uiScale()}, bottomTitle, theme.secondary,
               FontRole::Axis, {TextAlign::Center, TextAlign::Bottom});
}

void SaliencePlot::drawRightAxis(Painter& painter, const QColor& color, const TickLabel& label) const {
  for (const double tick : valueTicks(m_right, 26 * uiScale())) {
    const double y = m_right.toPixel(tick);
    painter.line({m_plot.right(), y}, {m_plot.right() + 3 * uiScale(), y}, {color});
    painter.text({m_plot.right() + 6 * uiScale(), y}, label ? label(tick) : tickText(tick), color,
                 FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  }
}

void SaliencePlot::drawLegend(Painter& painter, const Theme& theme,
                              const std::vector<LegendEntry>& entries) const {
  double x = m_plot.left();
  const double s = uiScale(), y = m_plot.top() - 12 * s;
  for (const LegendEntry& entry : entries) {
    const double width = painter.textSize(entry.label, FontRole::Axis).width();
    if (x + 16 * s + width > size().width()) return;
    painter.line({x, y}, {x + 12 * s, y}, {entry.color, 2, entry.stroke.dash, entry.stroke.gap});
    painter.text({x + 16 * s, y}, entry.label, theme.secondary, FontRole::Axis,
                 {TextAlign::Left, TextAlign::Middle});
    x += 28 * s + width;
  }
}

void SaliencePlot::drawRanked(Painter& painter, const Axis& y, std::span<const double> values,
                              const Stroke& stroke) const {
  const auto count = static_cast<std::ptrdiff_t>(values.size());
  if (count == 0) return;
  const auto first = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(m_x.range.from), 0, count - 1);
  const auto last =
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(m_x.range.to) + 1, first + 1, count);
  const auto pixel = [&](double value) {  // what a log axis cannot show lies on its floor
    const bool isBelow = y.range.scale == AxisScale::Log && !(value > 0);
    return isBelow ? m_plot.bottom() : std::clamp(y.toPixel(value), m_plot.top(), m_plot.bottom());
  };
  std::vector<QPointF> points;
  const double perPixel = static_cast<double>(last - first) / m_plot.width();
  if (perPixel <= 2) {
    for (auto i = first; i < last; ++i)
      points.emplace_back(m_x.toPixel(static_cast<double>(i) + 0.5),
                          pixel(values[static_cast<std::size_t>(i)]));
  } else {  // a pixel covers many ranks: its largest and its smallest
    const auto pixels = static_cast<int>(m_plot.width());
    for (int p = 0; p < pixels; ++p) {
      const auto begin = first + static_cast<std::ptrdiff_t>(p * perPixel);
      const auto end = std::min(last, first + static_cast<std::ptrdiff_t>((p + 1) * perPixel) + 1);
      if (begin >= end) continue;
      const auto [low, high] = std::minmax_element(values.begin() + begin, values.begin() + end);
      points.emplace_back(m_plot.left() + p + 0.5, pixel(*high));
      points.emplace_back(m_plot.left() + p + 0.5, pixel(*low));
    }
  }
  const ClipScope clip(painter, m_plot.adjusted(-1, -1, 1, 1));
  if (points.size() > 1) painter.polyline(points, stroke);
  if (points.size() == 1) painter.fillCircle(points.front(), 2.5, stroke.color);
}

void SaliencePlot::drawHandle(Painter& painter, const Theme& theme, double x, bool isHot) const {
  const double s = uiScale(), half = isHot ? 6 * s : 5 * s;
  painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {theme.accent, isHot ? 2.0 : 1.0});
  const double y = m_plot.bottom();
  const QPointF shape[] = {
      {x, y - half}, {x + half, y}, {x + half, y + half}, {x - half, y + half}, {x - half, y}};
  painter.fillPolygon(shape, theme.accent);
}

bool SaliencePlot::handleZoom(const CanvasEvent& event, const ValueRange& all) {
  switch (event.type) {
    case CanvasEvent::Move:
      if (!m_panFrom) return false;
      m_x.range = panned(m_x.range, (m_panFrom->x() - event.position.x()) / m_plot.width(), all);
      m_panFrom = event.position;
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button != Qt::MiddleButton) return false;
      m_panFrom = event.position;
      return true;
    case CanvasEvent::Release:
      return std::exchange(m_panFrom, std::nullopt).has_value();
    case CanvasEvent::DoubleClick:
      m_x.range = all;
      emit changed();
      return true;
    case CanvasEvent::Wheel:
      m_x.range = zoomed(m_x.range, std::pow(0.8, event.wheel), m_x.toValue(event.position.x()), all,
                         std::min(8.0, all.span()));
      emit changed();
      return true;
    case CanvasEvent::Key:
      if (event.key != Qt::Key_F) return false;
      m_x.range = all;
      emit changed();
      return true;
    case CanvasEvent::FocusIn:
    case CanvasEvent::FocusOut:
      m_hasFocus = event.type == CanvasEvent::FocusIn;
      emit changed();
      return false;
    default:
      return false;
  }
}

std::optional<std::size_t> SaliencePlot::rankAt(double x, std::size_t count) const {
  if (count == 0 || x < m_plot.left() - 4 || x > m_plot.right() + 4) return std::nullopt;
  const double rank = std::floor(m_x.toValue(x));
  return static_cast<std::size_t>(std::clamp(rank, 0.0, static_cast<double>(count - 1)));
}

QString settingText(double value) {
  return QString::number(value, 'g', 3);
}

QString percentTick(double fraction) {
  return QString::number(fraction * 100, 'g', 3) + kNarrowSpace + QLatin1Char('%');
}

ValueRange logRangeOf(std::span<const double> values, double maxDecades) {
  double low = INFINITY, high = 0;
  for (const double value : values) {
    if (!(value > 0) || std::isinf(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return low <= high ? fitted(low, high, AxisScale::Log, maxDecades) : fitted(1, 1, AxisScale::Log);
}

}  // namespace ql
