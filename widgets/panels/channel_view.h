#pragma once
// Curves over the ranked channels of one linear: |W| absmax, norm weight g, error share; and |X| absmax,
// median and rms on an axis of their own at the right. One component of axes, with zoom, pan, hover and pins;
// outlier channels are named.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/models/channel_data.h"

#include <memory>
#include <optional>
#include <vector>

namespace ql {

class Selection;

class ChannelView : public CanvasView {
  Q_OBJECT
 public:
  explicit ChannelView(Selection* selection, QObject* parent = nullptr);

  void setData(std::shared_ptr<const ChannelData> data, const QString& title);
  void setLog(bool isLog);
  void setHint(const QString& hint);  // shown when there is no data
  void setSettled(bool isSettled);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override { return m_title; }
  QString accessibleText() const override;
  bool isSettled() const override { return m_isSettled; }

 protected:
  void resized() override { layOut(); }

 private:
  struct Curve {
    QString label;
    QColor Theme::*color;
    std::vector<double> values;  // by rank; NaN where there is none
    Stroke stroke;               // without its colour
    bool isActivation = false;   // on the right axis
  };
  void makeCurves();
  void layOut();
  void fitValues();
  ValueRange rangeOf(bool ofActivations) const;
  const Axis& axisOf(const Curve& curve) const { return curve.isActivation ? m_right : m_y; }
  bool hasActivations() const { return !m_curves.empty() && m_curves.back().isActivation; }
  void drawRightAxis(Painter& painter, const Theme& theme) const;
  std::optional<std::size_t> rankAt(double x) const;
  bool handleKey(const CanvasEvent& event);
  void moveCursor(int ranks);
  void drawCurve(Painter& painter, const Theme& theme, const Curve& curve) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawMarks(Painter& painter, const Theme& theme) const;
  void drawCallOut(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme);

  Selection* m_selection;
  std::shared_ptr<const ChannelData> m_data;
  QString m_title, m_hint;
  std::vector<Curve> m_curves;
  QRectF m_plot;
  Axis m_x, m_y, m_right;
  ValueRange m_allRanks{0, 1};
  bool m_isLog = true, m_isSettled = true;
  QPointF m_pointer{-1, -1};
  std::optional<QPointF> m_panFrom;
};

}  // namespace ql
