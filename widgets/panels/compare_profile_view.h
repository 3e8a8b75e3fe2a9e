#pragma once
// Where the error falls: the relative error of every row, or of every column, under A and B on one axis.
#include "core/evaluate/code_histogram.h"
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"
#include "widgets/panels/compare_choices.h"

#include <array>
#include <optional>

namespace ql {

class CompareProfileView : public CanvasView {
  Q_OBJECT
 public:
  enum class Across { Rows, Columns };
  explicit CompareProfileView(Across across, QObject* parent = nullptr);

  /// Relative errors |D_i| / |W_i| of the rows or columns; null = not known.
  void setHistogram(CompareSide side, const std::shared_ptr<const CodeHistogram>& histogram);
  const std::vector<double>& values(CompareSide side) const {
    return m_values[side == CompareSide::A ? 0 : 1];
  }
  void setPinned(std::optional<std::int64_t> index);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;

 signals:
  void picked(std::int64_t index);

 private:
  void fitRange();
  void layOut();
  void drawCurve(Painter& painter, const Theme& theme, std::size_t side) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  std::size_t count() const { return std::max(m_values[0].size(), m_values[1].size()); }
  std::optional<std::size_t> indexAt(QPointF at) const;
  QString title() const;

  Across m_across;
  std::array<std::vector<double>, 2> m_values;  // NaN where the weights are zero
  std::optional<std::int64_t> m_pinned;
  QRectF m_plot;
  Axis m_x, m_y;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
