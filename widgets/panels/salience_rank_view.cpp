#include "widgets/panels/salience_rank_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>

namespace ql {

SalienceRankView::SalienceRankView(Selection* selection, QObject* parent)
    : SaliencePlot(parent), m_selection(selection) {
  setRightAxis(true);
  m_right.range = {0, 1};
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void SalienceRankView::setState(std::shared_ptr<const SalienceState> state) {
  const std::size_t before = m_ranked.size();
  m_state = std::move(state);
  m_ranked.clear();
  m_rankOf.clear();
  if (m_state) {
    const ColumnSalience& columns = m_state->report.columns;
    m_rankOf.resize(columns.order.size());
    for (const std::int64_t channel : columns.order) {
      m_rankOf[static_cast<std::size_t>(channel)] = m_ranked.size();
      m_ranked.push_back(columns.sums[static_cast<std::size_t>(channel)]);
    }
    m_y.range = logRangeOf(m_ranked, 9);
  }
  if (m_ranked.size() != before) m_x.range = allRanks();
  emit changed();
}

std::optional<std::size_t> SalienceRankView::rankOf(std::int64_t channel) const {
  if (channel < 0 || channel >= static_cast<std::int64_t>(m_rankOf.size())) return std::nullopt;
  return m_rankOf[static_cast<std::size_t>(channel)];
}

void SalienceRankView::draw(Painter& painter, const Theme& theme) {
  if (m_ranked.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 48 * uiScale()), tr("columns, most salient first"));
  drawRightAxis(painter, theme.gain, percentTick);
  const ColumnSalience& columns = m_state->report.columns;
  // the 1 % that the concentration is about
  const double top = m_x.toPixel(static_cast<double>(columns.topCount));
  {
    const ClipScope clip(painter, m_plot);
    QColor ground = theme.accent;
    ground.setAlpha(theme.isDark ? 48 : 28);
    painter.fillRect(QRectF(QPointF(m_x.toPixel(0), m_plot.top()), QPointF(top, m_plot.bottom())), ground);
  }
  drawRanked(painter, m_right, columns.cumulative, {theme.gain, 1.6});
  drawRanked(painter, m_y, m_ranked, {theme.weight, 2});
  drawMarks(painter, theme);
  drawLegend(painter, theme,
             {{tr("salience of a column"), theme.weight}, {tr("share of the total so far"), theme.gain}});
  drawHover(painter, theme);
}

void SalienceRankView::drawMarks(Painter& painter, const Theme& theme) const {
  const ClipScope clip(painter, m_plot.adjusted(-4, -1, 4, 4));
  const auto mark = [&](std::size_t rank, const QColor& color) {
    const double x = m_x.toPixel(static_cast<double>(rank) + 0.5);
    const double value = m_ranked[rank];
    const double y = value > 0 ? std::min(m_y.toPixel(value), m_plot.bottom()) : m_plot.bottom();
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color});
    painter.fillCircle({x, y}, 3.5, theme.base);
    painter.strokeCircle({x, y}, 3.5, {theme.weight, 2});
  };
  const auto pinned = m_selection->channel();
  if (pinned)
    if (const auto rank = rankOf(*pinned)) mark(*rank, theme.accent);
  const std::int64_t hover = m_selection->hoverChannel();
  if (hover == pinned.value_or(-1)) return;
  if (const auto rank = rankOf(hover)) mark(*rank, theme.outline);
}

void SalienceRankView::drawHover(Painter& painter, const Theme& theme) const {
  const bool isPointed = m_plot.contains(m_pointer);
  const auto pinned = m_hasFocus && m_selection->channel() ? rankOf(*m_selection->channel()) : std::nullopt;
  const auto rank = isPointed ? rankAt(m_pointer.x(), m_ranked.size()) : pinned;
  if (!rank) return;
  const ColumnSalience& columns = m_state->report.columns;
  const auto channel = static_cast<std::size_t>(channelAt(*rank));
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("salience"), valueText(m_ranked[*rank]), true, theme.weight});
  rows.push_back({tr("share"), percentText(columns.total > 0 ? m_ranked[*rank] / columns.total : 0)});
  rows.push_back({tr("so far"), percentText(columns.cumulative[*rank]), false, theme.gain});
  rows.push_back({tr("|W| max"), valueText(static_cast<double>(m_state->weights->columns.absmax[channel]))});
  if (channel < m_state->basis->inputAbsmax.size())
    rows.push_back({tr("|X| max"), valueText(static_cast<double>(m_state->basis->inputAbsmax[channel])),
                    false, theme.activation});
  const QPointF anchor =
      isPointed ? m_pointer : QPointF(m_x.toPixel(static_cast<double>(*rank) + 0.5), m_plot.center().y());
  drawReadOut(painter, theme, anchor, QRectF(QPointF(0, 0), size()),
              tr("input channel %1, rank %2")
                  .arg(countText(channelAt(*rank)), countText(static_cast<std::int64_t>(*rank) + 1)),
              rows);
}

bool SalienceRankView::handle(const CanvasEvent& event) {
  if (m_ranked.empty()) return false;
  if (handleZoom(event, allRanks())) return true;
  switch (event.type) {
    case CanvasEvent::Move: {
      m_pointer = event.position;
      const auto rank = m_plot.contains(m_pointer) ? rankAt(m_pointer.x(), m_ranked.size()) : std::nullopt;
      m_selection->setHover(-1, rank ? channelAt(*rank) : -1);
      emit changed();
      return true;
    }
    case CanvasEvent::Press:
      if (event.button == Qt::LeftButton && m_plot.adjusted(-4, 0, 4, 0).contains(event.position))
        if (const auto rank = rankAt(event.position.x(), m_ranked.size())) pickRank(*rank);
      return event.button == Qt::LeftButton;
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

void SalienceRankView::pickRank(std::size_t rank) {
  m_selection->setChannel(channelAt(rank));
  emit cursorMoved();
}

bool SalienceRankView::handleKey(const CanvasEvent& event) {
  const auto last = static_cast<std::ptrdiff_t>(m_ranked.size()) - 1;
  const auto pinned = m_selection->channel() ? rankOf(*m_selection->channel()) : std::nullopt;
  const auto at = static_cast<std::ptrdiff_t>(pinned.value_or(0));
  const std::ptrdiff_t step = event.has(Qt::ShiftModifier) ? std::max<std::ptrdiff_t>(1, (last + 1) / 10) : 1;
  switch (event.key) {
    case Qt::Key_Left:
      pickRank(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, at - step)));
      return true;
    case Qt::Key_Right:
      pickRank(static_cast<std::size_t>(pinned ? std::min(last, at + step) : 0));
      return true;
    case Qt::Key_Home:
      pickRank(0);
      return true;
    case Qt::Key_End:
      pickRank(static_cast<std::size_t>(last));
      return true;
    case Qt::Key_Escape:
      m_selection->setChannel(std::nullopt);
      return true;
    default:
      return false;
  }
}

QString SalienceRankView::accessibleText() const {
  if (m_ranked.empty()) return hint();
  const ColumnSalience& columns = m_state->report.columns;
  const auto rank = m_selection->channel() ? rankOf(*m_selection->channel()) : std::nullopt;
  if (!rank)
    return tr("Columns by salience: the first %1 of %2 hold %3 of the total.")
        .arg(countText(columns.topCount), countText(static_cast<std::int64_t>(m_ranked.size())),
             percentText(columns.concentration));
  return tr("Columns by salience: channel %1 has rank %2, salience %3; the columns up to it hold %4.")
      .arg(countText(*m_selection->channel()), countText(static_cast<std::int64_t>(*rank) + 1),
           valueText(m_ranked[*rank]), percentText(columns.cumulative[*rank]));
}

std::vector<NumberTableModel::Column> SalienceRankView::tableColumns() const {
  if (m_ranked.empty()) return {};
  NumberTableModel::Column rank{tr("rank"), {}, true}, channel{tr("channel"), {}, true};
  NumberTableModel::Column share{tr("share"), {}, false, true};
  NumberTableModel::Column weight{tr("|W| max"), {}}, input{tr("|X| max"), {}};
  const std::vector<float>& absmax = m_state->basis->inputAbsmax;
  const double total = m_state->report.columns.total;
  for (std::size_t i = 0; i < m_ranked.size(); ++i) {
    const auto at = static_cast<std::size_t>(channelAt(i));
    rank.values.push_back(static_cast<double>(i + 1));
    channel.values.push_back(static_cast<double>(at));
    share.values.push_back(total > 0 ? m_ranked[i] / total : 0);
    weight.values.push_back(static_cast<double>(m_state->weights->columns.absmax[at]));
    input.values.push_back(at < absmax.size() ? static_cast<double>(absmax[at]) : std::nan(""));
  }
  return {rank,
          channel,
          {tr("salience"), m_ranked},
          share,
          {tr("share so far"), m_state->report.columns.cumulative, false, true},
          weight,
          input};
}

}  // namespace ql
