#include "core/stats/tile_pyramid.h"

#include "core/base/error.h"
#include "core/stats/matrix_pass.h"
#include "core/stats/pyramid_build.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ql {
namespace {

constexpr std::int64_t kCoarsestEdge = 64;  // texels of the last level
constexpr std::uint64_t kTexelBytes = 7;    // min, max and mean in 16 bits, one byte of flags; absmax follows

std::int64_t texelsAlong(std::int64_t elements, std::int64_t tile) {
  return (elements + tile - 1) / tile;
}

void resizeLevel(PyramidLevel& level) {
  const auto texels = static_cast<std::size_t>(level.rows * level.columns);
  for (auto* values : {&level.min, &level.max, &level.absmax, &level.mean}) values->assign(texels, 0.0f);
  level.nonFinite.assign(texels, 0);
}

// Elements of the matrix under texel index i along an axis.
double coveredLength(std::int64_t i, std::int64_t tile, std::int64_t elements) {
  return static_cast<double>(std::min(tile, elements - i * tile));
}

// One texel of the coarser level from the up to four below it.
void mergeFour(const PyramidLevel& fine, std::int64_t out, std::int64_t in, PyramidLevel& coarse,
               std::int64_t row, std::int64_t column) {
  const auto target = static_cast<std::size_t>(row * coarse.columns + column);
  bool isFirst = true;
  double weight = 0, sum = 0;
  for (std::int64_t r = 2 * row; r < std::min(fine.rows, 2 * row + 2); ++r) {
    for (std::int64_t c = 2 * column; c < std::min(fine.columns, 2 * column + 2); ++c) {
      const auto i = static_cast<std::size_t>(r * fine.columns + c);
      coarse.nonFinite[target] |= fine.nonFinite[i];
      if (isWithoutFinite(fine, i)) continue;
      coarse.min[target] = isFirst ? fine.min[i] : std::min(coarse.min[target], fine.min[i]);
      coarse.max[target] = isFirst ? fine.max[i] : std::max(coarse.max[target], fine.max[i]);
      coarse.absmax[target] = std::max(coarse.absmax[target], fine.absmax[i]);
      const double area = coveredLength(r, fine.tile, out) * coveredLength(c, fine.tile, in);
      weight += area;
      sum += area * static_cast<double>(fine.mean[i]);
      isFirst = false;
    }
  }
  if (weight > 0) coarse.mean[target] = static_cast<float>(sum / weight);
}

}  // namespace

bool isWithoutFinite(const PyramidLevel& level, std::size_t texel) {
  return level.nonFinite[texel] != 0 && level.absmax[texel] == 0.0f;
}

PyramidLevel coarserLevel(std::int64_t out, std::int64_t in, const PyramidLevel& fine) {
  PyramidLevel coarse;
  coarse.tile = fine.tile * 2;
  coarse.rows = texelsAlong(out, coarse.tile);
  coarse.columns = texelsAlong(in, coarse.tile);
  resizeLevel(coarse);
  for (std::int64_t r = 0; r < coarse.rows; ++r)
    for (std::int64_t c = 0; c < coarse.columns; ++c) mergeFour(fine, out, in, coarse, r, c);
  return coarse;
}

float TilePyramid::absmax() const {
  if (levels.empty() || levels.back().absmax.empty()) return 0;
  return *std::max_element(levels.back().absmax.begin(), levels.back().absmax.end());
}

TilePyramid pyramidFromLevel(std::int64_t out, std::int64_t in, PyramidLevel finest) {
  QL_ASSERT(finest.tile > 0 && std::has_single_bit(static_cast<std::uint64_t>(finest.tile)));
  QL_ASSERT(finest.rows == texelsAlong(out, finest.tile) && finest.columns == texelsAlong(in, finest.tile));
  TilePyramid pyramid{out, in, {}};
  if (finest.rows == 0 || finest.columns == 0) return pyramid;
  pyramid.levels.push_back(std::move(finest));
  while (pyramid.levels.back().rows > kCoarsestEdge || pyramid.levels.back().columns > kCoarsestEdge)
    pyramid.levels.push_back(coarserLevel(out, in, pyramid.levels.back()));
  return pyramid;
}

TilePyramid buildPyramid(const WeightSource& source, const MatrixRef& matrix, std::int64_t finestTile,
                         JobContext& job) {
  QL_ASSERT(finestTile > 0 && std::has_single_bit(static_cast<std::uint64_t>(finestTile)));
  PassOptions options;
  options.withMoments = options.withCodes = false;
  options.texel = static_cast<int>(std::min<std::int64_t>(finestTile, kMaxTexel));
  PyramidLevel level = runPass(source, matrix, options, job).texels;
  while (level.tile < finestTile) level = coarserLevel(matrix.out, matrix.in, level);
  return pyramidFromLevel(matrix.out, matrix.in, std::move(level));
}

std::int64_t finestTileWithin(std::int64_t out, std::int64_t in, std::uint64_t bytes) {
  for (std::int64_t finest = 1;; finest *= 2) {
    double total = 0;
    for (std::int64_t tile = finest;; tile *= 2) {
      const std::int64_t rows = texelsAlong(out, tile), columns = texelsAlong(in, tile);
      total += static_cast<double>(kTexelBytes) * static_cast<double>(rows) * static_cast<double>(columns);
      if (rows <= kCoarsestEdge && columns <= kCoarsestEdge) break;
    }
    if (total <= static_cast<double>(bytes) || (finest >= out && finest >= in)) return finest;
  }
}

}  // namespace ql
