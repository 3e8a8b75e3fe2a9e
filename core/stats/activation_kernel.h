#pragma once
// SIMD loops of ActivationAccumulator over a few columns of many tokens. Runtime dispatch by Highway; every
// target gives the same bits (products and sums are rounded apart, or the product is exact).
#include <cstdint>

namespace ql {

/// Columns of the sketch are padded to a multiple of this.
inline constexpr std::int64_t kSketchStep = 16;

/// x [rows, columns] with `stride` floats from one token to the next, all finite or not.
struct TokenTile {
  const float* x = nullptr;
  std::int64_t rows = 0, columns = 0, stride = 0;
};

/// Where the sums of the tile's first column are; the next columns follow.
struct MomentPointers {
  float *min = nullptr, *max = nullptr;
  double *sum = nullptr, *sumAbs = nullptr, *sumSq = nullptr, *sumCube = nullptr, *sumQuad = nullptr;
};

/// The largest |x| of one token as its float32 pattern: above 0x7f7fffff when any value is not finite.
std::uint32_t largestMagnitude(const float* x, std::int64_t columns);

/// Adds finite tokens to the sums, in order: each channel is one chain of double additions, so tiles and
/// batches leave no trace in the bits.
void addMoments(const TokenTile& tile, const MomentPointers& to);

/// z [columns, k] += X^T G with G [rows, k] of -1 and 1, both float32, k a multiple of kSketchStep. In order.
void addSketch(const TokenTile& tile, const float* signs, std::int64_t k, float* z);

}  // namespace ql
