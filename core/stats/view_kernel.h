#pragma once
// SIMD row reductions of resampleMatrix(): many rows of values or texels become one row of extremes.
#include "core/stats/tile_kernel.h"

#include <cstddef>

namespace ql {

/// min[i] = min(min[i], value i) over finite values only, max likewise. Returns true when a value is not
/// finite.
bool foldRow(const std::byte* data, int n, StoredKind kind, float* min, float* max);
/// The same with the extremes of texels, all finite.
void foldExtremes(const float* minima, const float* maxima, int n, float* min, float* max);
/// signedPeak[i] = whichever of min[i], max[i] has the larger magnitude (max when equal); 0 where min > max.
void signedPeaks(const float* min, const float* max, int n, float* signedPeak);

}  // namespace ql
