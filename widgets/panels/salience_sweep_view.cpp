#include "widgets/panels/salience_sweep_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kGrip = 8;                      // pixels beside the line that still take it
constexpr double kStep = 0.1, kFineStep = 0.02;  // of a decade, by the arrow keys

double concentration(const DampingPoint& point) {
  return point.concentration;
}
double condition(const DampingPoint& point) {
  return point.inverse->conditionNumber;
}

}  // namespace

SalienceSweepView::SalienceSweepView(QObject* parent) : SaliencePlot(parent) {
  setRightAxis(true);
  m_x.range = {SalienceLab::kLeastDamping, SalienceLab::kMostDamping, AxisScale::Log};
}

void SalienceSweepView::setPoints(std::vector<DampingPoint> points) {
  m_points = std::move(points);
  double highest = 0;
  std::vector<double> conditions;
  for (const DampingPoint& point : m_points) {
    if (!point.inverse) continue;
    highest = std::max(highest, point.concentration);
    conditions.push_back(point.inverse->conditionNumber);
  }
  m_y.range = {0, highest > 0.5 ? 1.0 : fitted(0, std::max(highest, 0.01), AxisScale::Linear).to};
  m_right.range = logRangeOf(conditions, 12);
  emit changed();
}

void SalienceSweepView::setDamping(double damping) {
  if (damping == m_damping) return;
  m_damping = damping;
  emit changed();
}

void SalienceSweepView::drawCurve(Painter& painter, const Axis& y, double (*value)(const DampingPoint&),
                                  const Theme& theme, const QColor& color) const {
  std::vector<QPointF> points;
  for (const DampingPoint& point : m_points)
    if (point.inverse) points.emplace_back(m_x.toPixel(point.damping), y.toPixel(value(point)));
  if (points.size() > 1) painter.polyline(points, {color, 1.8});
  std::size_t i = 0;
  for (const DampingPoint& point : m_points) {
    if (!point.inverse) continue;
    painter.fillCircle(points[i], 3, point.inverse->retries > 0 ? theme.base : color);
    if (point.inverse->retries > 0) painter.strokeCircle(points[i], 3, {theme.warning, 1.5});
    ++i;
  }
}

// Dampings that gave nothing are marked on the floor, so that a gap is not taken for missing work.
void SalienceSweepView::drawProblems(Painter& painter, const Theme& theme) const {
  const double s = 3.5 * uiScale();
  for (const DampingPoint& point : m_points) {
    if (point.inverse) continue;
    const QPointF at(m_x.toPixel(point.damping), m_plot.bottom() - 2 * s);
    painter.line(at - QPointF(s, s), at + QPointF(s, s), {theme.warning, 1.5});
    painter.line(at - QPointF(s, -s), at + QPointF(s, -s), {theme.warning, 1.5});
  }
}

void SalienceSweepView::draw(Painter& painter, const Theme& theme) {
  if (m_points.empty()) return drawHint(painter, theme);
  drawFrame(painter, theme, valueTicks(m_x, 60 * uiScale()), tr("damping, share of the mean diagonal of H"),
            percentTick);
  drawRightAxis(painter, theme.gain);
  drawCurve(painter, m_right, condition, theme, theme.gain);
  drawCurve(painter, m_y, concentration, theme, theme.weight);
  drawProblems(painter, theme);
  drawHandle(painter, theme, m_x.toPixel(m_damping), m_isDragging || m_hasFocus || isOnHandle(m_pointer));
  drawLegend(painter, theme, {{tr("concentration"), theme.weight}, {tr("condition number"), theme.gain}});
  drawHover(painter, theme);
}

const DampingPoint* SalienceSweepView::nearest(double x) const {
  const DampingPoint* best = nullptr;
  for (const DampingPoint& point : m_points)
    if (!best || std::abs(m_x.toPixel(point.damping) - x) < std::abs(m_x.toPixel(best->damping) - x))
      best = &point;
  return best;
}

void SalienceSweepView::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_plot.contains(m_pointer) || m_isDragging) return;
  const DampingPoint* const point = nearest(m_pointer.x());
  if (!point) return;
  std::vector<ReadOutRow> rows;
  if (point->inverse) {
    rows.push_back({tr("concentration"), percentText(point->concentration), true, theme.weight});
    rows.push_back({tr("condition number"), valueText(point->inverse->conditionNumber), false, theme.gain});
    if (point->inverse->retries > 0) {
      rows.push_back({tr("damping taken"), settingText(point->inverse->usedDamping), false, theme.warning});
      rows.push_back({tr("failed tries"), countText(point->inverse->retries)});
    }
  } else {
    rows.push_back({point->problem, {}});
  }
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
              tr("damping %1").arg(settingText(point->damping)), rows);
}

bool SalienceSweepView::isOnHandle(QPointF at) const {
  return std::abs(at.x() - m_x.toPixel(m_damping)) <= kGrip * uiScale() && at.y() >= m_plot.top() &&
         at.y() <= m_plot.bottom() + kGrip * uiScale();
}

Qt::CursorShape SalienceSweepView::cursorShape() const {
  return m_isDragging || (!m_points.empty() && isOnHandle(m_pointer)) ? Qt::SizeHorCursor : Qt::ArrowCursor;
}

void SalienceSweepView::moveTo(double damping) {
  damping = std::clamp(damping, SalienceLab::kLeastDamping, SalienceLab::kMostDamping);
  if (damping == m_damping) return;
  m_damping = damping;
  emit changed();
  emit cursorMoved();
  emit dampingMoved(damping);
}

bool SalienceSweepView::handle(const CanvasEvent& event) {
  if (m_points.empty()) return false;
  switch (event.type) {
    case CanvasEvent::Move:
      m_pointer = event.position;
      if (m_isDragging) moveTo(m_x.toValue(event.position.x()));
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button != Qt::LeftButton) return false;
      m_isDragging = m_plot.adjusted(-kGrip, 0, kGrip, kGrip).contains(event.position);
      if (m_isDragging && !isOnHandle(event.position)) moveTo(m_x.toValue(event.position.x()));
      return true;
    case CanvasEvent::Release:
      m_isDragging = false;
      emit changed();
      return true;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      emit changed();
      return true;
    case CanvasEvent::FocusIn:
    case CanvasEvent::FocusOut:
      m_hasFocus = event.type == CanvasEvent::FocusIn;
      emit changed();
      return false;
    case CanvasEvent::Key:
      return handleKey(event);
    default:
      return false;
  }
}

bool SalienceSweepView::handleKey(const CanvasEvent& event) {
  const double factor = std::pow(10.0, event.has(Qt::ShiftModifier) ? kFineStep : kStep);
  switch (event.key) {
    case Qt::Key_Left:
    case Qt::Key_Down:
      moveTo(m_damping / factor);
      return true;
    case Qt::Key_Right:
    case Qt::Key_Up:
      moveTo(m_damping * factor);
      return true;
    case Qt::Key_Home:
      moveTo(SalienceLab::kLeastDamping);
      return true;
    case Qt::Key_End:
      moveTo(SalienceLab::kMostDamping);
      return true;
    default:
      return false;
  }
}

QString SalienceSweepView::accessibleText() const {
  if (m_points.empty()) return hint();
  const DampingPoint* const point = nearest(m_x.toPixel(m_damping));
  if (!point->inverse) return tr("Damping %1: %2").arg(settingText(m_damping), point->problem);
  return tr("Damping %1; at %2 the concentration is %3 and the condition number %4.")
      .arg(settingText(m_damping), settingText(point->damping), percentText(point->concentration),
           valueText(point->inverse->conditionNumber));
}

std::vector<NumberTableModel::Column> SalienceSweepView::tableColumns() const {
  if (m_points.empty()) return {};
  NumberTableModel::Column damping{tr("damping"), {}}, used{tr("damping taken"), {}};
  NumberTableModel::Column share{tr("concentration"), {}, false, true}, number{tr("condition number"), {}};
  NumberTableModel::Column retries{tr("failed tries"), {}, true};
  for (const DampingPoint& point : m_points) {
    const double none = std::nan("");
    damping.values.push_back(point.damping);
    used.values.push_back(point.inverse ? point.inverse->usedDamping : none);
    share.values.push_back(point.inverse ? point.concentration : none);
    number.values.push_back(point.inverse ? point.inverse->conditionNumber : none);
    retries.values.push_back(point.inverse ? point.inverse->retries : none);
  }
  return {damping, share, number, used, retries};
}

}  // namespace ql
