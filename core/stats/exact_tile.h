#pragma once
// The slow and exact sibling of tile_kernel.h: any width, any value. Double sums, non-finite values counted
// and left out of everything else. Also decodes single stored values.
#include "core/stats/tile_kernel.h"

#include <array>
#include <cstdint>

namespace ql {

/// One of the stored values as float32, exact.
float storedValue(const std::byte* data, StoredKind kind);

/// What a channel collects. min > max while nothing finite was seen.
struct ExactSums {
  float min, max;
  double sum, sq, quad;
  std::uint32_t zeros, nans, posInfs, negInfs;
};

struct ExactTile {
  std::array<ExactSums, kTileColumns> columns;
  std::array<ExactSums, kStripRows> rows;
  double cube = 0;
  std::uint32_t bitsOr = 0;  // of all float patterns
};

/// Fills the first tile.rows rows and tile.columns columns of `exact`.
void sumTileExactly(const StripTile& tile, ExactTile& exact);

}  // namespace ql
