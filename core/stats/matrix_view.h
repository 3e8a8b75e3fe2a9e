#pragma once
// The visible part of a matrix as one viewport-sized image of values: exact max-pooling from the pyramid when
// zoomed out, from the matrix itself when zoomed in. Pure computation: no colours, no toolkit.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/stats/tile_pyramid.h"

#include <cstdint>
#include <vector>

namespace ql {

enum class PoolKind { Max, Mean };  // Max: largest |w|, keeping its sign
/// What part of the matrix is seen, in elements (fractions allowed), and at what size in pixels.
struct MatrixViewport {
  double rowBegin = 0, rowEnd = 0, columnBegin = 0, columnEnd = 0;
  int width = 0, height = 0;  // pixels
};

/// A pixel covers the elements (or texels) that it overlaps; one smaller than an element shows the element at
/// its centre. The mean weighs by overlap. Pixels outside the matrix are 0.
struct MatrixImage {
  int width = 0, height = 0;
  std::vector<float> values;  // height * width, row-major; signed value of largest |w| (Max) or mean
  std::vector<std::uint8_t> nonFinite;  // as in PyramidLevel; value is 0 there when nothing finite is covered
  bool isExact = true;                  // false: a texel straddles pixels (still never misses a maximum)
};

/// Resamples. Uses the matrix itself when a pixel covers less than the pyramid's finest tile and the region
/// is small enough to read (<= maxElements), else the pyramid. `pyramid` may be null (small matrices),
/// `source` may be null (statistics file alone: the finest pyramid level is the limit). Of the levels not
/// coarser than a pixel the coarsest is read. Counts no work on `job`; cancellable every few pixel rows.
/// Throws what the source throws; QL_ASSERT that one of source and pyramid is there.
MatrixImage resampleMatrix(const WeightSource* source, const MatrixRef& matrix, const TilePyramid* pyramid,
                           const MatrixViewport& viewport, PoolKind pool, JobContext& job,
                           std::int64_t maxElements = 64 << 20);

}  // namespace ql
