// The thresholds of BiLLM's break-point search, to the last bit of numpy and torch.
#include "core/quant/billm_search.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr int kShares = 81;

/// Puts the order statistics `ranks` (ascending) of [begin, end) in their places; `offset` is begin's rank.
void selectRanks(float* begin, float* end, std::size_t offset, std::span<const std::size_t> ranks) {
  while (!ranks.empty() && end - begin > 1) {
    const std::size_t middle = ranks.size() / 2;
    float* place = begin + static_cast<std::ptrdiff_t>(ranks[middle] - offset);
    std::nth_element(begin, place, end);
    selectRanks(begin, place, offset, ranks.first(middle));
    offset = ranks[middle] + 1;
    begin = place + 1;
    ranks = ranks.subspan(middle + 1);
  }
}

/// numpy's _lerp: from the nearer end.
float between(float a, float b, float share) {
  const float distance = b - a;
  return share >= 0.5f ? b - distance * (1 - share) : a + distance * share;
}

}  // namespace

std::vector<float> billmShares() {
  // torch fills eight at a time: the first of each from its index, the others from the first
  const float begin = 0.10f, end = 0.90f, step = (end - begin) / static_cast<float>(kShares - 1);
  std::vector<float> shares;
  for (int i = 0; i < kShares; ++i) {
    const int lane = i == kShares - 1 ? 0 : i % 8, chunk = i - lane;
    const float base = chunk < kShares / 2 ? begin + step * static_cast<float>(chunk)
                                           : end - step * static_cast<float>(kShares - 1 - chunk);
    shares.push_back(lane == 0 ? base : base + step * static_cast<float>(lane));
  }
  return shares;
}

std::vector<float> billmQuantiles(std::vector<float>& values, std::size_t zeros) {
  const std::size_t count = values.size() + zeros;
  std::vector<float> result(kShares, 0.0f);
  if (count == 0) return result;
  struct Place {
    std::size_t below = 0, above = 0;  // ranks
    float share = 0;
  };
  std::vector<Place> places;
  std::vector<std::size_t> ranks;  // in `values`
  for (const float share : billmShares()) {
    const float place = static_cast<float>(count - 1) * share;
    const float rank = std::floor(place);
    const std::size_t below = std::min(static_cast<std::size_t>(rank), count - 1);
    places.push_back({below, std::min(below + 1, count - 1), place - rank});
    for (const std::size_t wanted : {places.back().below, places.back().above})
      if (wanted >= zeros) ranks.push_back(wanted - zeros);
  }
  std::ranges::sort(ranks);
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  selectRanks(values.data(), values.data() + values.size(), 0, ranks);
  const auto at = [&](std::size_t rank) { return rank < zeros ? 0.0f : values[rank - zeros]; };
  for (std::size_t i = 0; i < places.size(); ++i)
    result[i] = between(at(places[i].below), at(places[i].above), places[i].share);
  return result;
}

}  // namespace ql
