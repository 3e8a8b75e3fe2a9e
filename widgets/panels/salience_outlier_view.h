#pragma once
// The input channels by their largest |x|, and the threshold of LLM.int8() across them: drag it, and the
// counts follow.
#include "widgets/panels/salience_lab.h"
#include "widgets/panels/salience_plot.h"

namespace ql {

class SalienceOutlierView : public SaliencePlot {
  Q_OBJECT
 public:
  explicit SalienceOutlierView(Selection* selection, QObject* parent = nullptr);
  /// The shown site; null = none.
  void setState(std::shared_ptr<const SalienceState> state);
  void setThreshold(double threshold);
  double threshold() const { return m_threshold; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString accessibleText() const override;
  QString tableTitle() const override { return tr("Input channels by largest |x|"); }

 signals:
  void thresholdMoved(double threshold);

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  ValueRange allRanks() const { return {0, std::max(1.0, static_cast<double>(m_ranked.size()))}; }
  void fitValues();
  bool isOnLine(QPointF at) const;
  bool handleKey(const CanvasEvent& event);
  void moveTo(double threshold);
  void drawLine(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  std::int64_t countOver() const;

  Selection* m_selection;
  std::shared_ptr<const SalienceState> m_state;
  std::vector<std::int64_t> m_order;  // channels, largest first
  std::vector<double> m_ranked;
  double m_threshold = kLlmInt8Threshold;
  bool m_isDragging = false;
};

}  // namespace ql
