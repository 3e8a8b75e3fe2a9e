// How a SmoothedChannelsView looks.
#include "widgets/bridge/number_format.h"
#include "widgets/bridge/selection.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/smoothed_channels_view.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr std::size_t kMostNamed = 6;  // outlier channels named in the plot

}  // namespace

void SmoothedChannelsView::draw(Painter& painter, const Theme& theme) {
  if (!m_channels) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(m_hint, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Bottom});
    return;
  }
  layOut();
  drawLegend(painter, theme);
  drawPlot(painter, theme, false);
  drawPlot(painter, theme, true);
  drawNames(painter, theme);
  drawHover(painter, theme);
}

void SmoothedChannelsView::drawLegend(Painter& painter, const Theme& theme) const {
  const double s = uiScale(), y = 14 * s;
  double x = m_before.right();
  struct Entry {
    QString text;
    QColor color;
  };
  std::vector<Entry> entries;
  if (hasActivations()) entries.push_back({tr("|X| absmax"), theme.activation});
  entries.push_back({tr("|W| absmax"), theme.weight});
  for (const Entry& entry : entries) {  // from the right
    painter.text({x, y}, entry.text, theme.text, FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
    x -= painter.textSize(entry.text, FontRole::Axis).width() + 6 * s;
    painter.line({x - 14 * s, y}, {x, y}, {entry.color, 2});
    x -= 30 * s;
  }
  if (!hasActivations() && x > m_before.left() + 120 * s)
    painter.text({m_before.left(), y},
                 painter.elided(tr("no activations yet"), x - m_before.left(), FontRole::Axis),
                 theme.secondary, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
}

void SmoothedChannelsView::drawPlot(Painter& painter, const Theme& theme, bool isAfter) const {
  const double s = uiScale();
  const QRectF rect = plot(isAfter);
  const Axis y = valueAxis(isAfter);
  const double titleY = rect.top() - 13 * s;
  const QString title = isAfter ? tr("After") : tr("Before"), largest = largestText(isAfter);
  const double margin = 8 * s;
  if (isAfter) painter.line({0, rect.top() - 26 * s}, {size().width(), rect.top() - 26 * s}, {theme.line});
  painter.text({margin, titleY}, title, theme.text, FontRole::AxisSemibold,
               {TextAlign::Left, TextAlign::Middle});
  painter.text({rect.right(), titleY}, largest, theme.secondary, FontRole::Axis,
               {TextAlign::Right, TextAlign::Middle});
  const std::vector<double> ticks = valueTicks(y, 26 * s);
  drawHorizontalGrid(painter, rect, y, ticks, {theme.grid});
  drawLeftAxis(painter, theme, y, rect.left() - 6 * s, ticks);
  Axis ranks = m_x;  // ranks count from 1 and stand under the middle of their channel
  ranks.range.from += 0.5;
  ranks.range.to += 0.5;
  std::vector<double> marks = indexTicks(ranks, 56 * s);
  if (ranks.range.contains(1) && (marks.empty() || marks.front() > 1)) marks.insert(marks.begin(), 1);
  drawBottomAxis(painter, theme, ranks, rect.bottom() + 4 * s, marks);
  const ClipScope clip(painter, rect.adjusted(-1, -1, 1, 1));
  const Plot& values = m_plots[isAfter ? 1 : 0];
  drawCurve(painter, values.activations, theme.activation, isAfter);
  drawCurve(painter, values.weights, theme.weight, isAfter);
  drawMarks(painter, theme, isAfter);
}

void SmoothedChannelsView::drawCurve(Painter& painter, const Curve& curve, const QColor& color,
                                     bool isAfter) const {
  if (curve.values.empty()) return;
  const QRectF rect = plot(isAfter);
  const Axis axis = valueAxis(isAfter);
  const auto count = static_cast<std::ptrdiff_t>(curve.values.size());
  const auto first = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(m_x.range.from), 0, count - 1);
  const auto last =
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(m_x.range.to) + 1, first + 1, count);
  const auto y = [&](float v) {  // zeros and what is not a number lie on the floor
    return v > 0 && std::isfinite(v)
               ? std::clamp(axis.toPixel(static_cast<double>(v)), rect.top(), rect.bottom())
               : rect.bottom();
  };
  std::vector<QPointF> points;
  const double perPixel = static_cast<double>(last - first) / rect.width();
  if (perPixel <= 2) {
    for (auto i = first; i < last; ++i)
      points.emplace_back(m_x.toPixel(static_cast<double>(i) + 0.5),
                          y(curve.values[static_cast<std::size_t>(i)]));
  } else {  // a pixel covers many channels: its smallest and its largest, so that no peak is lost
    for (int p = 0; p < static_cast<int>(rect.width()); ++p) {
      const auto begin = first + static_cast<std::ptrdiff_t>(p * perPixel);
      const auto end = std::min(last, first + static_cast<std::ptrdiff_t>((p + 1) * perPixel) + 1);
      if (begin >= end) continue;
      const auto [low, high] = std::minmax_element(curve.values.begin() + begin, curve.values.begin() + end);
      points.emplace_back(rect.left() + p + 0.5, y(*high));
      points.emplace_back(rect.left() + p + 0.5, y(*low));
    }
  }
  painter.polyline(points, {color, 1.4});
}

// Dots on the outliers, lines through the pinned channel and the one under any view's cursor.
void SmoothedChannelsView::drawMarks(Painter& painter, const Theme& theme, bool isAfter) const {
  const QRectF rect = plot(isAfter);
  const Axis axis = valueAxis(isAfter);
  const Plot& values = m_plots[isAfter ? 1 : 0];
  const double s = uiScale();
  const auto each = [&](std::size_t rank, auto&& put) {
    const double x = m_x.toPixel(static_cast<double>(rank) + 0.5);
    for (const auto& [curve, color] :
         {std::pair(&values.activations, theme.activation), std::pair(&values.weights, theme.weight)}) {
      if (curve->values.empty()) continue;
      const auto v = static_cast<double>(curve->values[rank]);
      put(QPointF(x, v > 0 ? std::clamp(axis.toPixel(v), rect.top(), rect.bottom()) : rect.bottom()), color);
    }
  };
  if (m_outliers.size() <= m_order.size() / 8 + 3)
    for (const std::int64_t channel : m_outliers)
      each(*rankOf(channel),
           [&](QPointF at, const QColor& color) { painter.fillCircle(at, 2.6 * s, color); });
  const auto mark = [&](std::int64_t channel, const QColor& line) {
    const auto rank = rankOf(channel);
    if (!rank) return;
    const double x = m_x.toPixel(static_cast<double>(*rank) + 0.5);
    painter.line({x, rect.top()}, {x, rect.bottom()}, {line, 1});
    each(*rank, [&](QPointF at, const QColor& color) {
      painter.fillCircle(at, 3.5 * s, theme.base);
      painter.strokeCircle(at, 3.5 * s, {color, 2});
    });
  };
  const auto pinned = m_selection->channel();
  if (pinned) mark(*pinned, theme.accent);
  if (const std::int64_t hover = m_selection->hoverChannel(); hover >= 0 && hover != pinned)
    mark(hover, theme.outline);
}

// "18, 26, 30" beside the first outlier; those elsewhere in the order are named above their peak.
void SmoothedChannelsView::drawNames(Painter& painter, const Theme& theme) const {
  if (m_outliers.empty() || m_outliers.size() > m_order.size() / 8 + 3) return;
  const double s = uiScale();
  const Axis axis = valueAxis(false);
  const ClipScope clip(painter, m_before.adjusted(0, -2, 0, 0));
  double taken = -HUGE_VAL;
  for (std::size_t i = 0; i < m_outliers.size();) {
    std::size_t end = i + 1;  // of the run of neighbours by rank
    while (end < m_outliers.size() && *rankOf(m_outliers[end]) == *rankOf(m_outliers[end - 1]) + 1) ++end;
    std::vector<std::int64_t> run(m_outliers.begin() + static_cast<std::ptrdiff_t>(i),
                                  m_outliers.begin() + static_cast<std::ptrdiff_t>(end));
    const std::size_t rank = *rankOf(run.back()), firstRank = *rankOf(run.front());
    std::sort(run.begin(), run.end());
    QStringList names;
    for (std::size_t k = 0; k < std::min(run.size(), kMostNamed); ++k) names << countText(run[k]);
    QString text = names.join(QStringLiteral(", "));
    if (run.size() > kMostNamed)
      text = tr("%1 and %2 more").arg(text, countText(static_cast<std::int64_t>(run.size() - kMostNamed)));
    double high = static_cast<double>(m_plots[0].weights.values[firstRank]);
    if (hasActivations())
      high = std::max(high, static_cast<double>(m_plots[0].activations.values[firstRank]));
    const double x = m_x.toPixel(static_cast<double>(rank) + 0.5) + 8 * s;
    const double width = painter.textSize(text, FontRole::Axis).width();
    const double y = std::clamp(axis.toPixel(high), m_before.top() + 8 * s, m_before.bottom() - 8 * s);
    const double left = std::min(x, m_before.right() - width);
    if (left > taken) {
      painter.text({left, y}, text, theme.text, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
      taken = left + width + 8 * s;
    }
    i = end;
  }
}

void SmoothedChannelsView::drawHover(Painter& painter, const Theme& theme) const {
  if (m_panFrom) return;
  const auto rank = rankAt(m_pointer);
  if (!rank) return;
  const std::int64_t channel = m_order[*rank];
  std::vector<ReadOutRow> rows;
  const auto add = [&](const QString& label, const Curve Plot::*curve, const QColor& color) {
    const auto& before = (m_plots[0].*curve).values;
    const auto& after = (m_plots[1].*curve).values;
    if (before.empty()) return;
    rows.push_back({label,
                    tr("%1 → %2").arg(valueText(static_cast<double>(before[*rank])),
                                      valueText(static_cast<double>(after[*rank]))),
                    false, color});
  };
  add(tr("|W| max"), &Plot::weights, theme.weight);
  add(tr("|X| max"), &Plot::activations, theme.activation);
  rows.push_back({tr("S"), valueText(static_cast<double>(m_channels->s[static_cast<std::size_t>(channel)])),
                  true, theme.smoothing});
  drawReadOut(
      painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
      tr("channel %1, rank %2").arg(countText(channel), countText(static_cast<std::int64_t>(*rank) + 1)),
      rows);
}

}  // namespace ql
