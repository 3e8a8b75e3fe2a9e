#pragma once
// The exact lower median of |w| by column of a matrix that is read several times but never held. Internal.
#include "core/jobs/job_context.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ql {

/// Radix selection on the 31 bits of |w|: 7 bits, then 8 a pass, so at most 4 passes, and 2 when the lower
/// half of every value is zero (bfloat16). Non-finite values are left out; a column without finite values
/// gets 0. Memory: 256 counters a column.
class ColumnMedian {
 public:
  explicit ColumnMedian(std::size_t columns);

  /// Before each pass: is another one needed?
  bool needsPass() const { return m_shift >= 0; }
  /// Rows [n, columns] of the matrix, in any order. Parallel over columns.
  void add(std::span<const float> rows, JobContext& job);
  void endPass();
  std::vector<float> medians() const;

 private:
  static constexpr int kFirstShift = 24;

  std::size_t m_columns;
  int m_shift = kFirstShift;              // lowest bit of the digit under way; negative when done
  std::vector<std::uint32_t> m_prefix;    // [columns] digits found so far
  std::vector<std::uint64_t> m_rank;      // [columns] place of the median among values with that prefix
  std::vector<std::uint64_t> m_counts;    // [columns, 256]
  std::vector<std::uint32_t> m_usedBits;  // [columns] all bits set in this pass
};

}  // namespace ql
