#pragma once
// Steps of building a pyramid that other files of stats need.
#include "core/stats/tile_pyramid.h"

namespace ql {

/// The level with twice the tile: extremes of 2 x 2, means weighted by area.
PyramidLevel coarserLevel(std::int64_t out, std::int64_t in, const PyramidLevel& fine);

/// True when the texel has nothing finite in it. (A texel of non-finite values and zeros only counts as such:
/// its mean is 0 either way.)
bool isWithoutFinite(const PyramidLevel& level, std::size_t texel);

}  // namespace ql
