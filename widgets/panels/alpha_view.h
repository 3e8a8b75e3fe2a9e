#pragma once
// error(alpha) of one smoothing group: the curves of both methods as they are measured, their optima, what no
// smoothing costs, and the alpha that is tried, which a handle on the axis moves. Shows what it is given;
// what a person asks for leaves as signals.
//
//   Keys besides those of CurvePlot: left and right 0.05 (Shift 0.01), Home, End, Enter takes the optimum, M
//   the other method.
#include "widgets/bridge/smoothing_control.h"
#include "widgets/panels/curve_plot.h"

#include <memory>
#include <optional>

namespace ql {

class AlphaView : public CurvePlot {
  Q_OBJECT
 public:
  explicit AlphaView(QObject* parent = nullptr);

  /// Null while there is no first point. The max variant of bi-smoothing is the SmoothQuant curve.
  void setCurves(std::shared_ptr<const SmoothingCurve> smoothQuant,
                 std::shared_ptr<const SmoothingCurve> bismooth);
  void setTrial(const SmoothingTrial& trial);
  void setFigures(std::optional<SmoothingControl::Figures> figures);
  void setTitle(const QString& group);

  const SmoothingTrial& trial() const { return m_trial; }
  /// Where the handle's tip stands on the axis.
  QPointF handlePosition() const { return {xAxis().toPixel(m_trial.alpha), plot().bottom()}; }
  bool isDragging() const { return m_isDragging; }

  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString copyText() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;
  void fillMenu(QMenu& menu) override;

 signals:
  void trialWanted(const ql::SmoothingTrial& trial);
  void optimumWanted();

 protected:
  QString xTitle() const override { return tr("alpha"); }
  QString xText(double x) const override;
  QString xColumn() const override { return tr("alpha"); }
  QString xNumber(double x) const override;
  std::vector<double> xTicks() const override;
  QString xTickText(double x) const override;
  double axisRoom() const override;
  void drawMarks(Painter& painter, const Theme& theme) override;
  void drawOver(Painter& painter, const Theme& theme) override;
  std::vector<ReadOutRow> extraRows(double x) const override;
  bool hasReadOut() const override { return !m_isDragging; }

 private:
  void rebuild();
  bool isSmoothQuantActive() const;
  const SmoothingCurve* activeCurve() const;
  void wantAlpha(double alpha);
  void wantMethod(bool isSmoothQuant);
  bool isOnHandle(QPointF at) const;
  bool press(const CanvasEvent& event);
  bool stepKey(const CanvasEvent& event);
  void drawFigure(Painter& painter, const Theme& theme) const;
  void drawHandle(Painter& painter, const Theme& theme) const;
  void drawCallOut(Painter& painter, const Theme& theme);
  void drawDragReadOut(Painter& painter, const Theme& theme) const;

  std::shared_ptr<const SmoothingCurve> m_smoothQuant, m_bismooth;
  SmoothingTrial m_trial;
  std::optional<SmoothingControl::Figures> m_figures;
  QString m_group;
  bool m_isDragging = false, m_hasFocus = false;
};

/// "Bi-smoothing (median)", "SmoothQuant = bi-smoothing (max)": what a curve's factors are made by.
QString smoothingLabel(const SmoothingOptions& options);

}  // namespace ql
