#include "core/quant/billm_sets.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

// Differences of sums of squares in double are good to about 1e-15 of the sums: what is left of a constant is
// taken for the zero it is.
constexpr double kNoise = 1e-13;

struct Part {
  double count = 0, sum = 0;
};

Part operator-(const Part& a, const Part& b) {
  return {a.count - b.count, a.sum - b.sum};
}

/// The values of the set among the first `index` of the array.
Part firstOf(const SortedSlice& set, std::size_t index) {
  const std::size_t i = std::clamp(index, set.first[0], set.first[1]);
  const std::size_t j = std::clamp(index, set.second[0], set.second[1]);
  return {static_cast<double>(i - set.first[0] + j - set.second[0]),
          set.prefix[i] - set.prefix[set.first[0]] + set.prefix[j] - set.prefix[set.second[0]]};
}

/// How many values of the array are below x, found from the hint.
std::size_t below(const SortedSlice& set, double x, std::size_t& hint) {
  hint = std::min(hint, set.size);
  while (hint > 0 && set.values[hint - 1] >= x) --hint;
  while (hint < set.size && set.values[hint] < x) ++hint;
  return hint;
}

std::size_t notAbove(const SortedSlice& set, double x, std::size_t belowX) {
  while (belowX < set.size && set.values[belowX] <= x) ++belowX;
  return belowX;
}

/// Mean and scale of order 1, and the three kinds of values: below, at and above the mean.
struct FirstOrder {
  double mean = 0, scale = 0, error = 0;
  Part all, low, notHigh;
};

FirstOrder firstOrder(const SortedSlice& set, double energy, std::size_t& hint) {
  FirstOrder result;
  result.all = firstOf(set, set.size);
  result.mean = result.all.sum / result.all.count;
  const std::size_t index = below(set, result.mean, hint);
  result.low = firstOf(set, index);
  result.notHigh = firstOf(set, notAbove(set, result.mean, index));
  const Part high = result.all - result.notHigh;
  const double distance =
      high.sum - high.count * result.mean + result.low.count * result.mean - result.low.sum;
  result.scale = distance / result.all.count;
  const double signs = high.count + result.low.count;  // values that are not at the mean
  // sum d^2 - 2 alpha sum|d| + alpha^2 signs
  result.error = energy - result.all.count * result.mean * result.mean -
                 result.scale * result.scale * (2 * result.all.count - signs);
  return result;
}

/// Sum |z - x| over part of the set: `part` of which `under` lies below x.
double distanceTo(double x, const Part& part, const Part& under) {
  const Part over = part - under;
  return over.sum - over.count * x + under.count * x - under.sum;
}

double cleaned(double error, double energy) {
  return error > kNoise * energy ? error : 0.0;
}

}  // namespace

double firstOrderError(const SortedSlice& set, double energy, SearchHints& hints) {
  if (set.count() <= 2) return 0;
  return cleaned(firstOrder(set, energy, hints[0]).error, energy);
}

double secondOrderError(const SortedSlice& set, double energy, SearchHints& hints) {
  if (set.count() <= 2) return 0;
  const FirstOrder first = firstOrder(set, energy, hints[0]);
  const Part high = first.all - first.notHigh, middle = first.notHigh - first.low;
  // residuals: z - mean + scale below the mean, 0 at it, z - mean - scale above
  const double mean = first.scale * (first.low.count - high.count) / first.all.count;
  const double lowCentre = first.mean - first.scale + mean, highCentre = first.mean + first.scale + mean;
  // |mean| <= scale: the centres lie on their own sides of the first mean; rounding may say otherwise by a
  // bit
  const auto clampLow = [&](Part part) { return part.count < first.low.count ? part : first.low; };
  const auto clampHigh = [&](Part part) { return part.count > first.notHigh.count ? part : first.notHigh; };
  const Part underLow = clampLow(firstOf(set, below(set, lowCentre, hints[1])));
  const Part underHigh = clampHigh(firstOf(set, below(set, highCentre, hints[2])));
  const double scale = (distanceTo(lowCentre, first.low, underLow) + middle.count * std::abs(mean) +
                        distanceTo(highCentre, high, underHigh - first.notHigh)) /
                       first.all.count;
  // A value that meets this second mean meets it up to rounding only, in the published code as here: it has a
  // sign all the same, so every value costs scale^2.
  const double error = first.error - first.all.count * mean * mean - scale * scale * first.all.count;
  return cleaned(error, energy);
}

void SortedValues::assign(std::span<const double> ascending) {
  m_values.assign(ascending.begin(), ascending.end());
  m_prefix.assign(1, 0.0);
  for (const double value : m_values) m_prefix.push_back(m_prefix.back() + value);
  m_hints.fill(m_values.size() / 2);
}

void SortedValues::insert(double value) {
  const auto place = std::lower_bound(m_values.begin(), m_values.end(), value);
  const auto index = static_cast<std::size_t>(place - m_values.begin());
  m_values.insert(place, value);
  m_prefix.push_back(0);
  for (std::size_t i = m_prefix.size() - 1; i > index; --i) m_prefix[i] = m_prefix[i - 1] + value;
}

void SortedValues::remove(double value) {
  const auto place = std::lower_bound(m_values.begin(), m_values.end(), value);
  QL_ASSERT(place != m_values.end() && *place == value);
  const auto index = static_cast<std::size_t>(place - m_values.begin());
  m_values.erase(place);
  for (std::size_t i = index + 1; i + 1 < m_prefix.size(); ++i) m_prefix[i] = m_prefix[i + 1] - value;
  m_prefix.pop_back();
}

SortedSlice SortedValues::slice() const {
  const std::size_t size = m_values.size();
  return {m_values.data(), m_prefix.data(), size, {0, size}, {size, size}};
}

}  // namespace ql
