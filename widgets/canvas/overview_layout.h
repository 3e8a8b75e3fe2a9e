#pragma once
// Where everything of the overview lies: the block x role grid, its labels, the colour bar with histogram,
// and the plot of all linears in network order. Pure geometry, no painting, no values.
#include <QPointF>
#include <QRectF>
#include <QSizeF>

#include <optional>

namespace ql {

/// A cell of the grid: role row and block column.
struct GridCell {
  int row = 0, block = 0;
  bool operator==(const GridCell&) const = default;
};

/// Geometry at one canvas size. Cells shrink to kMinCell, then the grid scrolls sideways; the plot on the
/// right goes first when the canvas is narrow, the bar next, the data last.
struct OverviewLayout {
  static constexpr double kMinCell = 8, kMaxCellHeight = 40, kNumberWidth = 48;

  QRectF grid;          // visible part
  QRectF bar;           // colour bar, null when there is no room
  QRectF barHistogram;  // to the right of the bar
  QRectF plot;          // dots in network order, null when there is no room
  double cellWidth = 0, cellHeight = 0;
  double scroll = 0, maxScroll = 0;  // logical pixels hidden on the left
  int rows = 0, blocks = 0;

  QRectF cell(GridCell at) const;  // may lie outside of grid when scrolled
  std::optional<GridCell> hit(QPointF at) const;
  /// Cells touched by a rectangle: first and last, both inclusive; nothing when it misses the grid.
  std::optional<std::pair<GridCell, GridCell>> hitRange(const QRectF& area) const;
  int firstVisibleBlock() const;
  int lastVisibleBlock() const;  // inclusive
  /// Every n-th block label is drawn so that labels of `labelWidth` do not touch: 1, 2, 5, 10, ...
  int labelStep(double labelWidth) const;
};

/// `labelWidth` and `lineHeight` of the axis font; `scroll` is clamped.
OverviewLayout layOutOverview(QSizeF canvas, int rows, int blocks, double labelWidth, double lineHeight,
                              double scroll);

}  // namespace ql
