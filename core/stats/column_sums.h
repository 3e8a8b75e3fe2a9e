#pragma once
// What the columns of a block of rows add up to, and where the sums of tiles go: the accumulators of
// matrix_pass.cpp.
#include "core/stats/channel_stats.h"
#include "core/stats/exact_tile.h"
#include "core/stats/tile_kernel.h"
#include "core/stats/tile_pyramid.h"

#include <cstdint>
#include <vector>

namespace ql {

/// Column sums of one block of rows; padded to a multiple of kColumnStep.
class ColumnSums {
 public:
  /// Empties all columns.
  void reset(std::size_t width);
  void merge(const ColumnSums& other);
  /// Adds a tile whose first column is `column`.
  void add(const TileSums& tile, int columns, std::size_t column, bool withMoments);
  void add(const ExactTile& tile, int columns, std::size_t column);
  void storeInto(ChannelStats& stats) const;

  std::size_t width() const { return m_min.size(); }
  double cube() const { return m_cube; }             // sum of w^3
  std::uint32_t bitsOr() const { return m_bitsOr; }  // of all float patterns (F32 only)

 private:
  void needCounts();

  std::vector<float> m_min, m_max;
  std::vector<double> m_sum, m_sq, m_quad;
  std::vector<std::uint64_t> m_zeros, m_nans, m_posInfs, m_negInfs;  // empty while all are 0
  bool m_hasCounts = false;
  double m_cube = 0;
  std::uint32_t m_bitsOr = 0;
};

/// Channel i of `stats` from its moments; an empty channel keeps its zeros.
void storeChannel(const ExactSums& from, ChannelStats& stats, std::size_t i);

/// The texels of a tile at (row, column) of the matrix, multiples of level.tile: extremes, means, flags.
void storeTexels(const TileSums& sums, const StripTile& tile, std::int64_t row, std::int64_t column,
                 PyramidLevel& level);
void storeTexels(const ExactTile& sums, const StripTile& tile, std::int64_t row, std::int64_t column,
                 PyramidLevel& level);

}  // namespace ql
