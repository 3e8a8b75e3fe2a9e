#pragma once
// Kendall's tau between every two metrics over the layers of a model: a small map with its numbers.
#include "widgets/canvas/canvas_view.h"
#include "widgets/panels/compare_ranks.h"

namespace ql {

class CompareTauView : public CanvasView {
  Q_OBJECT
 public:
  explicit CompareTauView(QObject* parent = nullptr) : CanvasView(parent) {}
  void setRanks(const CompareRanks& ranks);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override { return tr("Kendall's tau between the metrics"); }
  QString accessibleText() const override;

 private:
  void layOut(Painter& painter);
  QRectF cell(std::size_t row, std::size_t column) const;
  void drawHover(Painter& painter, const Theme& theme) const;

  CompareRanks m_ranks;
  QRectF m_grid;
  double m_cell = 24;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
