#pragma once
// The strip's numbers as curves along the depth of the network on one log axis: |W| of every role, norm
// weights, |X|. The row under the strip's cursor is drawn strong.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/panels/tracker_strip_view.h"

#include <memory>
#include <optional>

namespace ql {

class TrackerDepthView : public CanvasView {
  Q_OBJECT
 public:
  using CanvasView::CanvasView;

  void setContent(std::shared_ptr<const TrackerContent> content);
  void setRatios(bool isOn);
  /// The row of the grid that is drawn strong, and the column marked.
  void setCursor(int row, int column);
  std::optional<int> column() const { return m_column; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;

 signals:
  void columnChanged(int column);

 protected:
  void resized() override { layOut(); }

 private:
  void layOut();
  bool isShown() const { return m_content && !m_content->grid.rows.empty() && m_plot.width() > 0; }
  std::optional<double> valueOf(const TrackerRow& row, std::size_t column) const;
  double xOf(std::size_t column) const { return m_x.toPixel(static_cast<double>(column) + 0.5); }
  std::optional<int> columnAt(double x) const;
  QColor colorOf(const TrackerRow& row, const Theme& theme) const;
  void drawCurve(Painter& painter, const Theme& theme, const TrackerRow& row, bool isStrong) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawLabels(Painter& painter, const Theme& theme) const;
  void drawReadOutOf(Painter& painter, const Theme& theme, int column) const;

  std::shared_ptr<const TrackerContent> m_content;
  bool m_isRatio = false, m_hasFocus = false;
  std::optional<int> m_row, m_column;
  QRectF m_plot;
  Axis m_x, m_y;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
