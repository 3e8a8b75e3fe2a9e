#pragma once
// A matrix at ever coarser resolutions that never loses an outlier: every texel keeps min, max, absmax and
// mean of the values it covers, and the maximum at every level is the true maximum.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"

#include <cstdint>
#include <vector>

namespace ql {

/// One level: texel (r, c) covers rows [r * tile, ...) and columns [c * tile, ...) of the matrix.
struct PyramidLevel {
  std::int64_t tile = 1;  // edge in elements, a power of two
  std::int64_t rows = 0, columns = 0;
  std::vector<float> min, max, absmax, mean;  // rows * columns each; 0 for texels without finite values
  std::vector<std::uint8_t> nonFinite;        // bit 0: NaN inside, bit 1: +Inf, bit 2: -Inf
};

/// Levels from fine to coarse, each with twice the tile of the one before, down to at most 64 x 64 texels.
/// Extremes are exact at every level. Means leave out non-finite values; coarser ones weigh texels by area.
struct TilePyramid {
  std::int64_t out = 0, in = 0;
  std::vector<PyramidLevel> levels;
  float absmax() const;  // 0 without levels
};

/// Builds the levels above `finest` (whose arrays are filled) by merging 2 x 2.
TilePyramid pyramidFromLevel(std::int64_t out, std::int64_t in, PyramidLevel finest);

/// Reads the matrix once and builds its pyramid with the given finest tile (8 for pictures, 32 for files).
TilePyramid buildPyramid(const WeightSource& source, const MatrixRef& matrix, std::int64_t finestTile,
                         JobContext& job);

/// The finest tile whose level and all coarser ones stay under `bytes` when stored as 16-bit values: 7 bytes
/// a texel (min, max, mean, flags; absmax follows from min and max).
std::int64_t finestTileWithin(std::int64_t out, std::int64_t in, std::uint64_t bytes);

}  // namespace ql
