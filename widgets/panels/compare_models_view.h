#pragma once
// The error of every layer of several models under one choice, in network order, on one logarithmic axis: the
// figure of arXiv 2408.15301 that shows which model breaks where.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"

#include <QColor>
#include <QString>

#include <optional>
#include <vector>

namespace ql {

struct ModelCurve {
  QString name;
  int color = 0;                // of modelColor()
  std::vector<QString> layers;  // names in network order
  std::vector<double> values;   // fractions, NaN = not measured (yet)
  bool operator==(const ModelCurve&) const = default;
};

class CompareModelsView : public CanvasView {
  Q_OBJECT
 public:
  explicit CompareModelsView(QObject* parent = nullptr) : CanvasView(parent) {}
  void setCurves(std::vector<ModelCurve> curves);
  const std::vector<ModelCurve>& curves() const { return m_curves; }
  /// `figure` names what is shown: "Norm-weighted error"; `choice`: "int8 channel".
  void setWords(const QString& figure, const QString& choice);
  void setTarget(double target);
  /// Layers at equal share of the depth instead of equal number.
  void setRelativeDepth(bool isOn);
  void setSettled(bool isSettled);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;
  bool isSettled() const override { return m_isSettled; }

 signals:
  void layerPicked(int curve, int layer);

 private:
  struct Hit {
    std::size_t curve = 0, layer = 0;
  };
  void fitRange();
  void layOut();
  double xOf(const ModelCurve& curve, std::size_t layer) const;
  void drawCurve(Painter& painter, const Theme& theme, const ModelCurve& curve) const;
  void drawTarget(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  std::optional<std::size_t> layerAt(const ModelCurve& curve, double x) const;
  std::optional<Hit> hitAt(QPointF at) const;
  std::size_t longest() const;

  std::vector<ModelCurve> m_curves;
  QString m_figure, m_choice;
  double m_target = 0.02;
  bool m_isRelative = false, m_isSettled = true;
  QRectF m_plot;
  Axis m_x, m_y;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
