#pragma once
// Curves over places that have names (blocks, thresholds): a CurvePlot that is told its words.
#include "widgets/panels/curve_plot.h"

#include <QStringList>

namespace ql {

struct PlainPlotWords {
  QString axis;        // "block", below the axis and in the table
  QString table;       // title of the accessible table
  QString place;       // "Block %1": title of the read-out
  QStringList places;  // x = 0, 1, ...
};

class PlainPlot : public CurvePlot {
  Q_OBJECT
 public:
  explicit PlainPlot(QObject* parent = nullptr) : CurvePlot(parent) { setLog(true); }
  void setWords(const PlainPlotWords& words);
  /// `isAnother`: of another subject, so that the axes are fitted anew.
  void showCurves(std::vector<PlotCurve> curves, bool isAnother = false);

  bool handle(const CanvasEvent& event) override;
  QString tableTitle() const override { return m_words.table; }
  QString accessibleText() const override;

 signals:
  void placePicked(int place);  // double-clicked, or Enter near the pointer

 protected:
  QString xTitle() const override { return m_words.axis; }
  QString xText(double x) const override { return m_words.place.arg(name(x)); }
  QString xColumn() const override { return m_words.axis; }
  QString xNumber(double x) const override { return name(x); }
  std::vector<double> xTicks() const override;
  QString xTickText(double x) const override { return name(x); }

 private:
  QString name(double x) const;
  PlainPlotWords m_words;
};

}  // namespace ql
