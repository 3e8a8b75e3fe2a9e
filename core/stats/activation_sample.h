#pragma once
// Keeps a uniform sample of tokens of a stream of unknown length, the same whatever the batches.
#include "core/stats/activation_accumulator.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// Algorithm R (Vitter 1985, sec. 2) with random numbers by counter; one place is kept for the first token
/// seen at position 0 of a window.
class SampleReservoir {
 public:
  SampleReservoir(std::int64_t width, std::int64_t capacity, std::uint64_t seed);

  /// Offers row `row` of a batch; the values are copied by the next copyRows().
  void offer(const TokenRows& rows, std::int64_t row);
  /// Copies what the offers since the last call have chosen. x [rows, width].
  void copyRows(std::span<const float> x);
  std::uint64_t bytes() const;
  /// Sorted by (window, position); empty afterwards.
  TokenSample finish();

 private:
  void place(std::size_t slot, const TokenRows& rows, std::int64_t row);

  TokenSample m_sample;
  std::size_t m_capacity;              // places for others than the first token
  std::uint64_t m_offered = 0;         // others so far
  std::int64_t m_firstSlot = -1;       // of the first token
  std::vector<std::size_t> m_slots;    // of the others, by their place in algorithm R
  std::vector<std::int64_t> m_chosen;  // row of the batch that a slot takes, -1 = none
};

}  // namespace ql
