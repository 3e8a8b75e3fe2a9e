// The tile kernel of 16-bit values, bf16 and fp16: extremes from the codes, sums from floats.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/tile_kernel.cpp"  // found by -I of the root
#include "hwy/foreach_target.h"
// After foreach_target.h, which this file is included by once a target.
#include "core/stats/code_extremes_inl.h"
#include "core/stats/tile_kernel_inl.h"

HWY_BEFORE_NAMESPACE();
namespace ql {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
// Nothing to gain over exact_tile.h on a CPU without SSSE3: the caller's exact path does it all.
bool sumCodesTarget(const StripTile&, bool, std::uint32_t*, TileSums&) {
  return false;
}
#else

// What a tile is summed for: pictures need no moments.
enum class SumMode { Sums, Moments, MomentsAndCounts };

// Of fewer rows than this some column has one sign only too often for a look at signs.
constexpr int kLeastSignRows = 16;

// One of the two vectors of values in a vector of codes: even and odd ones for bf16 (untangled once a tile),
// else the lower and the upper half.
template <StoredKind kKind, bool kSecond>
HWY_INLINE VF loadHalf(const std::uint8_t* p) {
  const DF d;
  if constexpr (kKind == StoredKind::Bf16) {
    const VU two = hn::BitCast(DU(), hn::LoadU(D8(), p));
    return hn::BitCast(d, kSecond ? hn::And(two, hn::Set(DU(), 0xffff0000u)) : hn::ShiftLeft<16>(two));
  } else {
    const hn::Rebind<hwy::float16_t, DF> half;
    const auto two = hn::BitCast(hn::Repartition<hwy::float16_t, DF>(), hn::LoadU(D8(), p));
    if constexpr (kSecond) return hn::PromoteTo(d, hn::UpperHalf(half, two));
    return hn::PromoteTo(d, hn::LowerHalf(half, two));
  }
}

// Counts half a vector of codes, in two tables in turn so that an increment seldom waits for the store of the
// one before. Scalar code: it keeps the integer units busy while the vector units sum.
HWY_INLINE void countHalf(const std::uint8_t* p, std::uint32_t* counters) {
  std::uint32_t* second = counters + kCodePatterns;
  for (std::size_t i = 0; i < 2 * hn::Lanes(DF()); i += 8) {
    std::uint64_t x;
    std::memcpy(&x, p + i, sizeof x);
    ++counters[x & 0xffff], ++second[(x >> 16) & 0xffff], ++counters[(x >> 32) & 0xffff], ++second[x >> 48];
  }
}

HWY_INLINE void codeStep(const std::uint8_t* p, SignExtremes& row, SignExtremes& column, VH& smallest) {
  const VH code = hn::BitCast(DH(), hn::LoadU(D8(), p));
  smallest = hn::Min(smallest, hn::Add(code, code));
  signStep(code, row, column);
}

// Extremes and zeros of a group of rows. Apart from the sums: together they need more registers than there
// are. Fetches the next group, so that the sums find theirs in the cache.
template <StoredKind kKind, int kRows>
bool codeExtremes(const StripTile& tile, int row, TileSums& sums) {
  SignExtremes a = emptySigns(), b = a, c = a, e = a;
  VH smallest = hn::Set(DH(), static_cast<std::uint16_t>(0xffff));
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t ld = tile.rowBytes, columns = static_cast<std::size_t>(tile.columns);
  for (std::size_t i = 0; i < columns; i += hn::Lanes(DH())) {
    const std::uint8_t* q = p + 2 * i;
    SignExtremes column = loadSigns(sums, i);
    codeStep(q, a, column, smallest);
    if constexpr (kRows > 1) codeStep(q + ld, b, column, smallest);
    if constexpr (kRows > 2) codeStep(q + 2 * ld, c, column, smallest);
    if constexpr (kRows > 3) codeStep(q + 3 * ld, e, column, smallest);
    storeSigns(column, sums, i);
  }
  bool good = storeSignRow<kKind>(a, sums, row);
  if constexpr (kRows > 1) good = storeSignRow<kKind>(b, sums, row + 1) && good;
  if constexpr (kRows > 2) good = storeSignRow<kKind>(c, sums, row + 2) && good;
  if constexpr (kRows > 3) good = storeSignRow<kKind>(e, sums, row + 3) && good;
  if (good && minOf(smallest) == 0) countCodeZeros(tile, row, kRows, sums);
  return good;
}

template <StoredKind kKind, SumMode kMode, bool kSecond>
HWY_INLINE void halfStep(const std::uint8_t* p, Powers& row, Powers& column, VF& cube,
                         std::uint32_t* counters) {
  powerStep<kMode != SumMode::Sums, kMode == SumMode::Moments>(loadHalf<kKind, kSecond>(p), row, column,
                                                               cube);
  if constexpr (kMode == SumMode::MomentsAndCounts)
    countHalf(p + (kSecond ? 2 * hn::Lanes(DF()) : 0), counters);
}

template <StoredKind kKind, SumMode kMode, bool kSecond, int kRows>
HWY_INLINE void halfSteps(const std::uint8_t* q, std::size_t ld, Powers& a, Powers& b, Powers& c, Powers& e,
                          VF& cube, TileSums& sums, std::size_t i, std::uint32_t* counters) {
  constexpr bool kMoments = kMode != SumMode::Sums;
  Powers column = loadColumn<kMoments>(sums, i);
  halfStep<kKind, kMode, kSecond>(q, a, column, cube, counters);
  if constexpr (kRows > 1) halfStep<kKind, kMode, kSecond>(q + ld, b, column, cube, counters);
  if constexpr (kRows > 2) halfStep<kKind, kMode, kSecond>(q + 2 * ld, c, column, cube, counters);
  if constexpr (kRows > 3) halfStep<kKind, kMode, kSecond>(q + 3 * ld, e, column, cube, counters);
  storeColumn<kMoments>(column, sums, i);
}

template <StoredKind kKind, SumMode kMode, int kRows>
void codeSums(const StripTile& tile, int row, TileSums& sums, std::uint32_t* counters) {
  Powers a = zeroPowers(), b = a, c = a, e = a;
  VF cube = hn::Zero(DF()), secondCube = cube;  // two, for their sums are chains of waiting additions
  const std::uint8_t* p = rowPointer(tile, row);
  const std::size_t ld = tile.rowBytes, lanes = hn::Lanes(DF()),
                    columns = static_cast<std::size_t>(tile.columns);
  for (std::size_t i = 0; i < columns; i += 2 * lanes) {
    const std::uint8_t* q = p + 2 * i;
    prefetch(q + kRows * ld);
    if constexpr (kRows > 1) prefetch(q + (kRows + 1) * ld);
    if constexpr (kRows > 2) prefetch(q + (kRows + 2) * ld);
    if constexpr (kRows > 3) prefetch(q + (kRows + 3) * ld);
    halfSteps<kKind, kMode, false, kRows>(q, ld, a, b, c, e, cube, sums, i, counters);
    halfSteps<kKind, kMode, true, kRows>(q, ld, a, b, c, e, secondCube, sums, i + lanes, counters);
  }
  sums.cube += static_cast<double>(hn::GetLane(hn::SumOfLanes(DF(), hn::Add(cube, secondCube))));
  storePowers(a, sums, row);
  if constexpr (kRows > 1) storePowers(b, sums, row + 1);
  if constexpr (kRows > 2) storePowers(c, sums, row + 2);
  if constexpr (kRows > 3) storePowers(e, sums, row + 3);
  if (kMode == SumMode::MomentsAndCounts) sums.countedRows = row + kRows;
}

// With the extremes by signs first, if these are wanted.
template <StoredKind kKind, SumMode kMode, int kRows>
HWY_INLINE bool codeRows(const StripTile& tile, int row, bool withSigns, TileSums& sums,
                         std::uint32_t* counters) {
  if (withSigns && !codeExtremes<kKind, kRows>(tile, row, sums)) return false;
  codeSums<kKind, kMode, kRows>(tile, row, sums, counters);
  return true;
}

void untangle(float* values, std::size_t n) {
  const DF d;
  for (std::size_t i = 0; i < n; i += 2 * hn::Lanes(d)) {
    const VF even = hn::Load(d, values + i), odd = hn::Load(d, values + i + hn::Lanes(d));
    hn::StoreInterleaved2(even, odd, d, values + i);
  }
}

template <StoredKind kKind, SumMode kMode>
bool sumCodeTile(const StripTile& tile, std::uint32_t* counters, TileSums& sums) {
  const std::size_t n = static_cast<std::size_t>(tile.columns);
  clearSums(tile, sums);
  clearSigns(n, sums);
  const bool withSigns = tile.rows >= kLeastSignRows;
  if (!withSigns && !keyExtremes<kKind, true>(tile, sums)) return false;
  int row = 0;
  for (; row + kRowGroup <= tile.rows; row += kRowGroup)
    if (!codeRows<kKind, kMode, kRowGroup>(tile, row, withSigns, sums, counters)) return false;
  for (; row < tile.rows; ++row)
    if (!codeRows<kKind, kMode, 1>(tile, row, withSigns, sums, counters)) return false;
  if (withSigns && !finishSigns<kKind>(n, sums) && !keyExtremes<kKind, false>(tile, sums)) return false;
  if constexpr (kKind == StoredKind::Bf16) {
    untangle(sums.columnSum, n);
    if (kMode != SumMode::Sums) untangle(sums.columnSq, n), untangle(sums.columnQuad, n);
  }
  return true;
}

template <StoredKind kKind>
bool sumCodesOf(const StripTile& tile, bool withMoments, std::uint32_t* counters, TileSums& sums) {
  if (!withMoments) return sumCodeTile<kKind, SumMode::Sums>(tile, counters, sums);
  return counters == nullptr ? sumCodeTile<kKind, SumMode::Moments>(tile, counters, sums)
                             : sumCodeTile<kKind, SumMode::MomentsAndCounts>(tile, counters, sums);
}

bool sumCodesTarget(const StripTile& tile, bool withMoments, std::uint32_t* counters, TileSums& sums) {
  return tile.kind == StoredKind::Bf16 ? sumCodesOf<StoredKind::Bf16>(tile, withMoments, counters, sums)
                                       : sumCodesOf<StoredKind::F16>(tile, withMoments, counters, sums);
}
#endif  // HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace ql
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ql {
HWY_EXPORT(sumCodesTarget);

bool sumTile(const StripTile& tile, bool withMoments, std::uint32_t* counters, TileSums& sums) {
  sums.countedRows = 0;
  if (tile.kind == StoredKind::F32) return sumFloatTile(tile, withMoments, sums);
  return HWY_DYNAMIC_DISPATCH(sumCodesTarget)(tile, withMoments, counters, sums);
}

}  // namespace ql
#endif
