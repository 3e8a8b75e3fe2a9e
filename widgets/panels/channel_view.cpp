#include "widgets/panels/channel_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/selection.h"
#include "widgets/canvas/read_out.h"
#include "widgets/models/channel_table_model.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kLeft = 48, kRight = 12, kRightAxis = 46, kTop = 26, kBottom = 22;
constexpr double kPeakRatio = 50;      // as the detector's criterion (methods: column peak ratio)
constexpr std::size_t kMostNamed = 6;  // outlier channels named in the plot

}  // namespace

ChannelView::ChannelView(Selection* selection, QObject* parent) : CanvasView(parent), m_selection(selection) {
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void ChannelView::setData(std::shared_ptr<const ChannelData> data, const QString& title) {
  const bool isSameLength = m_data && data && m_data->rows.size() == data->rows.size();
  m_data = std::move(data);
  m_title = title;
  makeCurves();
  m_allRanks = {0, m_data ? std::max(1.0, static_cast<double>(m_data->rows.size())) : 1.0};
  if (!isSameLength) m_x.range = m_allRanks;
  fitValues();
  layOut();
  emit changed();
}

void ChannelView::setLog(bool isLog) {
  m_isLog = isLog;
  fitValues();
  emit changed();
}

void ChannelView::setHint(const QString& hint) {
  m_hint = hint;
  emit changed();
}

void ChannelView::setSettled(bool isSettled) {
  const bool was = m_isSettled;
  m_isSettled = isSettled;
  if (isSettled && !was) emit settled();
}

void ChannelView::makeCurves() {
  m_curves.clear();
  if (!m_data || m_data->rows.empty()) return;
  Curve weights{tr("|W| absmax"), &Theme::weight, {}, {{}, 2}, false};
  Curve gain{tr("norm weight g"), &Theme::gain, {}, {{}, 1.2}, false};
  Curve share{tr("error share"), &Theme::warning, {}, {{}, 1.2}, false};
  Curve actAbsmax{tr("|X| absmax"), &Theme::activation, {}, {{}, 1.6}, true};
  Curve actMedian{tr("median"), &Theme::activation, {}, {{}, 1.2, 4, 3}, true};
  Curve actRms{tr("rms"), &Theme::activation, {}, {{}, 1.2, 1, 2}, true};
  for (const ChannelRow& row : m_data->rows) {
    weights.values.push_back(static_cast<double>(row.absmax));
    if (m_data->hasGain) gain.values.push_back(std::abs(static_cast<double>(row.gain.value_or(0))));
    if (m_data->hasError) share.values.push_back(row.errorShare.value_or(0));
    if (m_data->hasActAbsmax) actAbsmax.values.push_back(static_cast<double>(row.actAbsmax.value_or(0)));
    if (m_data->hasActMedian) actMedian.values.push_back(static_cast<double>(row.actMedian.value_or(0)));
    if (m_data->hasActRms) actRms.values.push_back(row.actRms.value_or(0));
  }
  m_curves.push_back(std::move(weights));
  if (m_data->hasGain) m_curves.push_back(std::move(gain));
  if (m_data->hasError) m_curves.push_back(std::move(share));
  if (m_data->hasActAbsmax) m_curves.push_back(std::move(actAbsmax));
  if (m_data->hasActMedian) m_curves.push_back(std::move(actMedian));
  if (m_data->hasActRms) m_curves.push_back(std::move(actRms));
}

ValueRange ChannelView::rangeOf(bool ofActivations) const {
  double low = INFINITY, high = 0;
  for (const Curve& curve : m_curves) {
    if (curve.isActivation != ofActivations) continue;
    for (const double v : curve.values) {
      if (!std::isfinite(v)) continue;
      high = std::max(high, v);
      if (v > 0) low = std::min(low, v);
    }
  }
  if (!(low <= high)) low = high = 1;
  return fitted(m_isLog ? low : 0, high, m_isLog ? AxisScale::Log : AxisScale::Linear, 7);
}

void ChannelView::fitValues() {
  m_y.range = rangeOf(false);
  m_right.range = rangeOf(true);
}

void ChannelView::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s,
                  std::max(10.0, size().width() - (kLeft + (hasActivations() ? kRightAxis : kRight)) * s),
                  std::max(10.0, size().height() - (kTop + kBottom) * s));
  m_x.begin = m_plot.left();
  m_x.end = m_plot.right();
  m_y.begin = m_plot.bottom();
  m_y.end = m_plot.top();
  m_right.begin = m_y.begin;
  m_right.end = m_y.end;
}

std::optional<std::size_t> ChannelView::rankAt(double x) const {
  if (!m_data || m_data->rows.empty() || x < m_plot.left() - 4 || x > m_plot.right() + 4) return std::nullopt;
  const double rank = std::floor(m_x.toValue(x));
  if (rank < -1 || rank > static_cast<double>(m_data->rows.size())) return std::nullopt;
  return static_cast<std::size_t>(std::clamp(rank, 0.0, static_cast<double>(m_data->rows.size() - 1)));
}

void ChannelView::draw(Painter& painter, const Theme& theme) {
  if (m_curves.empty()) {
    painter.text({size().width() / 2, size().height() / 2}, m_hint, theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  drawHorizontalGrid(painter, m_plot, m_y, valueTicks(m_y, 28), {theme.grid});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6, valueTicks(m_y, 28));
  if (hasActivations()) drawRightAxis(painter, theme);
  drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 5, indexTicks(m_x, 56));
  {
    const ClipScope clip(painter, m_plot.adjusted(-1, -1, 1, 1));
    for (auto curve = m_curves.rbegin(); curve != m_curves.rend(); ++curve) drawCurve(painter, theme, *curve);
    drawMarks(painter, theme);
  }
  drawLegend(painter, theme);
  drawCallOut(painter, theme);
  drawHover(painter, theme);
}

void ChannelView::drawRightAxis(Painter& painter, const Theme& theme) const {
  for (const double tick : valueTicks(m_right, 28)) {
    const double y = m_right.toPixel(tick);
    painter.line({m_plot.right(), y}, {m_plot.right() + 3, y}, {theme.activation});
    painter.text({m_plot.right() + 6, y}, tickText(tick), theme.activation, FontRole::Axis,
                 {TextAlign::Left, TextAlign::Middle});
  }
  painter.text({size().width() - 6, m_plot.top() - 14 * uiScale()}, tr("|x|"), theme.activation,
               FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
}

void ChannelView::drawCurve(Painter& painter, const Theme& theme, const Curve& curve) const {
  const auto count = static_cast<std::ptrdiff_t>(curve.values.size());
  const auto first = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(m_x.range.from), 0, count - 1);
  const auto last =
      std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(m_x.range.to) + 1, first + 1, count);
  const auto y = [&](double v) {  // zeros lie on the floor of a log plot
    return v > 0 || !m_isLog ? std::clamp(axisOf(curve).toPixel(v), m_plot.top(), m_plot.bottom())
                             : m_plot.bottom();
  };
  std::vector<QPointF> points;
  const double perPixel = static_cast<double>(last - first) / m_plot.width();
  if (perPixel <= 2) {
    for (auto i = first; i < last; ++i)
      points.emplace_back(m_x.toPixel(static_cast<double>(i) + 0.5),
                          y(curve.values[static_cast<std::size_t>(i)]));
  } else {  // a pixel covers many channels: its smallest and its largest, so that no peak is lost
    const auto pixels = static_cast<int>(m_plot.width());
    for (int p = 0; p < pixels; ++p) {
      const auto begin = first + static_cast<std::ptrdiff_t>(p * perPixel);
      const auto end = std::min(last, first + static_cast<std::ptrdiff_t>((p + 1) * perPixel) + 1);
      if (begin >= end) continue;
      const auto [low, high] = std::minmax_element(curve.values.begin() + begin, curve.values.begin() + end);
      const double x = m_plot.left() + p + 0.5;
      points.emplace_back(x, y(*high));
      points.emplace_back(x, y(*low));
    }
  }
  Stroke stroke = curve.stroke;
  stroke.color = theme.*curve.color;
  if (points.size() > 1) painter.polyline(points, stroke);
}

void ChannelView::drawLegend(Painter& painter, const Theme& theme) const {
  double x = m_plot.left();
  const double y = m_plot.top() - 14 * uiScale();
  for (const Curve& curve : m_curves) {
    if (x + 16 + painter.textSize(curve.label, FontRole::Axis).width() > m_plot.right()) return;
    Stroke stroke = curve.stroke;
    stroke.color = theme.*curve.color;
    stroke.width = 2;
    painter.line({x, y}, {x + 12, y}, stroke);
    painter.text({x + 16, y}, curve.label, theme.secondary, FontRole::Axis,
                 {TextAlign::Left, TextAlign::Middle});
    x += 16 + painter.textSize(curve.label, FontRole::Axis).width() + 10;
  }
}

void ChannelView::drawMarks(Painter& painter, const Theme& theme) const {
  const auto mark = [&](std::int64_t channel, const QColor& color, double radius) {
    const auto rank = m_data->rank(channel);
    if (!rank) return;
    const double x = m_x.toPixel(static_cast<double>(*rank) + 0.5);
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color, 1});
    for (const Curve& curve : m_curves) {
      const double v = curve.values[*rank];
      const double y = v > 0 || !m_isLog ? axisOf(curve).toPixel(v) : m_plot.bottom();
      painter.fillCircle({x, y}, radius, theme.base);
      painter.strokeCircle({x, y}, radius, {theme.*curve.color, 2});
    }
  };
  const bool isInput = m_data->axis == ChannelAxis::Input;
  const auto pinned = isInput ? m_selection->channel() : m_selection->row();
  if (pinned) mark(*pinned, theme.accent, 3.5);
  const std::int64_t hover = isInput ? m_selection->hoverChannel() : m_selection->hoverRow();
  if (hover >= 0 && hover != pinned) mark(hover, theme.outline, 3);
}

void ChannelView::drawCallOut(Painter& painter, const Theme& theme) const {
  const std::vector<std::int64_t> peaks = m_data->peaks(kPeakRatio);
  if (peaks.empty() || peaks.size() > m_data->rows.size() / 8) return;
  QStringList names;
  for (std::size_t i = 0; i < std::min(peaks.size(), kMostNamed); ++i) names << countText(peaks[i]);
  if (peaks.size() > kMostNamed)
    names << tr("%1 more").arg(countText(static_cast<std::int64_t>(peaks.size() - kMostNamed)));
  const auto& first = m_data->rows[*m_data->rank(peaks.front())];
  const auto& last = m_data->rows[*m_data->rank(peaks.back())];
  const QString ratios = peaks.size() == 1
                             ? fixedText(first.ratio, 0)
                             : tr("%1 to %2").arg(fixedText(last.ratio, 0), fixedText(first.ratio, 0));
  const QString text =
      (peaks.size() == 1 ? tr("channel %1: %2 × the median") : tr("channels %1: %2 × the median"))
          .arg(names.join(QStringLiteral(", ")), ratios);
  const double x =
      m_plot.left() + std::max(14.0, m_x.toPixel(static_cast<double>(peaks.size())) - m_plot.left() + 8);
  const QString shown = painter.elided(text, m_plot.right() - x - 4, FontRole::Axis);
  const QPointF at(x, m_plot.top() + 4);
  QColor ground = theme.base;  // curves of activations pass here
  ground.setAlpha(215);
  painter.fillRect(QRectF(at, painter.textSize(shown, FontRole::Axis)).adjusted(-3, -1, 3, 1), ground);
  painter.text(at, shown, theme.text, FontRole::Axis);
}

void ChannelView::drawHover(Painter& painter, const Theme& theme) {
  if (!m_plot.contains(m_pointer) || m_panFrom) return;
  const auto rank = rankAt(m_pointer.x());
  if (!rank) return;
  const ChannelRow& row = m_data->rows[*rank];
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("|W| max"), valueText(static_cast<double>(row.absmax)), true, theme.weight});
  rows.push_back({tr("× median"), ratioText(row.ratio), false, {}});
  if (row.gain)
    rows.push_back({tr("norm weight g"), valueText(static_cast<double>(*row.gain)), false, theme.gain});
  if (m_data->axis == ChannelAxis::Input)
    rows.push_back({tr("sets scale of"), pluralText(row.rows, tr("row"), tr("rows")), false, {}});
  if (row.actAbsmax)
    rows.push_back({tr("|X| max"), valueText(static_cast<double>(*row.actAbsmax)), false, theme.activation});
  if (row.actMedian)
    rows.push_back(
        {tr("|X| median"), valueText(static_cast<double>(*row.actMedian)), false, theme.activation});
  if (row.actRms) rows.push_back({tr("|X| rms"), valueText(*row.actRms), false, theme.activation});
  if (row.errorShare) rows.push_back({tr("error share"), percentText(*row.errorShare), false, theme.warning});
  const QString title = (m_data->axis == ChannelAxis::Input ? tr("input channel %1, rank %2")
                                                            : tr("output channel %1, rank %2"))
                            .arg(countText(row.channel), countText(static_cast<std::int64_t>(*rank) + 1));
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), title, rows);
}

bool ChannelView::handle(const CanvasEvent& event) {
  if (!m_data || m_data->rows.empty()) return false;
  const bool isInput = m_data->axis == ChannelAxis::Input;
  switch (event.type) {
    case CanvasEvent::Move: {
      if (m_panFrom) {
        m_x.range = panned(m_x.range, (m_panFrom->x() - event.position.x()) / m_plot.width(), m_allRanks);
        m_panFrom = event.position;
      }
      m_pointer = event.position;
      const auto rank = m_plot.contains(m_pointer) ? rankAt(m_pointer.x()) : std::nullopt;
      const std::int64_t channel = rank ? m_data->rows[*rank].channel : -1;
      m_selection->setHover(isInput ? -1 : channel, isInput ? channel : -1);
      emit changed();
      return true;
    }
    case CanvasEvent::Press:
      if (event.button == Qt::MiddleButton) {
        m_panFrom = event.position;
      } else if (event.button == Qt::LeftButton && m_plot.adjusted(-4, 0, 4, 0).contains(event.position)) {
        if (const auto rank = rankAt(event.position.x())) {
          const std::int64_t channel = m_data->rows[*rank].channel;
          isInput ? m_selection->setChannel(channel) : m_selection->setRow(channel);
        }
      }
      return event.button != Qt::RightButton;
    case CanvasEvent::Release:
      m_panFrom.reset();
      return true;
    case CanvasEvent::DoubleClick:
      m_x.range = m_allRanks;
      emit changed();
      return true;
    case CanvasEvent::Wheel:
      m_x.range = zoomed(m_x.range, std::pow(0.8, event.wheel), m_x.toValue(event.position.x()), m_allRanks,
                         std::min(8.0, m_allRanks.span()));
      emit changed();
      return true;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      m_selection->setHover(-1, -1);
      emit changed();
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool ChannelView::handleKey(const CanvasEvent& event) {
  const int page = std::max(1, static_cast<int>(m_x.range.span() / 10));
  switch (event.key) {
    case Qt::Key_Left:
      moveCursor(event.has(Qt::ShiftModifier) ? -page : -1);
      return true;
    case Qt::Key_Right:
      moveCursor(event.has(Qt::ShiftModifier) ? page : 1);
      return true;
    case Qt::Key_Home:
      moveCursor(-static_cast<int>(m_data->rows.size()));
      return true;
    case Qt::Key_End:
      moveCursor(static_cast<int>(m_data->rows.size()));
      return true;
    case Qt::Key_F:
      m_x.range = m_allRanks;
      emit changed();
      return true;
    case Qt::Key_Escape:
      m_selection->setChannel(std::nullopt);
      m_selection->setRow(std::nullopt);
      return true;
    default:
      return false;
  }
}

void ChannelView::moveCursor(int ranks) {
  const bool isInput = m_data->axis == ChannelAxis::Input;
  const auto pinned = isInput ? m_selection->channel() : m_selection->row();
  const auto at = pinned ? m_data->rank(*pinned) : std::nullopt;
  const std::int64_t last = static_cast<std::int64_t>(m_data->rows.size()) - 1;
  const std::int64_t to = at ? std::clamp<std::int64_t>(static_cast<std::int64_t>(*at) + ranks, 0, last) : 0;
  const std::int64_t channel = m_data->rows[static_cast<std::size_t>(to)].channel;
  isInput ? m_selection->setChannel(channel) : m_selection->setRow(channel);
  emit cursorMoved();
}

QString ChannelView::copyText() const {
  if (!m_data) return {};
  QString text = tr("channel\tabsmax\tx_median\tgain\trows\terror_share\tact_absmax\tact_median\tact_rms");
  const auto number = [](const auto& value) {
    return value ? plainNumber(static_cast<float>(*value)) : QString();
  };
  for (const ChannelRow& row : m_data->rows) {
    const QStringList cells{QString::number(row.channel),
                            plainNumber(row.absmax),
                            plainNumber(static_cast<float>(row.ratio)),
                            number(row.gain),
                            QString::number(row.rows),
                            number(row.errorShare),
                            number(row.actAbsmax),
                            number(row.actMedian),
                            number(row.actRms)};
    text += QLatin1Char('\n') + cells.join(QLatin1Char('\t'));
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> ChannelView::table() const {
  if (!m_data) return nullptr;
  auto table = std::make_unique<ChannelTableModel>();
  table->setChannels(m_data);
  return table;
}

QString ChannelView::accessibleText() const {
  if (!m_data || m_data->rows.empty()) return m_hint;
  const auto pinned = m_data->axis == ChannelAxis::Input ? m_selection->channel() : m_selection->row();
  const auto rank = pinned ? m_data->rank(*pinned) : std::nullopt;
  if (!rank) return m_title;
  const ChannelRow& row = m_data->rows[*rank];
  return tr("%1. Channel %2: largest |w| %3, %4 times the median.")
      .arg(m_title, countText(row.channel), valueText(static_cast<double>(row.absmax)), ratioText(row.ratio));
}

}  // namespace ql
