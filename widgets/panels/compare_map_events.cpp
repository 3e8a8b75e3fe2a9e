// Mouse, wheel and keys of the compared error maps; the same zoom, pan and cursor as in the matrix view.
#include "widgets/panels/compare_map_view.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kZoomNotch = 1.25;
constexpr double kDragThreshold = 4;

}  // namespace

bool CompareMapView::handle(const CanvasEvent& event) {
  if (!hasElements()) return false;
  if (event.type != CanvasEvent::Key) m_pointer = event.position;
  if (levels() && m_bar.handle(event)) {
    repaint();
    return true;
  }
  switch (event.type) {
    case CanvasEvent::Move:
      return handleMove(event);
    case CanvasEvent::Press:
      return handlePress(event);
    case CanvasEvent::Release:
      return handleRelease(event);
    case CanvasEvent::Wheel:
      zoomBy(std::pow(kZoomNotch, -event.wheel), event.position);
      setHover(elementAt(event.position));
      return true;
    case CanvasEvent::Leave:
      setHover(std::nullopt);
      return false;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool CompareMapView::handlePress(const CanvasEvent& event) {
  if (event.button != Qt::LeftButton && event.button != Qt::MiddleButton) return false;
  if (!plotAt(event.position)) return false;
  m_isPressed = true;
  m_isPanning = event.button == Qt::MiddleButton;
  m_dragStart = event.position;
  m_dragRows = m_rows;
  m_dragColumns = m_columns;
  return true;
}

bool CompareMapView::handleMove(const CanvasEvent& event) {
  const QPointF moved = event.position - m_dragStart;
  if (m_isPressed && std::hypot(moved.x(), moved.y()) > kDragThreshold) m_isPanning = true;
  if (m_isPanning) {
    setVisible(panned(m_dragRows, -moved.y() / m_plots[0].height(), rowLimits()),
               panned(m_dragColumns, -moved.x() / m_plots[0].width(), columnLimits()));
    return true;
  }
  setHover(elementAt(event.position));
  repaint();  // the bar's handles answer to the pointer
  return true;
}

bool CompareMapView::handleRelease(const CanvasEvent& event) {
  const bool wasPressed = std::exchange(m_isPressed, false), wasPanning = std::exchange(m_isPanning, false);
  if (wasPressed && !wasPanning && event.button == Qt::LeftButton) {
    if (const auto at = elementAt(event.position)) {
      m_cursor = at;
      emit channelPicked(at->row, at->column);
    }
  }
  setHover(elementAt(event.position));
  return wasPressed;
}

void CompareMapView::setHover(std::optional<Position> at) {
  if (at == m_hover) return;
  m_hover = at;
  repaint();
  if (at) emit cellWanted(at->row, at->column);
}

void CompareMapView::moveCursor(std::int64_t down, std::int64_t across) {
  const Position from = m_cursor.value_or(
      Position{static_cast<std::int64_t>(m_rows.from), static_cast<std::int64_t>(m_columns.from)});
  m_hover.reset();
  m_cursor = Position{std::clamp<std::int64_t>(from.row + down, 0, m_content.out - 1),
                      std::clamp<std::int64_t>(from.column + across, 0, m_content.in - 1)};
  const auto moved = [](const ValueRange& range, std::int64_t index, const ValueRange& limits) {
    const double low = static_cast<double>(index), high = low + 1;
    if (low >= range.from && high <= range.to) return range;
    const double shift = low < range.from ? low - range.from : high - range.to;
    return panned(range, shift / range.span(), limits);
  };
  setVisible(moved(m_rows, m_cursor->row, rowLimits()), moved(m_columns, m_cursor->column, columnLimits()));
  emit cellWanted(m_cursor->row, m_cursor->column);
  emit cursorMoved();
}

bool CompareMapView::handleKey(const CanvasEvent& event) {
  if (event.has(Qt::ControlModifier) || event.has(Qt::AltModifier)) return false;
  const std::int64_t step = event.has(Qt::ShiftModifier) ? 16 : 1;
  switch (event.key) {
    case Qt::Key_F:
      fit();
      return true;
    case Qt::Key_L:
      emit scaleKeyPressed();
      return true;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      zoomBy(1 / kZoomNotch, m_plots[0].center());
      return true;
    case Qt::Key_Minus:
      zoomBy(kZoomNotch, m_plots[0].center());
      return true;
    case Qt::Key_Left:
      moveCursor(0, -step);
      return true;
    case Qt::Key_Right:
      moveCursor(0, step);
      return true;
    case Qt::Key_Up:
      moveCursor(-step, 0);
      return true;
    case Qt::Key_Down:
      moveCursor(step, 0);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (m_cursor) emit channelPicked(m_cursor->row, m_cursor->column);
      return m_cursor.has_value();
    case Qt::Key_Escape: {
      const bool had = m_cursor.has_value();
      m_cursor.reset();
      repaint();
      return had;
    }
    default:
      return false;
  }
}

Qt::CursorShape CompareMapView::cursorShape() const {
  if (m_isPanning) return Qt::ClosedHandCursor;
  const Qt::CursorShape bar = m_bar.cursorShape(m_pointer);
  if (bar != Qt::ArrowCursor) return bar;
  return plotAt(m_pointer) && hasElements() ? Qt::CrossCursor : Qt::ArrowCursor;
}

}  // namespace ql
