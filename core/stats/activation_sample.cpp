#include "core/stats/activation_sample.h"

#include "core/stats/counter_random.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace ql {
namespace {

constexpr std::uint64_t kReservoirStream = 0;  // the sketch takes the streams from 1 on

}  // namespace

SampleReservoir::SampleReservoir(std::int64_t width, std::int64_t capacity, std::uint64_t seed)
    : m_capacity(capacity > 0 ? static_cast<std::size_t>(capacity - 1) : 0) {
  m_sample.width = width;
  m_sample.seed = seed;
  if (capacity <= 0) m_firstSlot = 0;  // no place for the first token either
}

void SampleReservoir::place(std::size_t slot, const TokenRows& rows, std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  if (slot == m_sample.ids.size()) {
    m_sample.ids.push_back(0), m_sample.positions.push_back(0), m_sample.windows.push_back(0);
    m_chosen.push_back(-1);
  }
  m_sample.ids[slot] = rows.ids[i];
  m_sample.positions[slot] = rows.positions[i];
  m_sample.windows[slot] = rows.windows[i];
  m_chosen[slot] = row;
}

void SampleReservoir::offer(const TokenRows& rows, std::int64_t row) {
  if (m_firstSlot < 0 && rows.positions[static_cast<std::size_t>(row)] == 0) {
    m_firstSlot = static_cast<std::int64_t>(m_sample.ids.size());
    return place(m_sample.ids.size(), rows, row);
  }
  ++m_offered;
  if (m_slots.size() < m_capacity) {
    m_slots.push_back(m_sample.ids.size());
    return place(m_sample.ids.size(), rows, row);
  }
  const std::uint64_t r = boundedRandom(counterRandom(m_sample.seed, kReservoirStream, m_offered), m_offered);
  if (r < m_capacity) place(m_slots[r], rows, row);
}

void SampleReservoir::copyRows(std::span<const float> x) {
  const auto width = static_cast<std::size_t>(m_sample.width);
  // Reserved once and touched as it fills: growing by doubling would hold two copies for a while.
  if (m_sample.values.capacity() == 0) m_sample.values.reserve((m_capacity + 1) * width);
  m_sample.values.resize(m_sample.ids.size() * width);
  for (std::size_t slot = 0; slot < m_chosen.size(); ++slot) {
    if (m_chosen[slot] < 0) continue;
    const auto row = x.subspan(static_cast<std::size_t>(m_chosen[slot]) * width, width);
    std::copy(row.begin(), row.end(), m_sample.values.begin() + static_cast<std::ptrdiff_t>(slot * width));
    m_chosen[slot] = -1;
  }
}

std::uint64_t SampleReservoir::bytes() const {
  return m_sample.values.size() * sizeof(float) + m_sample.ids.size() * 3 * sizeof(std::int32_t);
}

TokenSample SampleReservoir::finish() {
  std::vector<std::size_t> order(m_sample.ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::tuple(m_sample.windows[i], m_sample.positions[i], i); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  TokenSample sorted;
  sorted.width = m_sample.width;
  sorted.seed = m_sample.seed;
  sorted.values.reserve(m_sample.values.size());
  for (const std::size_t i : order) {
    sorted.ids.push_back(m_sample.ids[i]);
    sorted.positions.push_back(m_sample.positions[i]);
    sorted.windows.push_back(m_sample.windows[i]);
    const auto row = m_sample.row(static_cast<std::int64_t>(i));
    sorted.values.insert(sorted.values.end(), row.begin(), row.end());
  }
  m_sample = TokenSample{};
  m_slots.clear(), m_chosen.clear();
  return sorted;
}

}  // namespace ql
