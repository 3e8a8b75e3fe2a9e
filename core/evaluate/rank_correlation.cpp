#include "core/evaluate/rank_correlation.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

namespace ql {
namespace {

using Pair = std::pair<double, double>;

std::int64_t pairsOf(std::int64_t n) {
  return n * (n - 1) / 2;
}

/// Pairs of neighbours in a sorted sequence that `isEqual` calls tied.
template <class Items, class Equal>
std::int64_t tiedPairs(const Items& sorted, Equal isEqual) {
  std::int64_t tied = 0, run = 1;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (isEqual(sorted[i - 1], sorted[i])) {
      ++run;
      continue;
    }
    tied += pairsOf(run);
    run = 1;
  }
  return tied + pairsOf(run);
}

/// Sorts values [begin, end) and counts the pairs that stood in falling order; equal ones do not count.
std::int64_t sortCounting(std::vector<double>& values, std::vector<double>& scratch, std::size_t begin,
                          std::size_t end) {
  if (end - begin < 2) return 0;
  const std::size_t middle = begin + (end - begin) / 2;
  std::int64_t swaps = sortCounting(values, scratch, begin, middle);
  swaps += sortCounting(values, scratch, middle, end);
  std::size_t left = begin, right = middle, at = begin;
  while (left < middle || right < end) {
    const bool takesRight = left == middle || (right < end && values[right] < values[left]);
    if (takesRight) swaps += static_cast<std::int64_t>(middle - left);
    scratch[at++] = takesRight ? values[right++] : values[left++];
  }
  std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(begin),
            scratch.begin() + static_cast<std::ptrdiff_t>(end),
            values.begin() + static_cast<std::ptrdiff_t>(begin));
  return swaps;
}

}  // namespace

std::vector<std::size_t> ranksOf(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return std::isnan(values[i]); });
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  std::vector<std::size_t> ranks(values.size(), 0);
  for (std::size_t place = 0; place < order.size(); ++place) {
    const bool isTied = place > 0 && values[order[place]] == values[order[place - 1]];
    ranks[order[place]] = isTied ? ranks[order[place - 1]] : place + 1;
  }
  return ranks;
}

std::optional<double> kendallTau(std::span<const double> x, std::span<const double> y) {
  QL_ASSERT(x.size() == y.size());
  std::vector<Pair> pairs;
  pairs.reserve(x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!std::isnan(x[i]) && !std::isnan(y[i])) pairs.emplace_back(x[i], y[i]);
  if (pairs.size() < 2) return std::nullopt;
  std::sort(pairs.begin(), pairs.end());
  const std::int64_t all = pairsOf(static_cast<std::int64_t>(pairs.size()));
  const std::int64_t tiedX =
      tiedPairs(pairs, [](const Pair& a, const Pair& b) { return a.first == b.first; });
  const std::int64_t tiedBoth = tiedPairs(pairs, [](const Pair& a, const Pair& b) { return a == b; });
  std::vector<double> values, scratch(pairs.size());
  values.reserve(pairs.size());
  for (const Pair& pair : pairs) values.push_back(pair.second);
  const std::int64_t discordant = sortCounting(values, scratch, 0, values.size());
  const std::int64_t tiedY = tiedPairs(values, [](double a, double b) { return a == b; });
  if (all == tiedX || all == tiedY) return std::nullopt;
  const std::int64_t difference = all - tiedX - tiedY + tiedBoth - 2 * discordant;
  return static_cast<double>(difference) /
         std::sqrt(static_cast<double>(all - tiedX) * static_cast<double>(all - tiedY));
}

}  // namespace ql
