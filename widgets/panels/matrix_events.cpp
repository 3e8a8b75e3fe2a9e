// Mouse, wheel and keys of the matrix view: zoom about the cursor, pan, the keyboard cursor, pins.
#include "widgets/panels/matrix_view.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kZoomNotch = 1.25;   // span ratio of one wheel notch
constexpr double kDragThreshold = 4;  // pixels a click may wander

}  // namespace

bool MatrixView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::FocusIn || event.type == CanvasEvent::FocusOut) {
    m_hasFocus = event.type == CanvasEvent::FocusIn;
    return false;
  }
  if (!hasElements()) return false;
  m_pointer = event.type == CanvasEvent::Key ? m_pointer : event.position;
  if (!m_layout.bar.isNull() && m_bar.handle(event)) {
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
    case CanvasEvent::DoubleClick:
      return event.button == Qt::LeftButton;  // the pin of the first click stays
    case CanvasEvent::Leave:
      setHover(std::nullopt);
      return false;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool MatrixView::handlePress(const CanvasEvent& event) {
  const bool isPan = event.button == Qt::LeftButton || event.button == Qt::MiddleButton;
  const bool isInside = m_layout.plot.contains(event.position) || m_layout.top.contains(event.position) ||
                        m_layout.right.contains(event.position);
  if (!isPan || !isInside) return false;
  m_drag = event.button == Qt::MiddleButton ? Drag::Pan : Drag::Pending;
  m_dragStart = event.position;
  m_dragRows = m_rows;
  m_dragColumns = m_columns;
  return true;
}

bool MatrixView::handleMove(const CanvasEvent& event) {
  const QPointF moved = event.position - m_dragStart;
  if (m_drag == Drag::Pending && std::hypot(moved.x(), moved.y()) > kDragThreshold) m_drag = Drag::Pan;
  if (m_drag == Drag::Pan) {
    const double down = moved.y() / m_layout.plot.height();
    const double across = moved.x() / m_layout.plot.width();
    setVisible(panned(m_dragRows, -down, rowLimits()), panned(m_dragColumns, -across, columnLimits()));
    return true;
  }
  setHover(elementAt(event.position));
  repaint();  // the bar's handles answer to the pointer
  return true;
}

bool MatrixView::handleRelease(const CanvasEvent& event) {
  const Drag drag = std::exchange(m_drag, Drag::None);
  if (drag == Drag::Pending && event.button == Qt::LeftButton) click(event.position);
  setHover(elementAt(event.position));
  return drag != Drag::None;
}

void MatrixView::click(QPointF at) {
  if (m_layout.right.contains(at)) {
    if (m_content->tokens) return;  // a token is no channel to pin
    const auto row = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(std::floor(rowAxis().toValue(at.y()))), 0, m_content->out - 1);
    emit rowPicked(m_pinnedRow == row ? std::nullopt : std::optional(row));
  } else if (m_layout.top.contains(at)) {
    pick(static_cast<std::int64_t>(std::floor(columnAxis().toValue(at.x()))));
  } else if (const auto element = elementAt(at)) {
    m_cursor = element;
    pick(element->column);
  }
}

// Where a pixel covers several channels, the flagged or the largest one under it is meant.
void MatrixView::pick(std::int64_t column) {
  column = std::clamp<std::int64_t>(column, 0, m_content->in - 1);
  const double reach = 3 / columnAxis().pixelsPerUnit();
  if (reach > 1) {
    std::int64_t best = -1;
    for (const std::int64_t flagged : m_content->flaggedColumns) {
      const double distance = std::abs(static_cast<double>(flagged - column));
      if (distance <= reach && (best < 0 || distance < std::abs(static_cast<double>(best - column))))
        best = flagged;
    }
    if (best >= 0) column = best;
  }
  emit channelPicked(m_pinnedColumn == column ? std::nullopt : std::optional(column));
}

void MatrixView::setHover(std::optional<MatrixPosition> at) {
  if (at == m_hover) return;
  m_hover = at;
  repaint();
  emit hovered(at && !m_content->tokens ? at->row : -1, at ? at->column : -1);
  if (at && m_content->hasWeights && !m_content->tokens) emit cellWanted(at->row, at->column);
}

void MatrixView::setCursor(MatrixPosition at) {
  m_hover.reset();
  m_cursor = at;
  reveal(at);
  emit hovered(m_content->tokens ? -1 : at.row, at.column);
  if (m_content->hasWeights && !m_content->tokens) emit cellWanted(at.row, at.column);
  emit cursorMoved();
}

bool MatrixView::handleKey(const CanvasEvent& event) {
  if (event.has(Qt::ControlModifier) || event.has(Qt::AltModifier)) return false;
  const QPointF centre = m_cursor ? QPointF(columnAxis().toPixel(static_cast<double>(m_cursor->column) + 0.5),
                                            rowAxis().toPixel(static_cast<double>(m_cursor->row) + 0.5))
                                  : m_layout.plot.center();
  switch (event.key) {
    case Qt::Key_F:
      fit();
      return true;
    case Qt::Key_G:
      setShowsGroups(!m_showsGroups);
      return true;
    case Qt::Key_M:
      emit modeKeyPressed();
      return true;
    case Qt::Key_L:
      emit scaleKeyPressed();
      return true;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      zoomBy(1 / kZoomNotch, centre);
      return true;
    case Qt::Key_Minus:
      zoomBy(kZoomNotch, centre);
      return true;
    case Qt::Key_Space:
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (m_cursor) pick(m_cursor->column);
      return m_cursor.has_value();
    default:
      return handleCursorKey(event);
  }
}

bool MatrixView::handleCursorKey(const CanvasEvent& event) {
  if (event.key == Qt::Key_Escape && m_cursor) {
    m_cursor.reset();
    emit hovered(-1, -1);
    repaint();
    return true;
  }
  const std::int64_t step = event.has(Qt::ShiftModifier) ? 16 : 1;
  const auto page = std::max<std::int64_t>(1, static_cast<std::int64_t>(m_rows.span()) - 1);
  std::int64_t down = 0, across = 0;
  switch (event.key) {
    case Qt::Key_Left:
      across = -step;
      break;
    case Qt::Key_Right:
      across = step;
      break;
    case Qt::Key_Up:
      down = -step;
      break;
    case Qt::Key_Down:
      down = step;
      break;
    case Qt::Key_PageUp:
      down = -page;
      break;
    case Qt::Key_PageDown:
      down = page;
      break;
    case Qt::Key_Home:
      across = -m_content->in;
      break;
    case Qt::Key_End:
      across = m_content->in;
      break;
    default:
      return false;
  }
  if (!m_cursor) {  // begins where the eye is: under the mouse, at the pinned channel, or at the first
                    // visible element
    const MatrixPosition start{static_cast<std::int64_t>(m_rows.from),
                               m_pinnedColumn.value_or(static_cast<std::int64_t>(m_columns.from))};
    setCursor(m_hover.value_or(start));
    return true;
  }
  setCursor({std::clamp<std::int64_t>(m_cursor->row + down, 0, m_content->out - 1),
             std::clamp<std::int64_t>(m_cursor->column + across, 0, m_content->in - 1)});
  return true;
}

Qt::CursorShape MatrixView::cursorShape() const {
  if (m_drag == Drag::Pan) return Qt::ClosedHandCursor;
  if (!m_content) return Qt::ArrowCursor;
  if (!m_layout.bar.isNull()) {
    const Qt::CursorShape bar = m_bar.cursorShape(m_pointer);
    if (bar != Qt::ArrowCursor) return bar;
  }
  return m_layout.plot.contains(m_pointer) ? Qt::CrossCursor : Qt::ArrowCursor;
}

}  // namespace ql
