#pragma once
// What the damping decides: concentration and condition number over it, with the damping in use as a line
// that can be dragged.
#include "widgets/panels/salience_lab.h"
#include "widgets/panels/salience_plot.h"

namespace ql {

class SalienceSweepView : public SaliencePlot {
  Q_OBJECT
 public:
  explicit SalienceSweepView(QObject* parent = nullptr);
  void setPoints(std::vector<DampingPoint> points);
  void setDamping(double damping);
  double damping() const { return m_damping; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString accessibleText() const override;
  QString tableTitle() const override { return tr("Damping sweep"); }

 signals:
  void dampingMoved(double damping);

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  bool isOnHandle(QPointF at) const;
  bool handleKey(const CanvasEvent& event);
  void moveTo(double damping);
  void drawCurve(Painter& painter, const Axis& y, double (*value)(const DampingPoint&), const Theme& theme,
                 const QColor& color) const;
  void drawProblems(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  const DampingPoint* nearest(double x) const;

  std::vector<DampingPoint> m_points;  // ascending
  double m_damping = 0.01;
  bool m_isDragging = false;
};

}  // namespace ql
