#include "core/stats/top_entries.h"

#include "core/stats/exact_tile.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace ql {

bool isBefore(const TopEntry& a, const TopEntry& b) {
  const float x = std::abs(a.value), y = std::abs(b.value);
  if (x != y) return x > y;
  return std::tie(a.row, a.column) < std::tie(b.row, b.column);
}

bool TopEntries::canEnter(float peak, std::int64_t row, std::int64_t column) const {
  if (m_limit == 0) return false;
  return m_heap.size() < m_limit || isBefore(TopEntry{row, column, peak}, m_heap.front());
}

void TopEntries::add(const TopEntry& entry) {
  if (!canEnter(magnitude(entry), entry.row, entry.column)) return;
  if (m_heap.size() == m_limit) {
    std::pop_heap(m_heap.begin(), m_heap.end(), isBefore);
    m_heap.pop_back();
  }
  m_heap.push_back(entry);
  std::push_heap(m_heap.begin(), m_heap.end(), isBefore);
}

void TopEntries::offer(const std::byte* data, int columns, StoredKind kind, std::int64_t row,
                       std::int64_t columnBegin, float peak, float floor) {
  if (peak <= floor || !canEnter(peak, row, columnBegin)) return;
  for (int c = 0; c < columns; ++c) {
    const float value = storedValue(data + storedBytes(kind) * static_cast<std::size_t>(c), kind);
    if (std::isfinite(value) && std::abs(value) > floor) add({row, columnBegin + c, value});
  }
}

void TopEntries::merge(const TopEntries& other) {
  for (const TopEntry& entry : other.m_heap) add(entry);
}

std::vector<TopEntry> TopEntries::sorted() const {
  std::vector<TopEntry> entries = m_heap;
  std::sort(entries.begin(), entries.end(), isBefore);
  return entries;
}

}  // namespace ql
