#include "widgets/panels/method_views/gptq_column_plot.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {

GptqColumnPlot::GptqColumnPlot(Selection* selection, Quantity quantity, QObject* parent)
    : SaliencePlot(parent), m_selection(selection), m_quantity(quantity) {
  setRightAxis(true);  // everywhere, so that the plots stand in line
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void GptqColumnPlot::setReport(std::shared_ptr<const GptqReport> report) {
  m_report = std::move(report);
  rebuild();
}

void GptqColumnPlot::setOrdered(bool isOrdered) {
  if (isOrdered == m_isOrdered) return;
  m_isOrdered = isOrdered;
  rebuild();
}

void GptqColumnPlot::rebuild() {
  const std::size_t before = m_channels.size();
  m_channels.clear();
  m_placeOf.clear();
  m_first.clear();
  m_second.clear();
  if (m_report) {
    m_channels.resize(static_cast<std::size_t>(m_report->in));
    m_placeOf.resize(m_channels.size());
    std::iota(m_channels.begin(), m_channels.end(), std::int64_t{0});
    for (std::size_t channel = 0; channel < m_channels.size(); ++channel) {
      const auto place = m_isOrdered ? static_cast<std::size_t>(m_report->place[channel]) : channel;
      m_channels[place] = static_cast<std::int64_t>(channel);
      m_placeOf[channel] = place;
    }
    for (const std::int64_t channel : m_channels) {
      const auto j = static_cast<std::size_t>(channel);
      const bool isLoss = m_quantity == Quantity::Loss, isError = m_quantity == Quantity::Error;
      m_first.push_back(isLoss    ? m_report->gptq.loss[j]
                        : isError ? m_report->gptq.error[j]
                                  : std::sqrt(m_report->updates[j] / std::max(1e-300, m_report->energy[j])));
      m_second.push_back(isLoss    ? m_report->rounding.loss[j]
                         : isError ? m_report->rounding.error[j]
                                   : m_report->hessian[j]);
    }
    std::vector<double> all = m_first;
    if (m_quantity != Quantity::Drive) all.insert(all.end(), m_second.begin(), m_second.end());
    m_y.range = logRangeOf(all, 6);
    m_right.range = logRangeOf(m_second, 9);
  }
  if (m_channels.size() != before) m_x.range = allPlaces();
  emit changed();
}

QString GptqColumnPlot::firstName() const {
  switch (m_quantity) {
    case Quantity::Loss:
      return tr("loss, GPTQ");
    case Quantity::Error:
      return tr("error energy, GPTQ");
    case Quantity::Drive:
      break;
  }
  return tr("update, relative to the column");
}

QString GptqColumnPlot::secondName() const {
  switch (m_quantity) {
    case Quantity::Loss:
      return tr("loss, nearest");
    case Quantity::Error:
      return tr("error energy, nearest");
    case Quantity::Drive:
      break;
  }
  return tr("Hessian diagonal");
}

QString GptqColumnPlot::tableTitle() const {
  switch (m_quantity) {
    case Quantity::Loss:
      return tr("Loss by column");
    case Quantity::Error:
      return tr("Weight error by column");
    case Quantity::Drive:
      break;
  }
  return tr("Updates and Hessian by column");
}

std::optional<std::size_t> GptqColumnPlot::placeOf(std::int64_t channel) const {
  if (channel < 0 || channel >= static_cast<std::int64_t>(m_placeOf.size())) return std::nullopt;
  return m_placeOf[static_cast<std::size_t>(channel)];
}

void GptqColumnPlot::draw(Painter& painter, const Theme& theme) {
  if (m_channels.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 48 * uiScale()),
            m_isOrdered ? tr("columns in the order of GPTQ") : tr("input channel"));
  const bool isDrive = m_quantity == Quantity::Drive;
  if (isDrive) drawRightAxis(painter, theme.activation);
  const QColor second = isDrive ? theme.activation : theme.gain;
  drawRanked(painter, isDrive ? m_right : m_y, m_second, {second, 1.4});
  drawRanked(painter, m_y, m_first, {isDrive ? theme.smoothing : theme.weight, 1.6});
  drawMarks(painter, theme);
  drawLegend(painter, theme,
             {{firstName(), isDrive ? theme.smoothing : theme.weight}, {secondName(), second}});
  drawHover(painter, theme);
}

void GptqColumnPlot::drawMarks(Painter& painter, const Theme& theme) const {
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

void GptqColumnPlot::drawHover(Painter& painter, const Theme& theme) const {
  const bool isPointed = m_plot.contains(m_pointer);
  const auto pinned = m_hasFocus && m_selection->channel() ? placeOf(*m_selection->channel()) : std::nullopt;
  const auto place = isPointed ? rankAt(m_pointer.x(), m_channels.size()) : pinned;
  if (!place) return;
  const auto j = static_cast<std::size_t>(channelAt(*place));
  const GptqReport& report = *m_report;
  std::vector<ReadOutRow> rows;
  rows.push_back(
      {tr("loss, GPTQ"), valueText(report.gptq.loss[j]), m_quantity == Quantity::Loss, theme.weight});
  rows.push_back({tr("nearest"), valueText(report.rounding.loss[j]), false, theme.gain});
  const auto rms = [&](double energy) {
    return valueText(std::sqrt(energy / static_cast<double>(std::max<std::int64_t>(1, report.out))));
  };
  rows.push_back({tr("rms error, GPTQ"), rms(report.gptq.error[j]), m_quantity == Quantity::Error});
  rows.push_back({tr("nearest"), rms(report.rounding.error[j])});
  rows.push_back({tr("rms update"), rms(report.updates[j]), m_quantity == Quantity::Drive, theme.smoothing});
  rows.push_back({tr("Hessian"), valueText(report.hessian[j]), false, theme.activation});
  if (report.dead[j] != 0) rows.push_back({tr("dead: always zero on the calibration data")});
  const QPointF anchor =
      isPointed ? m_pointer : QPointF(m_x.toPixel(static_cast<double>(*place) + 0.5), m_plot.center().y());
  drawReadOut(
      painter, theme, anchor, QRectF(QPointF(0, 0), size()),
      tr("input channel %1, taken as %2").arg(countText(channelAt(*place)), countText(report.place[j] + 1)),
      rows);
}

bool GptqColumnPlot::handle(const CanvasEvent& event) {
  if (m_channels.empty()) return false;
  if (handleZoom(event, allPlaces())) return true;
  switch (event.type) {
    case CanvasEvent::Move: {
      m_pointer = event.position;
      const auto place = m_plot.contains(m_pointer) ? rankAt(m_pointer.x(), m_channels.size()) : std::nullopt;
      m_selection->setHover(-1, place ? channelAt(*place) : -1);
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

void GptqColumnPlot::pick(std::size_t place) {
  m_selection->setChannel(channelAt(place));
  emit cursorMoved();
}

bool GptqColumnPlot::handleKey(const CanvasEvent& event) {
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

QString GptqColumnPlot::accessibleText() const {
  if (m_channels.empty()) return hint();
  const auto pinned = m_selection->channel() ? placeOf(*m_selection->channel()) : std::nullopt;
  if (!pinned) return tr("%1; arrow keys walk through the columns").arg(tableTitle());
  return tr("Input channel %1: %2 %3, %4 %5")
      .arg(countText(channelAt(*pinned)), firstName(), valueText(m_first[*pinned]), secondName(),
           valueText(m_second[*pinned]));
}

std::vector<NumberTableModel::Column> GptqColumnPlot::tableColumns() const {
  if (m_channels.empty()) return {};
  NumberTableModel::Column place{tr("taken as"), {}, true}, channel{tr("channel"), {}, true};
  for (const std::int64_t at : m_channels) {
    place.values.push_back(static_cast<double>(m_report->place[static_cast<std::size_t>(at)] + 1));
    channel.values.push_back(static_cast<double>(at));
  }
  return {place, channel, {firstName(), m_first}, {secondName(), m_second}};
}

}  // namespace ql
