#pragma once
// Perplexity over the windows of a text: mean -ln p before and after on top, the KL divergence as bars below.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"

namespace ql {

class WindowScoresModel;

class WindowChart : public CanvasView {
  Q_OBJECT
 public:
  WindowChart(WindowScoresModel* model, QObject* parent);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override { return tr("Perplexity by window of text"); }
  QString accessibleText() const override;

 private:
  double figure(int window, int column) const;  // NaN where there is none
  bool layOut();                                // false without windows
  void drawCurve(Painter& painter, int column, const QColor& color, double width) const;
  void drawBars(Painter& painter, const Theme& theme) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  WindowScoresModel* m_model;
  QRectF m_top, m_bottom;
  Axis m_x, m_nll, m_kl;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
