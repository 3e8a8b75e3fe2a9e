#include "widgets/panels/surface_view.h"

#include "widgets/bridge/number_format.h"

#include <QAbstractTableModel>
#include <QKeySequence>
#include <QMenu>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr int kStillMs = 120;
constexpr double kDegreesPerPixel = 0.4, kKeyDegrees = 5, kFineDegrees = 1;
constexpr double kZoomStep = 1.15;
constexpr double kMostDecades = 5;

double wrapped(double degrees) {
  return std::remainder(degrees, 360);
}

QString rangeText(std::pair<std::int64_t, std::int64_t> range) {
  if (range.second - range.first <= 1) return countText(range.first);
  return QStringLiteral("%1–%2").arg(countText(range.first), countText(range.second - 1));
}

/// The grid as a table: a row and a column of the surface each.
class SurfaceTable : public QAbstractTableModel {
 public:
  explicit SurfaceTable(std::shared_ptr<const SurfaceGrid> grid) : m_grid(std::move(grid)) {}
  int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : m_grid->rows; }
  int columnCount(const QModelIndex& parent = {}) const override {
    return parent.isValid() ? 0 : m_grid->columns;
  }
  QVariant data(const QModelIndex& index, int role) const override {
    if (!index.isValid() || role != Qt::DisplayRole) return {};
    return plainNumber(m_grid->values[m_grid->index(index.row(), index.column())]);
  }
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    if (role != Qt::DisplayRole) return {};
    return rangeText(orientation == Qt::Horizontal ? m_grid->columnRange(section)
                                                   : m_grid->rowRange(section));
  }

 private:
  std::shared_ptr<const SurfaceGrid> m_grid;
};

}  // namespace

SurfaceView::SurfaceView(QObject* parent) : CanvasView(parent) {
  m_still.setSingleShot(true);
  m_still.setInterval(kStillMs);
  connect(&m_still, &QTimer::timeout, this, &SurfaceView::repaint);
  m_bar.setHandlesVisible(false);
}

void SurfaceView::setTarget(const SurfaceLabels& labels, bool hasTarget) {
  m_labels = labels;
  m_hasTarget = hasTarget;
  m_isWaiting = hasTarget;
  m_grid.reset();
  m_hover.reset();
  m_problem.clear();
  if (!hasTarget) emit settled();
  repaint();
}

void SurfaceView::setGrid(std::shared_ptr<const SurfaceGrid> grid) {
  m_grid = std::move(grid);
  m_drawn = {};
  m_hover.reset();
  m_problem.clear();
  m_isWaiting = false;
  repaint();
  emit settled();
  emit cursorMoved();
}

void SurfaceView::setProblem(const QString& sentence) {
  if (m_problem == sentence) return;
  m_problem = sentence;
  if (!sentence.isEmpty()) {
    m_grid.reset();
    m_isWaiting = false;
    emit settled();
  }
  repaint();
}

void SurfaceView::setLog(bool isLog) {
  if (m_isLog == isLog) return;
  m_isLog = isLog;
  repaint();
}

void SurfaceView::setPinned(std::optional<std::int64_t> row, std::optional<std::int64_t> column) {
  if (m_pinnedRow == row && m_pinnedColumn == column) return;
  m_pinnedRow = row;
  m_pinnedColumn = column;
  repaint();
}

void SurfaceView::setCamera(const SurfaceCamera& camera) {
  SurfaceCamera next = camera;
  next.yaw = wrapped(camera.yaw);
  next.pitch = std::clamp(camera.pitch, kLeastPitch, kMostPitch);
  next.zoom = std::clamp(camera.zoom, kLeastZoom, kMostZoom);
  if (next == m_camera) return;
  m_camera = next;
  m_still.start();
  repaint();
}

ValueRange SurfaceView::range() const {
  if (!m_grid || m_grid->largest <= 0) return {0, 1, AxisScale::Linear};
  if (!m_isLog) return {0, m_grid->largest, AxisScale::Linear};
  const double low = std::max(m_grid->median / 10, m_grid->largest * 1e-5);
  return fitted(std::min(low, m_grid->largest / 10), m_grid->largest, AxisScale::Log, kMostDecades);
}

std::optional<std::pair<int, int>> SurfaceView::cellAt(QPointF at) const {
  if (!m_grid || m_drawn.grid != m_grid.get()) return std::nullopt;
  constexpr double kReach = 2;  // pixels: the tips of spikes are thin
  const SurfaceProjection box = projection();
  std::optional<std::pair<int, int>> best;
  double nearest = 1e300;
  for (const double dy : {0.0, -kReach, kReach})
    for (const double dx : {0.0, -kReach, kReach}) {
      const int quad = m_picture.quadAt(at + QPointF(dx, dy) - plotArea().topLeft());
      if (quad < 0) continue;
      for (int corner = 0; corner < 4; ++corner) {
        const int row = quad / m_grid->columns + corner / 2, column = quad % m_grid->columns + corner % 2;
        const QPointF away = vertex(box, row, column) - at;
        const double distance = std::hypot(away.x(), away.y());
        if (distance >= nearest) continue;
        nearest = distance;
        best = {row, column};
      }
    }
  return best;
}

QPointF SurfaceView::topOf(int row, int column) const {
  return vertex(projection(), row, column);
}

bool SurfaceView::handle(const CanvasEvent& event) {
  switch (event.type) {
    case CanvasEvent::Press:
      if (event.button == Qt::RightButton || !m_grid) return false;
      m_drag = event.button == Qt::MiddleButton || event.has(Qt::ShiftModifier) ? Drag::Pan : Drag::Pending;
      m_dragStart = event.position;
      m_dragCamera = m_camera;
      return true;
    case CanvasEvent::Move:
      return handleMove(event);
    case CanvasEvent::Release:
      if (m_drag == Drag::Pending) click();
      m_drag = Drag::None;
      setHover(cellAt(event.position));
      repaint();
      return true;
    case CanvasEvent::DoubleClick:
      fit();
      return true;
    case CanvasEvent::Wheel:
      zoomBy(std::pow(kZoomStep, event.wheel), event.position);
      return true;
    case CanvasEvent::Leave:
      setHover(std::nullopt);
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool SurfaceView::handleMove(const CanvasEvent& event) {
  m_pointer = event.position;
  const QPointF moved = event.position - m_dragStart;
  if (m_drag == Drag::Pending && std::hypot(moved.x(), moved.y()) > 3) m_drag = Drag::Turn;
  SurfaceCamera camera = m_dragCamera;
  if (m_drag == Drag::Turn) {
    camera.yaw += moved.x() * kDegreesPerPixel;
    camera.pitch += moved.y() * kDegreesPerPixel;
    setHover(std::nullopt);
    setCamera(camera);
  } else if (m_drag == Drag::Pan) {
    camera.pan += moved;
    setHover(std::nullopt);
    setCamera(camera);
  } else {
    setHover(cellAt(event.position));
  }
  return true;
}

bool SurfaceView::handleKey(const CanvasEvent& event) {
  if (event.modifiers & ~Qt::ShiftModifier) return false;
  const double step = event.has(Qt::ShiftModifier) ? kFineDegrees : kKeyDegrees;
  SurfaceCamera camera = m_camera;
  switch (event.key) {
    case Qt::Key_Left:
      camera.yaw -= step;
      break;
    case Qt::Key_Right:
      camera.yaw += step;
      break;
    case Qt::Key_Up:
      camera.pitch -= step;
      break;
    case Qt::Key_Down:
      camera.pitch += step;
      break;
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      return zoomBy(kZoomStep, boxArea().center() + m_camera.pan), true;
    case Qt::Key_Minus:
      return zoomBy(1 / kZoomStep, boxArea().center() + m_camera.pan), true;
    case Qt::Key_F:
    case Qt::Key_Home:
      return fit(), true;
    case Qt::Key_2:
      emit planeWanted();
      return true;
    case Qt::Key_M:
      emit modeKeyPressed();
      return true;
    case Qt::Key_L:
      emit scaleKeyPressed();
      return true;
    default:
      return false;
  }
  setCamera(camera);
  return true;
}

// The point under the pointer stays where it is.
void SurfaceView::zoomBy(double factor, QPointF about) {
  SurfaceCamera camera = m_camera;
  camera.zoom = std::clamp(camera.zoom * factor, kLeastZoom, kMostZoom);
  const QPointF from = about - boxArea().center() - m_camera.pan;
  camera.pan += from * (1 - camera.zoom / m_camera.zoom);
  setCamera(camera);
}

void SurfaceView::setHover(std::optional<std::pair<int, int>> cell) {
  if (m_hover == cell) {
    if (cell) repaint();  // the read-out follows the pointer
    return;
  }
  m_hover = cell;
  if (cell)
    emit hovered(m_grid->rowRange(cell->first).first, m_grid->columnRange(cell->second).first);
  else
    emit hovered(-1, -1);
  repaint();
  emit cursorMoved();
}

void SurfaceView::click() {
  const auto cell = cellAt(m_dragStart);
  if (!cell) return;
  const auto [begin, end] = m_grid->columnRange(cell->second);
  const bool isPinned = m_pinnedColumn && *m_pinnedColumn >= begin && *m_pinnedColumn < end;
  emit channelPicked(isPinned ? std::nullopt : std::optional(begin));
}

Qt::CursorShape SurfaceView::cursorShape() const {
  if (!m_grid) return Qt::ArrowCursor;
  return m_drag == Drag::Turn || m_drag == Drag::Pan ? Qt::ClosedHandCursor : Qt::OpenHandCursor;
}

QString SurfaceView::rowText(int row) const {
  const auto range = m_grid->rowRange(row);
  if (!m_labels.isTokens) return tr("output channel %1").arg(rangeText(range));
  const auto at = static_cast<std::size_t>(range.first);
  const bool isNamed = range.second - range.first == 1 && m_labels.texts && at < m_labels.texts->size();
  return isNamed ? tr("token %1 %2").arg(countText(range.first), (*m_labels.texts)[at].simplified())
                 : tr("token %1").arg(rangeText(range));
}

QString SurfaceView::cellText(int row, int column) const {
  if (!m_grid) return {};
  return tr("%1, input channel %2: %3 %4")
      .arg(rowText(row), rangeText(m_grid->columnRange(column)), m_labels.quantity,
           valueText(static_cast<double>(m_grid->values[m_grid->index(row, column)])));
}

QString SurfaceView::copyText() const {
  if (!m_grid || m_grid->isEmpty()) return {};
  QString text = m_labels.isTokens ? tr("token\\channel") : tr("output\\input");
  for (int column = 0; column < m_grid->columns; ++column)
    text += QLatin1Char('\t') + QString::number(m_grid->columnRange(column).first);
  for (int row = 0; row < m_grid->rows; ++row) {
    text += QLatin1Char('\n') + QString::number(m_grid->rowRange(row).first);
    for (int column = 0; column < m_grid->columns; ++column)
      text += QLatin1Char('\t') + plainNumber(m_grid->values[m_grid->index(row, column)]);
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> SurfaceView::table() const {
  if (!m_grid || m_grid->isEmpty()) return nullptr;
  return std::make_unique<SurfaceTable>(m_grid);
}

QString SurfaceView::tableTitle() const {
  return m_hasTarget ? tr("%1 of %2, largest of each cell").arg(m_labels.quantity, m_labels.name) : QString();
}

void SurfaceView::fillMenu(QMenu& menu) {
  if (!m_grid) return;
  menu.addAction(tr("Fit"), QKeySequence(Qt::Key_F), this, &SurfaceView::fit);
  menu.addAction(tr("Show flat"), QKeySequence(Qt::Key_2), this, &SurfaceView::planeWanted);
}

QString SurfaceView::accessibleText() const {
  if (!m_problem.isEmpty()) return m_problem;
  if (!m_grid || m_grid->isEmpty()) return tr("No surface is shown.");
  if (m_hover) return cellText(m_hover->first, m_hover->second);
  const int row = static_cast<int>(m_grid->peak) / m_grid->columns;
  const int column = static_cast<int>(m_grid->peak) % m_grid->columns;
  return tr("Surface of %1, %2 by %3 cells; the largest is %4.")
      .arg(m_labels.name)
      .arg(m_grid->rows)
      .arg(m_grid->columns)
      .arg(cellText(row, column));
}

}  // namespace ql
