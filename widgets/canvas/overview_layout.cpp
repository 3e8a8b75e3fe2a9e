#include "widgets/canvas/overview_layout.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kMargin = 8, kGap = 12, kBarWidth = 14, kHistogramWidth = 24, kTickWidth = 46;
constexpr double kRoomForBar = 420, kRoomForPlot = 680;

/// Splits the width: grid with its labels on the left, bar and plot on the right while there is room.
double gridWidth(double width, int blocks, double labelWidth) {
  if (width < kRoomForBar) return width - 2 * kMargin - labelWidth;
  const double side = kTickWidth + kBarWidth + kHistogramWidth + kGap;
  const double plot = width < kRoomForPlot ? 0 : std::clamp(width * 0.27, 200.0, 420.0) + kGap;
  const double most = 96.0 * blocks;  // a few blocks do not need cells wider than a number
  return std::min(width - 2 * kMargin - labelWidth - side - plot, std::max(most, 160.0));
}

}  // namespace

QRectF OverviewLayout::cell(GridCell at) const {
  return {grid.left() - scroll + at.block * cellWidth, grid.top() + at.row * cellHeight, cellWidth,
          cellHeight};
}

std::optional<GridCell> OverviewLayout::hit(QPointF at) const {
  if (rows == 0 || blocks == 0 || !grid.contains(at)) return std::nullopt;
  const int block = static_cast<int>((at.x() - grid.left() + scroll) / cellWidth);
  const int row = static_cast<int>((at.y() - grid.top()) / cellHeight);
  if (block >= blocks || row >= rows) return std::nullopt;
  return GridCell{row, block};
}

std::optional<std::pair<GridCell, GridCell>> OverviewLayout::hitRange(const QRectF& area) const {
  const QRectF inside = area.normalized().intersected(grid);
  if (rows == 0 || blocks == 0 || inside.isEmpty()) return std::nullopt;
  const auto clampTo = [](double v, int count) { return std::clamp(static_cast<int>(v), 0, count - 1); };
  const GridCell first{clampTo((inside.top() - grid.top()) / cellHeight, rows),
                       clampTo((inside.left() - grid.left() + scroll) / cellWidth, blocks)};
  const GridCell last{clampTo((inside.bottom() - grid.top()) / cellHeight, rows),
                      clampTo((inside.right() - grid.left() + scroll) / cellWidth, blocks)};
  return std::pair{first, last};
}

int OverviewLayout::firstVisibleBlock() const {
  return cellWidth > 0 ? std::max(0, static_cast<int>(scroll / cellWidth)) : 0;
}

int OverviewLayout::lastVisibleBlock() const {
  if (cellWidth <= 0) return -1;
  return std::min(blocks - 1, static_cast<int>(std::ceil((scroll + grid.width()) / cellWidth)) - 1);
}

int OverviewLayout::labelStep(double labelWidth) const {
  int step = 1;
  for (int factor = 1; step * cellWidth < labelWidth + 6 && step < blocks; factor = (factor + 1) % 3)
    step = factor == 2 ? step / 2 * 5 : step * 2;
  return step;
}

OverviewLayout layOutOverview(QSizeF canvas, int rows, int blocks, double labelWidth, double lineHeight,
                              double scroll) {
  OverviewLayout out;
  out.rows = rows;
  out.blocks = blocks;
  if (rows <= 0 || blocks <= 0) return out;
  const double top = kMargin, bottom = canvas.height() - lineHeight - kMargin - 4;
  const double available = gridWidth(canvas.width(), blocks, labelWidth);
  out.cellHeight =
      std::clamp((bottom - top) / rows, OverviewLayout::kMinCell, OverviewLayout::kMaxCellHeight);
  out.cellWidth = std::max(available / blocks, OverviewLayout::kMinCell);
  const double left = kMargin + labelWidth;
  out.grid = QRectF(left, top, std::min(available, out.cellWidth * blocks), out.cellHeight * rows);
  out.maxScroll = std::max(0.0, out.cellWidth * blocks - out.grid.width());
  out.scroll = std::clamp(scroll, 0.0, out.maxScroll);
  if (canvas.width() < kRoomForBar) return out;
  const double height = std::max(out.grid.height(), std::min(bottom - top, 120.0));
  out.bar = QRectF(out.grid.right() + kTickWidth + kGap, top, kBarWidth, height);
  out.barHistogram = QRectF(out.bar.right() + 8, top, kHistogramWidth, height);
  if (canvas.width() >= kRoomForPlot) {
    const double plotLeft = out.barHistogram.right() + kGap;
    out.plot = QRectF(plotLeft, top, canvas.width() - kMargin - plotLeft, height);
  }
  return out;
}

}  // namespace ql
