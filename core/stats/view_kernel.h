#pragma once
// SIMD row reductions of resampleMatrix(): many rows of values or texels become one row of extremes.
#include "core/stats/tile_kernel.h"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ql {

/// min[i] = min(min[i], value i) over finite values only, max likewise. Returns true when a value is not
/// finite.
bool foldRow(const std::byte* data, int n, StoredKind kind, float* min, float* max);
/// The same with the extremes of texels, all finite.
void foldExtremes(const float* minima, const float* maxima, int n, float* min, float* max);

/// Integers in the order of magnitude, then of sign: the largest key is the signed peak, so that pixels take
/// one integer maximum a value.
inline std::uint32_t peakKey(float value) {
  return std::rotl(std::bit_cast<std::uint32_t>(value) ^ 0x80000000u, 1);
}
inline float valueOfPeakKey(std::uint32_t key) {
  return std::bit_cast<float>(std::rotr(key, 1) ^ 0x80000000u);
}
/// Keys of whichever of min[i], max[i] has the larger magnitude (max when equal); of 0 where min > max.
void peakKeys(const float* min, const float* max, int n, std::uint32_t* keys);

}  // namespace ql
