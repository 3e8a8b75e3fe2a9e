#pragma once
// Histogram of the codes that a linear uses under A and B: which codes are empty, how many weights stand on
// the ends, how many round to zero.
#include "core/evaluate/code_histogram.h"
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/panels/compare_choices.h"

#include <array>

namespace ql {

class CompareCodesView : public CanvasView {
  Q_OBJECT
 public:
  explicit CompareCodesView(QObject* parent = nullptr);
  /// Null while it is counted; `hint` is shown when neither is there.
  void setHistogram(CompareSide side, std::shared_ptr<const CodeHistogram> histogram);
  void setHint(const QString& hint);
  void setLog(bool isLog);
  bool isLog() const { return m_isLog; }
  void setSettled(bool isSettled);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override { return tr("Codes used under A and B"); }
  QString accessibleText() const override;
  void fillMenu(QMenu& menu) override;
  bool isSettled() const override { return m_isSettled; }

 private:
  /// A bin between the middles to its neighbours, in axis units.
  struct Bar {
    double from = 0, to = 0, share = 0;
    const CodeBin* bin = nullptr;
  };
  void prepare();
  void layOut();
  std::vector<Bar> barsOf(const CodeHistogram& histogram) const;
  double heightOf(double share) const;
  void drawSide(Painter& painter, const Theme& theme, std::size_t side) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  QString sideText(const CodeHistogram& histogram) const;
  const Bar* barAt(std::size_t side, double x) const;

  std::array<std::shared_ptr<const CodeHistogram>, 2> m_histograms;
  std::array<std::vector<Bar>, 2> m_bars;
  QString m_hint;
  bool m_isLog = true, m_isInCodes = true, m_isSettled = true;
  QRectF m_plot;
  Axis m_x, m_y;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
