#include "widgets/panels/method_views/billm_rank_plot.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <numeric>

namespace ql {

BillmRankPlot::BillmRankPlot(Selection* selection, QObject* parent)
    : SaliencePlot(parent), m_selection(selection) {
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void BillmRankPlot::setState(std::shared_ptr<const BillmState> state) {
  m_state = std::move(state);
  rebuild();
}

void BillmRankPlot::setByChannel(bool isByChannel) {
  if (isByChannel == m_isByChannel) return;
  m_isByChannel = isByChannel;
  rebuild();
}

void BillmRankPlot::rebuild() {
  const std::size_t before = m_channels.size();
  m_channels.clear();
  m_scores.clear();
  if (m_state) {
    const BillmReport& report = m_state->report;
    m_channels = report.ranking;
    m_rankOf.resize(m_channels.size());
    for (std::size_t rank = 0; rank < m_channels.size(); ++rank)
      m_rankOf[static_cast<std::size_t>(report.ranking[rank])] = rank;
    if (m_isByChannel) std::iota(m_channels.begin(), m_channels.end(), std::int64_t{0});
    m_placeOf.resize(m_channels.size());
    for (std::size_t place = 0; place < m_channels.size(); ++place) {
      const auto channel = static_cast<std::size_t>(m_channels[place]);
      m_placeOf[channel] = place;
      m_scores.push_back(report.scores[channel]);
    }
    m_y.range = logRangeOf(m_scores, 9);
  }
  if (m_channels.size() != before) m_x.range = allPlaces();
  emit changed();
}

std::optional<std::size_t> BillmRankPlot::placeOf(std::int64_t channel) const {
  if (m_channels.empty() || channel < 0 || channel >= static_cast<std::int64_t>(m_placeOf.size()))
    return std::nullopt;
  return m_placeOf[static_cast<std::size_t>(channel)];
}

double BillmRankPlot::yOf(std::size_t place) const {
  const double score = m_scores[place];
  return score > 0 ? std::clamp(m_y.toPixel(score), m_plot.top(), m_plot.bottom()) : m_plot.bottom();
}

void BillmRankPlot::draw(Painter& painter, const Theme& theme) {
  if (m_channels.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 48 * uiScale()),
            m_isByChannel ? tr("input channel") : tr("columns, largest score first"));
  drawRanked(painter, m_y, m_scores, {theme.weight, 1.4});
  drawSalient(painter, theme);
  drawMarks(painter, theme);
  drawLegend(painter, theme,
             {{m_state->report.options.isHessian ? tr("salience of a column") : tr("sum of |w| of a column"),
               theme.weight},
              {tr("became salient"), billmColor(BillmPart::Salient, theme)}});
  drawHover(painter, theme);
}

void BillmRankPlot::drawSalient(Painter& painter, const Theme& theme) const {
  const ClipScope clip(painter, m_plot.adjusted(-4, -4, 4, 1));
  const QColor color = billmColor(BillmPart::Salient, theme);
  for (const BillmBlock& block : m_state->report.blocks) {
    for (const std::int64_t channel : block.salient) {
      const std::size_t place = m_placeOf[static_cast<std::size_t>(channel)];
      const double x = m_x.toPixel(static_cast<double>(place) + 0.5), y = yOf(place);
      painter.line({x, m_plot.bottom()}, {x, y}, {color});
      painter.fillCircle({x, y}, 2.6 * uiScale(), color);
    }
  }
}

void BillmRankPlot::drawMarks(Painter& painter, const Theme& theme) const {
  const ClipScope clip(painter, m_plot.adjusted(-1, 0, 1, 0));
  const auto mark = [&](std::size_t place, const QColor& color) {
    const double x = m_x.toPixel(static_cast<double>(place) + 0.5);
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color});
  };
  if (const auto pinned = m_selection->channel())
    if (const auto place = placeOf(*pinned)) mark(*place, theme.accent);
  if (m_selection->hoverChannel() == m_selection->channel().value_or(-1)) return;
  if (const auto place = placeOf(m_selection->hoverChannel())) mark(*place, theme.outline);
}

void BillmRankPlot::drawHover(Painter& painter, const Theme& theme) const {
  const bool isPointed = m_plot.contains(m_pointer);
  const auto pinned = m_hasFocus && m_selection->channel() ? placeOf(*m_selection->channel()) : std::nullopt;
  const auto place = isPointed ? rankAt(m_pointer.x(), m_channels.size()) : pinned;
  if (!place) return;
  const BillmReport& report = m_state->report;
  const std::int64_t channel = m_channels[*place];
  const auto j = static_cast<std::size_t>(channel);
  const auto block = std::ranges::find_if(
      report.blocks, [&](const BillmBlock& b) { return channel >= b.begin && channel < b.end; });
  std::vector<ReadOutRow> rows{{tr("score"), valueText(m_scores[*place]), true, theme.weight},
                               {tr("rank"), countText(static_cast<std::int64_t>(m_rankOf[j]) + 1)}};
  if (block != report.blocks.end())
    rows.push_back({tr("salient in its block"), countText(static_cast<std::int64_t>(block->salient.size()))});
  rows.push_back({report.isSalient[j] != 0 ? tr("salient: binarized twice") : tr("not salient"),
                  {},
                  false,
                  report.isSalient[j] != 0 ? billmColor(BillmPart::Salient, theme) : QColor()});
  const QPointF anchor =
      isPointed ? m_pointer : QPointF(m_x.toPixel(static_cast<double>(*place) + 0.5), m_plot.center().y());
  drawReadOut(painter, theme, anchor, QRectF(QPointF(0, 0), size()),
              tr("input channel %1").arg(countText(channel)), rows);
}

bool BillmRankPlot::handle(const CanvasEvent& event) {
  if (m_channels.empty()) return false;
  if (handleZoom(event, allPlaces())) return true;
  switch (event.type) {
    case CanvasEvent::Move: {
      m_pointer = event.position;
      const auto place = m_plot.contains(m_pointer) ? rankAt(m_pointer.x(), m_channels.size()) : std::nullopt;
      m_selection->setHover(-1, place ? m_channels[*place] : -1);
      emit changed();
      return true;
    }
    case CanvasEvent::Press:
      if (event.button == Qt::LeftButton && m_plot.adjusted(-4, 0, 4, 0).contains(event.position))
        if (const auto place = rankAt(event.position.x(), m_channels.size())) pick(*place);
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

void BillmRankPlot::pick(std::size_t place) {
  m_selection->setChannel(m_channels[place]);
  emit cursorMoved();
}

bool BillmRankPlot::handleKey(const CanvasEvent& event) {
  const auto last = static_cast<std::ptrdiff_t>(m_channels.size()) - 1;
  const auto pinned = m_selection->channel() ? placeOf(*m_selection->channel()) : std::nullopt;
  const auto at = static_cast<std::ptrdiff_t>(pinned.value_or(0));
  const std::ptrdiff_t step = event.has(Qt::ShiftModifier) ? std::max<std::ptrdiff_t>(1, (last + 1) / 10) : 1;
  switch (event.key) {
    case Qt::Key_Left:
      pick(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, at - step)));
      return true;
    case Qt::Key_Right:
      pick(static_cast<std::size_t>(pinned ? std::min(last, at + step) : 0));
      return true;
    case Qt::Key_Home:
      pick(0);
      return true;
    case Qt::Key_End:
      pick(static_cast<std::size_t>(last));
      return true;
    case Qt::Key_Escape:
      m_selection->setChannel(std::nullopt);
      return true;
    default:
      return false;
  }
}

QString BillmRankPlot::accessibleText() const {
  if (m_channels.empty()) return hint();
  const BillmReport& report = m_state->report;
  const auto pinned = m_selection->channel() ? placeOf(*m_selection->channel()) : std::nullopt;
  if (!pinned)
    return tr("Columns by score: %1 of %2 became salient; arrow keys walk through them")
        .arg(countText(std::ranges::count(report.isSalient, 1)), countText(report.in));
  const auto channel = static_cast<std::size_t>(m_channels[*pinned]);
  return tr("Input channel %1: score %2, rank %3, %4")
      .arg(countText(m_channels[*pinned]), valueText(m_scores[*pinned]),
           countText(static_cast<std::int64_t>(m_rankOf[channel]) + 1),
           report.isSalient[channel] != 0 ? tr("salient") : tr("not salient"));
}

std::vector<NumberTableModel::Column> BillmRankPlot::tableColumns() const {
  if (m_channels.empty()) return {};
  NumberTableModel::Column rank{tr("rank"), {}, true}, channel{tr("channel"), {}, true};
  NumberTableModel::Column salient{tr("salient"), {}, true};
  for (const std::int64_t at : m_channels) {
    const auto j = static_cast<std::size_t>(at);
    rank.values.push_back(static_cast<double>(m_rankOf[j] + 1));
    channel.values.push_back(static_cast<double>(at));
    salient.values.push_back(static_cast<double>(m_state->report.isSalient[j]));
  }
  return {rank, channel, {tr("score"), m_scores}, salient};
}

}  // namespace ql
