#include "widgets/panels/surface_data.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

std::int64_t stepFor(std::int64_t count, int most) {
  return std::max<std::int64_t>(1, (count + most - 1) / most);
}

std::pair<std::int64_t, std::int64_t> rangeOf(int cell, std::int64_t step, std::int64_t count) {
  return {cell * step, std::min(count, (cell + 1) * step)};
}

void fillLevels(SurfaceGrid& grid) {
  std::vector<float> sorted = grid.values;
  const auto peak = std::max_element(grid.values.begin(), grid.values.end());
  grid.peak = static_cast<std::size_t>(peak - grid.values.begin());
  grid.largest = static_cast<double>(*peak);
  std::erase(sorted, 0.0f);
  if (sorted.empty()) return;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  grid.median = static_cast<double>(*middle);
}

}  // namespace

std::pair<std::int64_t, std::int64_t> SurfaceGrid::rowRange(int row) const {
  return rangeOf(row, cellRows, out);
}

std::pair<std::int64_t, std::int64_t> SurfaceGrid::columnRange(int column) const {
  return rangeOf(column, cellColumns, in);
}

SurfaceGrid makeSurfaceGrid(const WeightSource* source, const MatrixRef& matrix, const TilePyramid* pyramid,
                            JobContext& job) {
  SurfaceGrid grid;
  grid.out = matrix.out;
  grid.in = matrix.in;
  if (matrix.out <= 0 || matrix.in <= 0) return grid;
  grid.cellRows = stepFor(matrix.out, kMostSurfaceRows);
  grid.cellColumns = stepFor(matrix.in, kMostSurfaceColumns);
  grid.rows = static_cast<int>((matrix.out + grid.cellRows - 1) / grid.cellRows);
  grid.columns = static_cast<int>((matrix.in + grid.cellColumns - 1) / grid.cellColumns);
  MatrixViewport viewport;
  viewport.rowEnd = static_cast<double>(grid.rows * grid.cellRows);
  viewport.columnEnd = static_cast<double>(grid.columns * grid.cellColumns);
  viewport.width = grid.columns;
  viewport.height = grid.rows;
  MatrixImage image = resampleMatrix(source, matrix, pyramid, viewport, PoolKind::Max, job);
  grid.values = std::move(image.values);
  for (float& value : grid.values) value = std::isfinite(value) ? std::abs(value) : 0;
  grid.nonFinite = std::move(image.nonFinite);
  fillLevels(grid);
  return grid;
}

}  // namespace ql
