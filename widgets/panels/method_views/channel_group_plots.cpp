#include "widgets/panels/method_views/channel_group_plots.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kGoldenAngle = 0.61803398874989;
constexpr double kReach = 12;       // pixels between the pointer and a point
constexpr double kWideRanges = 20;  // largest over median from which axes bend

/// Linear where that shows the channels, else logarithmic on both sides of the median magnitude.
ValueRange rangeFor(const std::vector<float>& low, const std::vector<float>& high) {
  const auto [least, unusedLow] = std::minmax_element(low.begin(), low.end());
  const auto [unusedHigh, most] = std::minmax_element(high.begin(), high.end());
  std::vector<float> sizes;
  for (std::size_t j = 0; j < low.size(); ++j) sizes.push_back(std::max(std::abs(low[j]), std::abs(high[j])));
  const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
  std::nth_element(sizes.begin(), middle, sizes.end());
  const double median = static_cast<double>(*middle);
  const double from = static_cast<double>(*least), to = static_cast<double>(*most);
  const double largest = std::max(std::abs(from), std::abs(to));
  ValueRange range{from, to, AxisScale::Linear, 1};
  if (median > 0 && largest > kWideRanges * median) {
    range.scale = AxisScale::Symlog;
    range.threshold = median;
  }
  if (!(range.from < range.to)) return {from - 1, to + 1, AxisScale::Linear, 1};
  const double below = range.valueAt(-0.04), above = range.valueAt(1.04);
  range.from = below;
  range.to = above;
  return range;
}

}  // namespace

QColor groupColor(std::int32_t group, const Theme& theme) {
  const double hue = std::fmod(0.57 + kGoldenAngle * group, 1.0);
  return theme.isDark ? QColor::fromHslF(static_cast<float>(hue), 0.62f, 0.62f)
                      : QColor::fromHslF(static_cast<float>(hue), 0.70f, 0.42f);
}

ChannelGroupPlot::ChannelGroupPlot(Selection* selection, QObject* parent)
    : SaliencePlot(parent), m_selection(selection) {
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void ChannelGroupPlot::setReport(std::shared_ptr<const ChannelGroupReport> report) {
  const bool isAnother = !report || !m_report || report->id != m_report->id || report->min != m_report->min;
  m_report = std::move(report);
  if (m_report && !m_report->min.empty()) reportChanged(isAnother);
  emit changed();
  emit cursorMoved();
}

std::optional<std::int64_t> ChannelGroupPlot::hovered() const {
  const std::int64_t channel = m_selection->hoverChannel();
  if (!m_report || channel < 0 || channel >= static_cast<std::int64_t>(m_report->min.size())) return {};
  return channel;
}

bool ChannelGroupPlot::handle(const CanvasEvent& event) {
  if (!m_report || m_report->min.empty()) return false;
  if (handleZoom(event, wholeX())) return true;
  switch (event.type) {
    case CanvasEvent::Move: {
      m_pointer = event.position;
      m_selection->setHover(-1, channelAt(m_pointer).value_or(-1));
      emit changed();
      return true;
    }
    case CanvasEvent::Press:
      if (event.button == Qt::LeftButton)
        if (const auto channel = channelAt(event.position)) m_selection->setChannel(channel);
      return event.button == Qt::LeftButton;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      m_selection->setHover(-1, -1);
      emit changed();
      return true;
    default:
      return false;
  }
}

std::vector<NumberTableModel::Column> ChannelGroupPlot::tableColumns() const {
  if (!m_report || m_report->min.empty()) return {};
  NumberTableModel::Column channel{tr("channel"), {}, true}, group{tr("group"), {}, true};
  NumberTableModel::Column low{tr("smallest"), {}}, high{tr("largest"), {}};
  for (const std::int32_t j : m_report->order) {
    const auto i = static_cast<std::size_t>(j);
    channel.values.push_back(j);
    group.values.push_back(m_report->groups.groupOf[i]);
    low.values.push_back(static_cast<double>(m_report->min[i]));
    high.values.push_back(static_cast<double>(m_report->max[i]));
  }
  return {group, channel, low, high};
}

void ChannelGroupPlot::drawChannelReadOut(Painter& painter, const Theme& theme, std::int64_t channel) const {
  const auto j = static_cast<std::size_t>(channel);
  const std::int32_t group = m_report->groups.groupOf[j];
  const auto g = static_cast<std::size_t>(group);
  const auto span = [](float low, float high) {
    return tr("%1 to %2").arg(valueText(static_cast<double>(low)), valueText(static_cast<double>(high)));
  };
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
              tr("input channel %1").arg(countText(channel)),
              {{tr("values"), span(m_report->min[j], m_report->max[j]), true},
               {tr("group %1 of %2").arg(group + 1).arg(m_report->groups.count),
                span(m_report->groupMin[g], m_report->groupMax[g]), false, groupColor(group, theme)},
               {tr("channels in it"), countText(m_report->sizes[g])}});
}

// A point a channel
// -------------------------------------------------------------------------------------------------

void ChannelScatterView::reportChanged(bool isAnotherInput) {
  if (!isAnotherInput) return;
  m_allX = rangeFor(m_report->min, m_report->min);
  m_x.range = m_allX;
  m_y.range = rangeFor(m_report->max, m_report->max);
}

QPointF ChannelScatterView::pointOf(std::size_t channel) const {
  return {m_x.toPixel(static_cast<double>(m_report->min[channel])),
          m_y.toPixel(static_cast<double>(m_report->max[channel]))};
}

std::optional<std::int64_t> ChannelScatterView::channelAt(QPointF position) const {
  if (!m_plot.adjusted(-4, -4, 4, 4).contains(position)) return {};
  double nearest = kReach * uiScale();
  std::optional<std::int64_t> found;
  for (std::size_t j = 0; j < m_report->min.size(); ++j) {
    const QPointF d = pointOf(j) - position;
    const double distance = std::hypot(d.x(), d.y());
    if (distance >= nearest) continue;
    nearest = distance;
    found = static_cast<std::int64_t>(j);
  }
  return found;
}

void ChannelScatterView::draw(Painter& painter, const Theme& theme) {
  if (!m_report || m_report->min.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, valueTicks(m_x, 48 * uiScale()), tr("smallest value of the channel"));
  painter.text({m_plot.left(), m_plot.top() - 12 * uiScale()}, tr("largest value of the channel"),
               theme.secondary, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  const double radius = (m_report->min.size() > 2000 ? 1.8 : 3.0) * uiScale();
  {
    const ClipScope clip(painter, m_plot.adjusted(-4, -4, 4, 4));
    for (std::size_t j = 0; j < m_report->min.size(); ++j) {
      QColor color = groupColor(m_report->groups.groupOf[j], theme);
      color.setAlphaF(0.75f);
      painter.fillCircle(pointOf(j), radius, color);
    }
    const auto ring = [&](std::int64_t channel, const QColor& color) {
      if (channel < 0 || channel >= static_cast<std::int64_t>(m_report->min.size())) return;
      painter.strokeCircle(pointOf(static_cast<std::size_t>(channel)), radius + 3 * uiScale(), {color, 2});
    };
    ring(m_selection->channel().value_or(-1), theme.accent);
    ring(m_selection->hoverChannel(), theme.text);
  }
  if (m_plot.contains(m_pointer))
    if (const auto channel = hovered()) drawChannelReadOut(painter, theme, *channel);
}

QString ChannelScatterView::accessibleText() const {
  if (!m_report) return hint();
  return tr("%1 channels by smallest and largest value, in %2 groups.")
      .arg(countText(static_cast<std::int64_t>(m_report->min.size())))
      .arg(m_report->groups.count);
}

// A bar a channel
// ---------------------------------------------------------------------------------------------------

ValueRange ChannelRangesView::wholeX() const {
  return {0, m_report ? std::max(1.0, static_cast<double>(m_report->min.size())) : 1.0};
}

void ChannelRangesView::reportChanged(bool isAnotherInput) {
  if (!isAnotherInput) return;
  m_x.range = wholeX();
  m_y.range = rangeFor(m_report->min, m_report->max);
}

std::size_t ChannelRangesView::channelOf(std::size_t place) const {
  return m_isGrouped ? static_cast<std::size_t>(m_report->order[place]) : place;
}

std::optional<std::int64_t> ChannelRangesView::channelAt(QPointF position) const {
  if (!m_plot.contains(position)) return {};
  const auto place = rankAt(position.x(), m_report->min.size());
  return place ? std::optional(static_cast<std::int64_t>(channelOf(*place))) : std::nullopt;
}

/// What values are rounded with: one range for all, or that of each group.
void ChannelRangesView::drawRanges(Painter& painter, const Theme& theme) const {
  const auto box = [&](double from, double to, float low, float high, const QColor& color) {
    const double top = m_y.toPixel(static_cast<double>(high)), bottom = m_y.toPixel(static_cast<double>(low));
    const QRectF rect(m_x.toPixel(from), top, m_x.toPixel(to) - m_x.toPixel(from), bottom - top);
    painter.fillRect(rect, blend(theme.base, color, theme.isDark ? 0.22 : 0.14));
  };
  const std::size_t count = m_report->min.size();
  if (!m_isGrouped) {
    const auto low = std::min_element(m_report->groupMin.begin(), m_report->groupMin.end());
    const auto high = std::max_element(m_report->groupMax.begin(), m_report->groupMax.end());
    return box(0, static_cast<double>(count), *low, *high, theme.secondary);
  }
  std::size_t begin = 0;
  for (std::size_t g = 0; g < m_report->sizes.size(); ++g) {
    const std::size_t end = begin + static_cast<std::size_t>(m_report->sizes[g]);
    box(static_cast<double>(begin), static_cast<double>(end), m_report->groupMin[g], m_report->groupMax[g],
        groupColor(static_cast<std::int32_t>(g), theme));
    begin = end;
  }
}

/// A bar covers all channels of its pixels, so that no extreme is lost.
void ChannelRangesView::drawBars(Painter& painter, const Theme& theme) const {
  const std::size_t count = m_report->min.size();
  const double width = m_x.toPixel(1) - m_x.toPixel(0);
  const std::size_t step =
      std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(1 / std::max(width, 1e-3))));
  for (std::size_t place = 0; place < count; place += step) {
    const double x = m_x.toPixel(static_cast<double>(place));
    if (x + width * static_cast<double>(step) < m_plot.left() || x > m_plot.right()) continue;
    float low = m_report->min[channelOf(place)], high = m_report->max[channelOf(place)];
    for (std::size_t i = place; i < std::min(count, place + step); ++i) {
      low = std::min(low, m_report->min[channelOf(i)]);
      high = std::max(high, m_report->max[channelOf(i)]);
    }
    const double top = m_y.toPixel(static_cast<double>(high)), bottom = m_y.toPixel(static_cast<double>(low));
    const double bar = width * static_cast<double>(step);
    painter.fillRect(QRectF(x + (bar > 3 ? 0.5 : 0), top, std::max(1.0, bar - (bar > 3 ? 1 : 0)),
                            std::max(1.0, bottom - top)),
                     groupColor(m_report->groups.groupOf[channelOf(place)], theme));
  }
}

void ChannelRangesView::draw(Painter& painter, const Theme& theme) {
  if (!m_report || m_report->min.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 48 * uiScale()),
            m_isGrouped ? tr("place in the order of the groups") : tr("input channel"));
  {
    const ClipScope clip(painter, m_plot);
    drawRanges(painter, theme);
    drawBars(painter, theme);
    const auto mark = [&](std::int64_t channel, const QColor& color) {
      for (std::size_t place = 0; place < m_report->min.size(); ++place) {
        if (static_cast<std::int64_t>(channelOf(place)) != channel) continue;
        const double x = m_x.toPixel(static_cast<double>(place) + 0.5);
        painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color});
        return;
      }
    };
    if (m_selection->channel()) mark(*m_selection->channel(), theme.accent);
    if (const auto channel = hovered()) mark(*channel, theme.text);
  }
  if (m_plot.contains(m_pointer))
    if (const auto channel = hovered()) drawChannelReadOut(painter, theme, *channel);
}

QString ChannelRangesView::accessibleText() const {
  if (!m_report) return hint();
  return m_isGrouped ? tr("Ranges of %1 channels in the order of %2 groups.")
                           .arg(countText(static_cast<std::int64_t>(m_report->min.size())))
                           .arg(m_report->groups.count)
                     : tr("Ranges of %1 channels as they stand.")
                           .arg(countText(static_cast<std::int64_t>(m_report->min.size())));
}

}  // namespace ql
