#pragma once
// Errors as curves over one quantity: axes of which the errors have their own zoom and pan, a legend, pinned
// curves to compare with, references such as "no smoothing" that are marked where they lie outside the shown
// range, and a read-out of the nearest point. What x means and what a click does is the subclass's.
//
//   F fits the curves, F again fits everything; L switches the scale; + and -, Ctrl+wheel zoom, Page Up and
//   Page Down, middle drag pan; P pins, Shift+P removes the pins.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/read_out.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace ql {

struct CurvePoint {
  double x = 0, y = 0;                                // y: an error, as a fraction
  std::optional<std::pair<double, double>> interval;  // 95 % of y
  bool isMinor = false;                               // on the curve without a dot of its own
};

struct PlotCurve {
  QString label, shortLabel;
  QColor Theme::*color = &Theme::accent;
  std::vector<CurvePoint> points;  // by ascending x
  bool isActive = false;           // the one that is being changed
};

/// An error to compare the curves with, whatever x.
struct PlotReference {
  QString label;
  double y = 0;
};

class CurvePlot : public CanvasView {
  Q_OBJECT
 public:
  enum class Fit { Curves, All, Free };

  explicit CurvePlot(QObject* parent = nullptr) : CanvasView(parent) {}

  Fit fit() const { return m_fit; }
  bool isLog() const { return m_isLog; }
  const Axis& xAxis() const { return m_x; }
  const Axis& errorAxis() const { return m_y; }
  QRectF plot() const { return m_plot; }
  QPointF pixelOf(const CurvePoint& point) const { return {m_x.toPixel(point.x), m_y.toPixel(point.y)}; }
  const std::vector<PlotCurve>& curves() const { return m_curves; }
  std::size_t pinCount() const;
  /// What the reference reads where it lies outside the shown errors; empty when all are inside.
  const QRectF& offScaleBox() const { return m_offScaleBox; }

  void setHint(const QString& hint);        // shown while there are no curves
  void setCaption(const QString& caption);  // what the errors are of, above the legend
  /// Pins belong to a topic (a group, a linear) and come back with it; `text` names what is pinned next.
  void setPinTopic(const QString& topic, const QString& text);
  void setSettled(bool isSettled);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  void fillMenu(QMenu& menu) override;
  bool isSettled() const override { return m_isSettled; }

 public slots:
  void fitCurves();
  void fitAll();
  void setLog(bool isLog);
  void pin();
  void clearPins();

 protected:
  void setCurves(std::vector<PlotCurve> curves, std::vector<PlotReference> references);
  void setXRange(ValueRange range);
  void resetFit();  // another topic: the curves are fitted again

  virtual QString xTitle() const = 0;           // below the axis: "alpha"
  virtual QString xText(double x) const = 0;    // title of the read-out
  virtual QString xColumn() const = 0;          // of the table: "alpha"
  virtual QString xNumber(double x) const = 0;  // as in the table
  virtual std::vector<double> xTicks() const = 0;
  virtual QString xTickText(double x) const;
  virtual double axisRoom() const { return 0; }      // extra pixels between axis and labels
  virtual void drawMarks(Painter&, const Theme&) {}  // over the curves, inside the plot
  virtual void drawOver(Painter&, const Theme&) {}   // over everything but the read-out
  virtual std::vector<ReadOutRow> extraRows(double) const { return {}; }
  virtual bool hasReadOut() const { return true; }

  /// Where a box of that size near the anchor hides least of the curves; remembered for the next ones.
  QRectF placeBox(QSizeF box, QPointF anchor);
  /// Boxes placed after it leave that place free.
  void keepFree(const QRectF& place) { m_placed.push_back(place); }
  /// The pinned curves of this topic with what they are called: "Bi-smoothing (median), pinned: int8 g32".
  std::vector<std::pair<QString, const PlotCurve*>> pinnedCurves() const;
  std::optional<std::size_t> curveNear(QPointF at, double distance) const;
  QPointF pointer() const { return m_pointer; }

 private:
  struct Pin {
    QString label;
    std::vector<PlotCurve> curves;
  };
  struct LegendEntry {
    QString text;
    std::vector<QColor Theme::*> colors;
    Stroke stroke;
    bool hasDot = false;
  };
  const std::vector<Pin>& pins() const;
  std::pair<double, double> extent(bool withPins, bool withReferences) const;
  ValueRange limits() const;
  void refit();
  void layOut();
  std::vector<LegendEntry> legend() const;
  std::vector<std::vector<LegendEntry>> legendLines(double width) const;
  void drawAxes(Painter& painter, const Theme& theme);
  void drawCurve(Painter& painter, const Theme& theme, const PlotCurve& curve) const;
  void drawPins(Painter& painter, const Theme& theme) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawReferences(Painter& painter, const Theme& theme);
  void drawOffScale(Painter& painter, const Theme& theme, const PlotReference& reference, double best);
  void drawHover(Painter& painter, const Theme& theme);
  void collectInk();
  double inkIn(const QRectF& box) const;
  std::optional<double> nearestX(double pixel) const;
  double best() const;  // the least error of the curves
  bool handleKey(const CanvasEvent& event);
  void zoomErrors(double factor, double about);
  void panErrors(double fraction);

  std::vector<PlotCurve> m_curves;
  std::vector<PlotReference> m_references;
  std::map<QString, std::vector<Pin>> m_pins;  // by topic
  QString m_topic, m_pinText, m_hint, m_caption;
  QRectF m_plot, m_offScaleBox;
  Axis m_x, m_y;
  Fit m_fit = Fit::Curves;
  bool m_isLog = false, m_isSettled = true;
  QPointF m_pointer{-1, -1};
  std::optional<double> m_panFrom;
  std::vector<QPointF> m_ink;    // of the picture being drawn
  std::vector<QRectF> m_placed;  // boxes in it
};

/// A tick of an error axis, with as many decimals as the step between ticks needs: "0.96 %".
QString errorTickText(double fraction, double step);

}  // namespace ql
