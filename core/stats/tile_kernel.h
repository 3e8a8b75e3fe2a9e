#pragma once
// SIMD sums over one strip of rows x one tile of columns, the inner loop of measureWeights(). Runtime
// dispatch by Highway; every target gives the same extremes and counts, sums differ by rounding only. Not for
// non-finite values nor odd widths: exact_tile.h takes what this refuses.
#include <cstddef>
#include <cstdint>

namespace ql {

inline constexpr int kTileColumns =
    1024;                               // columns of a tile: its accumulators stay in the first-level cache
inline constexpr int kStripRows = 64;   // rows summed in float before they are flushed to double
inline constexpr int kMaxTexel = 32;    // edge of the texels that come with a pass
inline constexpr int kColumnStep = 32;  // tile widths are multiples of this (16-bit lanes of AVX-512)

inline constexpr std::size_t kCodePatterns = 65536, kCounterTables = 2;

/// What the bytes of a strip are. Values are read unaligned.
enum class StoredKind { Bf16, F16, F32 };

constexpr std::size_t storedBytes(StoredKind kind) {
  return kind == StoredKind::F32 ? 4 : 2;
}

struct StripTile {
  const std::byte* data = nullptr;  // value (0, 0) of the tile, any alignment
  std::size_t rowBytes = 0;         // from one row to the next
  int rows = 0;                     // 1..kStripRows
  int columns = 0;                  // 1..kTileColumns; a multiple of kColumnStep for sumTile()
  StoredKind kind = StoredKind::Bf16;
};

/// Float sums over at most kStripRows x kTileColumns values: about 1e-6 of the sum of |w|^k at worst, 1e-7 as
/// a rule.
struct TileSums {
  alignas(64) float columnMin[kTileColumns];
  alignas(64) float columnMax[kTileColumns];
  alignas(64) float columnSum[kTileColumns];
  alignas(64) float columnSq[kTileColumns];
  alignas(64) float columnQuad[kTileColumns];
  alignas(64) std::uint16_t columnZeros[kTileColumns];  // valid when hasZeros
  alignas(64) std::int16_t keyMin[kTileColumns];        // scratch: 16-bit codes, also as keys
  alignas(64) std::int16_t keyMax[kTileColumns];
  float rowMin[kStripRows], rowMax[kStripRows], rowSum[kStripRows], rowSq[kStripRows], rowQuad[kStripRows];
  std::uint32_t rowZeros[kStripRows];
  double cube = 0;           // sum of w^3 over the tile; left out where codes are counted
  std::uint32_t bitsOr = 0;  // of all float patterns (F32 only)
  bool hasZeros = false;
  bool isMixed = false;  // scratch: every row so far has values of both signs
  int countedRows = 0;   // rows whose codes went into the counters, also when sumTile() returned false
};

/// Fills `sums`; withMoments = false leaves the second and higher powers out.
/// Returns false, with `sums` unspecified, when a value is not finite or the float range cannot hold the
/// fourth powers (largest |w| of a row above 2^24, or below 2^-28 and not zero).
/// `counters` may be null, else kCounterTables tables of kCodePatterns counters: 16-bit codes are counted on
/// the way when withMoments is set, in rows 0..countedRows.
bool sumTile(const StripTile& tile, bool withMoments, std::uint32_t* counters, TileSums& sums);
/// sumTile() of float32 values; counts nothing.
bool sumFloatTile(const StripTile& tile, bool withMoments, TileSums& sums);

/// Adds float values to double accumulators, n a multiple of kColumnStep.
void addToDouble(const float* values, int n, double* sums);
/// sums[i] = min(sums[i], values[i]) and max; n a multiple of kColumnStep.
void mergeExtremes(const float* minima, const float* maxima, int n, float* min, float* max);
/// Smallest min, largest max and sum of each `texel` neighbours (a power of two <= 32); n a multiple of
/// kColumnStep.
void reduceTexels(const TileSums& sums, int n, int texel, float* min, float* max, float* sum);

/// Index of the first of n values with |value| == magnitude, -1 without any. magnitude is finite and of that
/// dtype.
int findMagnitude(const std::byte* data, int n, StoredKind kind, float magnitude);

}  // namespace ql
