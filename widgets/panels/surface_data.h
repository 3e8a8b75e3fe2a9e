#pragma once
// A matrix pooled to a grid that can be drawn as a surface: each cell holds the largest magnitude of equally
// many rows and columns, so no outlier is lost.
#include "core/jobs/job_context.h"
#include "core/stats/matrix_view.h"

#include <QString>

#include <cstdint>
#include <utility>
#include <vector>

namespace ql {

inline constexpr int kMostSurfaceColumns = 160, kMostSurfaceRows = 120;

struct SurfaceGrid {
  int rows = 0, columns = 0;
  std::int64_t out = 0, in = 0;                // of the matrix
  std::int64_t cellRows = 1, cellColumns = 1;  // elements a cell covers; the last ones fewer
  std::vector<float> values;                   // rows * columns, magnitudes
  std::vector<std::uint8_t> nonFinite;         // as of MatrixImage
  double largest = 0, median = 0;              // of the cells
  std::size_t peak = 0;                        // cell of the largest

  bool isEmpty() const { return values.empty(); }
  std::size_t index(int row, int column) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
           static_cast<std::size_t>(column);
  }
  /// Half-open ranges of the matrix that a cell covers.
  std::pair<std::int64_t, std::int64_t> rowRange(int row) const;
  std::pair<std::int64_t, std::int64_t> columnRange(int column) const;
};

/// Max-pools the matrix (source or pyramid may be null as of resampleMatrix). Empty matrices give an empty
/// grid.
SurfaceGrid makeSurfaceGrid(const WeightSource* source, const MatrixRef& matrix, const TilePyramid* pyramid,
                            JobContext& job);

}  // namespace ql
