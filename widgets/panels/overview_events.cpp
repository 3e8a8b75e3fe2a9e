// The mouse and the keys of the overview.
#include "widgets/bridge/calibration_control.h"
#include "widgets/bridge/metric_info.h"
#include "widgets/panels/overview_view.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kDragStart = 4;  // pixels before a press becomes a drag
constexpr double kTargetReach = 4;

}  // namespace

OverviewView::Drag OverviewView::dragAt(QPointF at) const {
  const QRectF reach = m_layout.plot.isNull() ? m_layout.bar : m_layout.plot.united(m_layout.bar);
  if (hasTarget() && !reach.isNull() && reach.contains(at) && std::abs(at.y() - targetY()) <= kTargetReach)
    return Drag::Target;
  return Drag::None;
}

Qt::CursorShape OverviewView::cursorShape() const {
  if (m_drag == Drag::Target || dragAt(m_pointer) == Drag::Target) return Qt::SplitVCursor;
  if (m_drag == Drag::Pan) return Qt::ClosedHandCursor;
  return m_bar.cursorShape(m_pointer);
}

bool OverviewView::handle(const CanvasEvent& event) {
  if (!m_session->model()) return false;
  if (!m_layout.bar.isNull() && m_drag == Drag::None && dragAt(event.position) == Drag::None &&
      m_bar.handle(event)) {
    return true;
  }
  switch (event.type) {
    case CanvasEvent::Press:
      return handlePress(event);
    case CanvasEvent::Move:
      return handleMove(event);
    case CanvasEvent::Release:
      return handleRelease(event);
    case CanvasEvent::DoubleClick:
      if (const OverviewItem* item = itemAt(event.position)) {
        m_session->selection()->selectOnly(item->id);
        emit m_session->selection()->openRequested(item->id);
      }
      return true;
    case CanvasEvent::Wheel:
      return handleWheel(event);
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      m_hover = nullptr;
      emit changed();
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    case CanvasEvent::FocusIn:
    case CanvasEvent::FocusOut:
      m_hasFocus = event.type == CanvasEvent::FocusIn;
      emit changed();
      return false;
  }
  return false;
}

bool OverviewView::handlePress(const CanvasEvent& event) {
  m_pointer = m_dragStart = event.position;
  if (event.button == Qt::MiddleButton) {
    m_drag = Drag::Pan;
    return true;
  }
  const auto cell = m_layout.hit(event.position);
  if (event.button == Qt::RightButton) {  // the menu speaks of what is under the pointer
    const OverviewItem* item = itemAt(event.position);
    if (item && !m_session->selection()->contains(item->id)) m_session->selection()->selectOnly(item->id);
    return false;
  }
  if (event.button != Qt::LeftButton) return false;
  m_drag = dragAt(event.position);
  if (m_drag != Drag::None) return true;
  if (cell) {
    selectCell(*cell, event.modifiers);
  } else if (const OverviewItem* item = itemAt(event.position)) {
    event.has(Qt::ControlModifier) ? m_session->selection()->toggle(item->id)
                                   : m_session->selection()->selectOnly(item->id);
  }
  return true;
}

bool OverviewView::handleMove(const CanvasEvent& event) {
  const QPointF moved = event.position - m_pointer;
  m_pointer = event.position;
  if (m_drag == Drag::Pan) {
    m_scroll -= moved.x();
    updateLayout();
  } else if (m_drag == Drag::Target) {
    ViewSettings view = m_session->view();
    view.target = std::clamp(m_bar.axis().toValue(event.position.y()), 1e-5, 10.0);
    m_session->setView(view);
  } else if (m_drag == Drag::None && event.buttons.testFlag(Qt::LeftButton) &&
             m_layout.grid.adjusted(-40, 0, 0, 0).contains(m_dragStart) &&
             (event.position - m_dragStart).manhattanLength() > kDragStart) {
    m_drag = Drag::RubberBand;
  }
  m_hover = itemAt(event.position);
  emit changed();
  return true;
}

bool OverviewView::handleRelease(const CanvasEvent& event) {
  const Drag was = m_drag;
  m_drag = Drag::None;
  if (was == Drag::RubberBand) {
    // A drag straight along a row or a block spans no area of its own.
    const QRectF band = QRectF(m_dragStart, event.position).normalized().adjusted(-0.5, -0.5, 0.5, 0.5);
    if (const auto cells = m_layout.hitRange(band))
      selectCells(cells->first, cells->second, event.has(Qt::ControlModifier));
  }
  emit changed();
  return was != Drag::None;
}

bool OverviewView::handleWheel(const CanvasEvent& event) {
  if (m_layout.maxScroll <= 0) return false;
  m_scroll -= event.wheel * std::max(m_layout.cellWidth, 40.0);
  updateLayout();
  emit changed();
  return true;
}

void OverviewView::selectCell(GridCell at, Qt::KeyboardModifiers modifiers) {
  m_cursor = at;
  if (modifiers.testFlag(Qt::ShiftModifier) && m_anchor) {
    selectCells(*m_anchor, at, modifiers.testFlag(Qt::ControlModifier));
    return;
  }
  m_anchor = at;
  if (!modifiers.testFlag(Qt::ControlModifier)) {
    selectCells(at, at, false);
    return;
  }
  for (const std::size_t index : m_data.cell(at.row, at.block))
    m_session->selection()->toggle(m_data.items()[index].id);
}

void OverviewView::selectCells(GridCell a, GridCell b, bool add) {
  std::vector<LinearId> ids;
  if (add) ids = m_session->selection()->selected();
  std::optional<LinearId> current;
  for (int row = std::min(a.row, b.row); row <= std::max(a.row, b.row); ++row)
    for (int block = std::min(a.block, b.block); block <= std::max(a.block, b.block); ++block)
      for (const std::size_t index : m_data.cell(row, block)) ids.push_back(m_data.items()[index].id);
  if (const OverviewItem* item = m_data.worst(b.row, b.block)) current = item->id;
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (!current && !ids.empty()) current = ids.front();
  m_session->selection()->set(std::move(ids), current);
}

void OverviewView::moveCursor(int rows, int blocks, bool extend) {
  if (m_data.rows() == 0 || m_data.blocks() == 0) return;
  GridCell at = m_cursor.value_or(GridCell{0, 0});
  if (m_cursor) {
    at.row = std::clamp(at.row + rows, 0, m_data.rows() - 1);
    at.block = std::clamp(at.block + blocks, 0, m_data.blocks() - 1);
  }
  if (!extend || !m_anchor) m_anchor = at;
  m_cursor = at;
  selectCells(*m_anchor, at, false);
  const QRectF cell = m_layout.cell(at);
  if (cell.left() < m_layout.grid.left()) m_scroll -= m_layout.grid.left() - cell.left();
  if (cell.right() > m_layout.grid.right()) m_scroll += cell.right() - m_layout.grid.right();
  updateLayout();
  emit cursorMoved();
  emit changed();
}

bool OverviewView::handleKey(const CanvasEvent& event) {
  const bool extend = event.has(Qt::ShiftModifier);
  switch (event.key) {
    case Qt::Key_Left:
      moveCursor(0, -1, extend);
      return true;
    case Qt::Key_Right:
      moveCursor(0, 1, extend);
      return true;
    case Qt::Key_Up:
      moveCursor(-1, 0, extend);
      return true;
    case Qt::Key_Down:
      moveCursor(1, 0, extend);
      return true;
    case Qt::Key_Home:
      moveCursor(0, -m_data.blocks(), extend);
      return true;
    case Qt::Key_End:
      moveCursor(0, m_data.blocks(), extend);
      return true;
    case Qt::Key_Space:
      if (m_cursor) selectCell(*m_cursor, Qt::ControlModifier);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (m_session->selection()->current())
        emit m_session->selection()->openRequested(*m_session->selection()->current());
      return true;
    case Qt::Key_Escape:
      m_session->selection()->clear();
      return true;
    default:
      return event.modifiers == Qt::NoModifier && handleViewKey(event.key);
  }
}

bool OverviewView::handleViewKey(int key) {
  ViewSettings view = m_session->view();
  if (const std::optional<Metric> metric = metricOfKey(key)) {
    if (!m_session->calibration()->missing(*metric).isEmpty()) return true;
    view.metric = *metric;
    view.range.reset();
  } else if (key == Qt::Key_L) {
    view.scale = static_cast<ValueScale>((static_cast<int>(view.scale) + 1) % 3);
    view.range.reset();
  } else if (key == Qt::Key_F) {
    view.range.reset();
  } else if (key == Qt::Key_D) {
    selectNextFinding();
    return true;
  } else {
    return false;
  }
  m_session->setView(view);
  return true;
}

void OverviewView::setRange(std::optional<std::pair<double, double>> range) {
  ViewSettings view = m_session->view();
  view.range = range;
  m_session->setView(view);
}

}  // namespace ql
