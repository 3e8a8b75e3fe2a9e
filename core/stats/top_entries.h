#pragma once
// The k largest |w| of a stream of tiles. The answer does not depend on the order in which tiles are offered.
#include "core/stats/tile_kernel.h"
#include "core/stats/weight_stats.h"

#include <cstdint>
#include <vector>

namespace ql {

/// Largest |value| first, ties by (row, column).
bool isBefore(const TopEntry& a, const TopEntry& b);

class TopEntries {
 public:
  explicit TopEntries(int limit) : m_limit(static_cast<std::size_t>(limit)) {}

  /// Offers one row of a tile whose largest finite |w| is `peak`; values up to `floor` are known not to
  /// matter. data points to (row, columnBegin).
  void offer(const std::byte* data, int columns, StoredKind kind, std::int64_t row, std::int64_t columnBegin,
             float peak, float floor);
  void merge(const TopEntries& other);
  /// |w| that a later row must exceed to get in; negative while there is room.
  float floor() const {
    return m_heap.empty() || m_heap.size() < m_limit ? -1.0f : magnitude(m_heap.front());
  }
  std::vector<TopEntry> sorted() const;
  void clear() { m_heap.clear(); }

 private:
  static float magnitude(const TopEntry& entry) { return entry.value < 0 ? -entry.value : entry.value; }
  void add(const TopEntry& entry);
  bool canEnter(float peak, std::int64_t row, std::int64_t column) const;

  std::size_t m_limit;
  std::vector<TopEntry> m_heap;  // the worst entry in front
};

}  // namespace ql
