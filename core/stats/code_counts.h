#pragma once
// Counts of all 65,536 16-bit patterns of a matrix: for bf16 and fp16 every per-tensor figure follows from
// them exactly. Wider values are counted by their upper 16 bits, i.e. truncated to bf16.
#include "core/stats/tile_kernel.h"
#include "core/stats/weight_stats.h"

#include <cstdint>
#include <vector>

namespace ql {

inline constexpr std::size_t kCodes = kCodePatterns;

/// The counting tables of one worker. Neighbouring values go to different tables, so that an increment does
/// not wait for the store of the one before.
class CodeCounter {
 public:
  CodeCounter();
  /// For sumTile(), which counts on the way; add() the tile afterwards.
  std::uint32_t* tables() { return m_tables.data(); }
  /// Counts the values of the tile from row rowBegin on, any width; those before were counted by sumTile().
  void add(const StripTile& tile, int rowBegin);
  /// Adds the counts to `total` (kCodes long) and starts anew.
  void flushInto(std::vector<std::uint64_t>& total);
  /// Values counted since the last flush: flush before 2^32.
  std::uint64_t counted() const { return m_counted; }

 private:
  std::vector<std::uint32_t> m_tables;
  std::uint64_t m_counted = 0;
};

/// How the codes are to be read.
struct CodeMeaning {
  bool isFp16 = false;       // else bf16
  bool isTruncated = false;  // values were wider than the code: order statistics are approximate
};

/// Order statistics, n-sigma fractions and (for untruncated codes) the moments of `summary` from the counts.
/// For truncated codes summary.mean and .std must be set already; each code then stands for the middle of its
/// interval (2^-8 of the value wide), and a quantile is the interval's end nearest to zero.
void summariseCodes(const std::vector<std::uint64_t>& counts, CodeMeaning meaning, WeightSummary& summary);

/// 2048 bins of the finite codes.
LogHistogram histogramOfCodes(const std::vector<std::uint64_t>& counts, CodeMeaning meaning);

}  // namespace ql
