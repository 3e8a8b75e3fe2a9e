#include "widgets/panels/method_views/rotation_plot.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <functional>

namespace ql {

RotationPlot::RotationPlot(Quantity quantity, QObject* parent) : SaliencePlot(parent), m_quantity(quantity) {}

void RotationPlot::setPreview(std::shared_ptr<const RotationPreview> preview) {
  m_preview = std::move(preview);
  rebuild();
}

void RotationPlot::setRanked(bool isRanked) {
  if (isRanked == m_isRanked) return;
  m_isRanked = isRanked;
  rebuild();
}

void RotationPlot::rebuild() {
  const std::size_t count = m_before.size();
  m_before.clear();
  m_after.clear();
  if (m_preview) {
    const auto valuesOf = [this](const RotationSide& side) -> const std::vector<float>& {
      return m_quantity == Quantity::Columns ? side.columnAbsmax
             : m_quantity == Quantity::Rows  ? side.rowAbsmax
                                             : side.inputAbsmax;
    };
    const auto &before = valuesOf(m_preview->before), &after = valuesOf(m_preview->after);
    m_before.assign(before.begin(), before.end());
    m_after.assign(after.begin(), after.end());
    if (m_isRanked) {
      std::sort(m_before.begin(), m_before.end(), std::greater<>());
      std::sort(m_after.begin(), m_after.end(), std::greater<>());
    }
    std::vector<double> all = m_before;
    all.insert(all.end(), m_after.begin(), m_after.end());
    m_y.range = logRangeOf(all, 6);
  }
  if (m_cursor && *m_cursor >= m_before.size()) m_cursor.reset();
  if (m_before.size() != count) m_x.range = allPlaces();
  emit changed();
}

QString RotationPlot::tableTitle() const {
  switch (m_quantity) {
    case Quantity::Columns:
      return tr("Largest |W| by input channel");
    case Quantity::Rows:
      return tr("Largest |W| by output channel");
    case Quantity::Inputs:
      break;
  }
  return tr("Largest |X| by input channel");
}

QString RotationPlot::placeText(std::size_t place) const {
  const QString number = countText(static_cast<std::int64_t>(place) + (m_isRanked ? 1 : 0));
  if (m_isRanked) return tr("rank %1").arg(number);
  return m_quantity == Quantity::Rows ? tr("output channel %1").arg(number)
                                      : tr("input channel %1").arg(number);
}

void RotationPlot::draw(Painter& painter, const Theme& theme) {
  if (m_before.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, indexTicks(m_x, 48 * uiScale()),
            m_isRanked                     ? tr("rank, each curve by itself")
            : m_quantity == Quantity::Rows ? tr("output channel")
                                           : tr("input channel"));
  const QColor strong = m_quantity == Quantity::Inputs ? theme.activation : theme.weight;
  drawRanked(painter, m_y, m_before, {theme.secondary, 1.2});
  drawRanked(painter, m_y, m_after, {strong, 1.6});
  drawLegend(painter, theme, {{tr("as it is"), theme.secondary}, {tr("rotated"), strong}});
  const bool isPointed = m_plot.contains(m_pointer);
  const auto place = isPointed    ? rankAt(m_pointer.x(), m_before.size())
                     : m_hasFocus ? m_cursor
                                  : std::nullopt;
  if (!place) return;
  const double x = m_x.toPixel(static_cast<double>(*place) + 0.5);
  {
    const ClipScope clip(painter, m_plot.adjusted(-1, 0, 1, 0));
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {theme.outline});
  }
  drawReadOut(painter, theme, isPointed ? m_pointer : QPointF(x, m_plot.center().y()),
              QRectF(QPointF(0, 0), size()), placeText(*place),
              {{tr("as it is"), valueText(m_before[*place]), false, theme.secondary},
               {tr("rotated"), valueText(m_after[*place]), true, strong}});
}

bool RotationPlot::handle(const CanvasEvent& event) {
  if (m_before.empty()) return false;
  if (handleZoom(event, allPlaces())) return true;
  switch (event.type) {
    case CanvasEvent::Move:
      m_pointer = event.position;
      emit changed();
      return true;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      emit changed();
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool RotationPlot::handleKey(const CanvasEvent& event) {
  const auto last = static_cast<std::ptrdiff_t>(m_before.size()) - 1;
  const std::ptrdiff_t step = event.has(Qt::ShiftModifier) ? std::max<std::ptrdiff_t>(1, (last + 1) / 10) : 1;
  std::ptrdiff_t at = m_cursor ? static_cast<std::ptrdiff_t>(*m_cursor) : 0;
  switch (event.key) {
    case Qt::Key_Left:
      at -= step;
      break;
    case Qt::Key_Right:
      at += m_cursor ? step : 0;
      break;
    case Qt::Key_Home:
      at = 0;
      break;
    case Qt::Key_End:
      at = last;
      break;
    default:
      return false;
  }
  m_cursor = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, last));
  emit cursorMoved();
  emit changed();
  return true;
}

QString RotationPlot::accessibleText() const {
  if (m_before.empty()) return hint();
  if (!m_cursor) return tr("%1; arrow keys walk through the channels").arg(tableTitle());
  return tr("%1, %2: %3 as it is, %4 rotated")
      .arg(tableTitle(), placeText(*m_cursor), valueText(m_before[*m_cursor]), valueText(m_after[*m_cursor]));
}

std::vector<NumberTableModel::Column> RotationPlot::tableColumns() const {
  if (m_before.empty()) return {};
  NumberTableModel::Column place{m_isRanked ? tr("rank") : tr("channel"), {}, true};
  for (std::size_t i = 0; i < m_before.size(); ++i)
    place.values.push_back(static_cast<double>(i + (m_isRanked ? 1 : 0)));
  return {place, {tr("as it is"), m_before}, {tr("rotated"), m_after}};
}

}  // namespace ql
