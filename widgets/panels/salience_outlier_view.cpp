#include "widgets/panels/salience_outlier_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {

namespace {

constexpr double kGrip = 7;
constexpr double kStep = 0.1, kFineStep = 0.01;  // of the threshold, by the arrow keys

}  // namespace

SalienceOutlierView::SalienceOutlierView(Selection* selection, QObject* parent)
    : SaliencePlot(parent), m_selection(selection) {
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void SalienceOutlierView::setState(std::shared_ptr<const SalienceState> state) {
  const std::size_t before = m_ranked.size();
  m_state = std::move(state);
  m_ranked.clear();
  m_order.clear();
  if (m_state) {
    const std::vector<float>& absmax = m_state->basis->inputAbsmax;
    m_order.resize(absmax.size());
    std::iota(m_order.begin(), m_order.end(), std::int64_t{0});
    std::ranges::stable_sort(m_order, [&](std::int64_t a, std::int64_t b) {
      return absmax[static_cast<std::size_t>(a)] > absmax[static_cast<std::size_t>(b)];
    });
    for (const std::int64_t channel : m_order)
      m_ranked.push_back(static_cast<double>(absmax[static_cast<std::size_t>(channel)]));
  }
  if (m_ranked.size() != before) m_x.range = allRanks();
  fitValues();
  emit changed();
}

// The threshold stays in sight, whatever the channels are.
void SalienceOutlierView::fitValues() {
  if (m_isDragging) return;
  std::vector<double> values = m_ranked;
  values.push_back(m_threshold);
  values.push_back(m_threshold * 1.5);
  m_y.range = logRangeOf(values, 6);
}

void SalienceOutlierView::setThreshold(double threshold) {
  if (threshold == m_threshold) return;
  m_threshold = threshold;
  fitValues();
  emit changed();
}

std::int64_t SalienceOutlierView::countOver() const {
  return std::ranges::count_if(m_ranked, [this](double value) { return value >= m_threshold; });
}

void SalienceOutlierView::draw(Painter& painter, const Theme& theme) {
  if (m_ranked.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 48 * uiScale()), tr("input channels, largest |x| first"));
  drawRanked(painter, m_y, m_ranked, {theme.activation, 2});
  const auto mark = [&](std::int64_t channel, const QColor& color) {
    const auto at = std::ranges::find(m_order, channel);
    if (at == m_order.end()) return;
    const auto rank = static_cast<std::size_t>(at - m_order.begin());
    const double x = m_x.toPixel(static_cast<double>(rank) + 0.5);
    if (x < m_plot.left() || x > m_plot.right()) return;
    const double y =
        m_ranked[rank] > 0 ? std::min(m_y.toPixel(m_ranked[rank]), m_plot.bottom()) : m_plot.bottom();
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color});
    painter.fillCircle({x, y}, 3.5, theme.base);
    painter.strokeCircle({x, y}, 3.5, {theme.activation, 2});
  };
  if (m_selection->channel()) mark(*m_selection->channel(), theme.accent);
  if (m_selection->hoverChannel() != m_selection->channel().value_or(-1))
    mark(m_selection->hoverChannel(), theme.outline);
  drawLine(painter, theme);
  drawLegend(painter, theme, {{tr("largest |x| of a channel"), theme.activation}});
  drawHover(painter, theme);
}

void SalienceOutlierView::drawLine(Painter& painter, const Theme& theme) const {
  const double s = uiScale(), y = m_y.toPixel(m_threshold);
  if (y < m_plot.top() - 1 || y > m_plot.bottom() + 1) return;
  const bool isHot = m_isDragging || m_hasFocus || isOnLine(m_pointer);
  const double half = isHot ? 6 * s : 5 * s, x = m_plot.right();
  painter.line({m_plot.left(), y}, {x, y}, {theme.accent, isHot ? 2.0 : 1.0});
  const QPointF shape[] = {
      {x - half, y}, {x, y - half}, {x + half, y - half}, {x + half, y + half}, {x, y + half}};
  painter.fillPolygon(shape, theme.accent);
  const QString text = tr("%1 of %2 channels from %3 on")
                           .arg(countText(countOver()), countText(static_cast<std::int64_t>(m_ranked.size())),
                                settingText(m_threshold));
  const QSizeF box = painter.textSize(text, FontRole::AxisSemibold);
  const bool isAbove = y - box.height() - 4 * s > m_plot.top();
  const QPointF at(x - 12 * s - box.width(), isAbove ? y - box.height() - 3 * s : y + 3 * s);
  QColor ground = theme.base;
  ground.setAlpha(215);
  painter.fillRect(QRectF(at, box).adjusted(-3, 0, 3, 0), ground);
  painter.text(at, text, theme.accent, FontRole::AxisSemibold);
}

void SalienceOutlierView::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_plot.contains(m_pointer) || m_isDragging || isOnLine(m_pointer)) return;
  const auto rank = rankAt(m_pointer.x(), m_ranked.size());
  if (!rank) return;
  const std::int64_t channel = m_order[*rank];
  const ColumnSalience& columns = m_state->report.columns;
  drawReadOut(
      painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
      tr("input channel %1, rank %2")
          .arg(countText(channel), countText(static_cast<std::int64_t>(*rank) + 1)),
      {{tr("|X| max"), valueText(m_ranked[*rank]), true, theme.activation},
       {tr("salience"), valueText(columns.sums[static_cast<std::size_t>(channel)]), false, theme.weight}});
}

bool SalienceOutlierView::isOnLine(QPointF at) const {
  return std::abs(at.y() - m_y.toPixel(m_threshold)) <= kGrip * uiScale() && at.x() >= m_plot.left() &&
         at.x() <= m_plot.right() + kGrip * uiScale();
}

Qt::CursorShape SalienceOutlierView::cursorShape() const {
  return m_isDragging || (!m_ranked.empty() && isOnLine(m_pointer)) ? Qt::SizeVerCursor : Qt::ArrowCursor;
}

void SalienceOutlierView::moveTo(double threshold) {
  if (!(threshold > 0) || std::isinf(threshold) || threshold == m_threshold) return;
  m_threshold = threshold;
  emit changed();
  emit cursorMoved();
  emit thresholdMoved(threshold);
}

bool SalienceOutlierView::handle(const CanvasEvent& event) {
  if (m_ranked.empty()) return false;
  const bool isLeft = event.button == Qt::LeftButton;
  if (event.type == CanvasEvent::Press && isLeft && isOnLine(event.position)) {
    m_isDragging = true;
    return true;
  }
  if (event.type == CanvasEvent::Release && m_isDragging) {
    m_isDragging = false;
    fitValues();
    emit changed();
    return true;
  }
  if (event.type == CanvasEvent::Move && m_isDragging) {
    m_pointer = event.position;
    const double y = std::clamp(event.position.y(), m_plot.top(), m_plot.bottom());
    moveTo(std::round(m_y.toValue(y) * 100) / 100 > 0 ? std::round(m_y.toValue(y) * 100) / 100
                                                      : m_y.toValue(y));
    return true;
  }
  if (handleZoom(event, allRanks())) return true;
  switch (event.type) {
    case CanvasEvent::Move: {
      m_pointer = event.position;
      const auto rank = m_plot.contains(m_pointer) ? rankAt(m_pointer.x(), m_ranked.size()) : std::nullopt;
      m_selection->setHover(-1, rank ? m_order[*rank] : -1);
      emit changed();
      return true;
    }
    case CanvasEvent::Press:
      if (isLeft && m_plot.contains(event.position))
        if (const auto rank = rankAt(event.position.x(), m_ranked.size()))
          m_selection->setChannel(m_order[*rank]);
      return isLeft;
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

bool SalienceOutlierView::handleKey(const CanvasEvent& event) {
  const double factor = 1 + (event.has(Qt::ShiftModifier) ? kFineStep : kStep);
  switch (event.key) {
    case Qt::Key_Up:
    case Qt::Key_Right:
      moveTo(m_threshold * factor);
      break;
    case Qt::Key_Down:
    case Qt::Key_Left:
      moveTo(m_threshold / factor);
      break;
    case Qt::Key_Home:
      moveTo(kLlmInt8Threshold);
      break;
    default:
      return false;
  }
  fitValues();
  return true;
}

QString SalienceOutlierView::accessibleText() const {
  if (m_ranked.empty()) return hint();
  return tr("Largest |x| by input channel: %1 of %2 channels reach the threshold %3.")
      .arg(countText(countOver()), countText(static_cast<std::int64_t>(m_ranked.size())),
           settingText(m_threshold));
}

std::vector<NumberTableModel::Column> SalienceOutlierView::tableColumns() const {
  if (m_ranked.empty()) return {};
  NumberTableModel::Column rank{tr("rank"), {}, true}, channel{tr("channel"), {}, true};
  NumberTableModel::Column salience{tr("salience"), {}};
  for (std::size_t i = 0; i < m_ranked.size(); ++i) {
    rank.values.push_back(static_cast<double>(i + 1));
    channel.values.push_back(static_cast<double>(m_order[i]));
    salience.values.push_back(m_state->report.columns.sums[static_cast<std::size_t>(m_order[i])]);
  }
  return {rank, channel, {tr("|X| max"), m_ranked}, salience};
}

}  // namespace ql
