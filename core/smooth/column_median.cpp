#include "core/smooth/column_median.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <bit>

namespace ql {
namespace {

constexpr std::size_t kDigits = 256, kColumnChunk = 64;
constexpr std::uint32_t kMagnitude = 0x7FFFFFFFu, kInfinity = 0x7F800000u;

}  // namespace

ColumnMedian::ColumnMedian(std::size_t columns)
    : m_columns(columns),
      m_prefix(columns, 0),
      m_rank(columns, 0),
      m_counts(columns * kDigits, 0),
      m_usedBits(columns, 0) {}

void ColumnMedian::add(std::span<const float> rows, JobContext& job) {
  QL_ASSERT(needsPass() && m_columns > 0 && rows.size() % m_columns == 0);
  const std::size_t count = rows.size() / m_columns;
  const int shift = m_shift;
  const auto chunks = static_cast<std::int64_t>((m_columns + kColumnChunk - 1) / kColumnChunk);
  parallelFor(job, chunks, [&](std::int64_t chunk) {
    const std::size_t begin = static_cast<std::size_t>(chunk) * kColumnChunk;
    const std::size_t end = std::min(m_columns, begin + kColumnChunk);
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t j = begin; j < end; ++j) {
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(rows[r * m_columns + j]) & kMagnitude;
        // the digits above the one under way; none before the first pass
        if (bits >= kInfinity || (std::uint64_t{bits} >> (shift + 8)) != m_prefix[j]) continue;
        m_usedBits[j] |= bits;
        ++m_counts[j * kDigits + (bits >> shift & 255u)];
      }
    }
  });
}

void ColumnMedian::endPass() {
  const bool isFirst = m_shift == kFirstShift;
  std::uint32_t used = 0;
  for (std::size_t j = 0; j < m_columns; ++j) {
    std::uint64_t* counts = m_counts.data() + j * kDigits;
    if (isFirst) {
      std::uint64_t total = 0;
      for (std::size_t d = 0; d < kDigits; ++d) total += counts[d];
      m_rank[j] = total > 0 ? (total - 1) / 2 : 0;
    }
    std::uint32_t digit = 0;
    while (digit < kDigits - 1 && m_rank[j] >= counts[digit]) m_rank[j] -= counts[digit++];
    const bool isEmpty = counts[digit] == 0;  // no finite value at all
    m_prefix[j] = isEmpty ? 0 : m_prefix[j] << 8 | digit;
    used |= m_usedBits[j];
    m_usedBits[j] = 0;
    std::fill(counts, counts + kDigits, 0);
  }
  const std::uint32_t below = (1u << m_shift) - 1;
  if (m_shift == 0 || (used & below) == 0) {
    // what has not been looked at is zero in every value
    for (std::uint32_t& prefix : m_prefix) prefix <<= m_shift;
    m_shift = -1;
    return;
  }
  m_shift -= 8;
}

std::vector<float> ColumnMedian::medians() const {
  QL_ASSERT(!needsPass());
  std::vector<float> values;
  for (const std::uint32_t bits : m_prefix) values.push_back(std::bit_cast<float>(bits));
  return values;
}

}  // namespace ql
