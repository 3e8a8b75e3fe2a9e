#include "core/quant/range_figures.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

namespace ql {
namespace {

constexpr std::size_t kBuckets = 65536;  // of the upper and of the lower half of a float's bits
constexpr double kLeastFactor = 0.2;     // of the whole range

/// Ascending with the value, -0 beside +0.
std::uint32_t orderedBits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

float valueOf(std::uint32_t ordered) {
  const std::uint32_t bits = (ordered & 0x80000000u) != 0 ? ordered & 0x7fffffffu : ~ordered;
  return std::bit_cast<float>(bits);
}

/// Between the order statistics around h = (n - 1) q, as numpy's _lerp.
double interpolated(double a, double b, double t) {
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

struct Rank {
  std::size_t bucket = 0;
  double before = 0;  // values in lower buckets
};

Rank rankIn(std::span<const double> counts, double index) {
  Rank rank;
  while (rank.bucket + 1 < counts.size() && rank.before + counts[rank.bucket] <= index)
    rank.before += counts[rank.bucket++];
  return rank;
}

/// Finds order statistics by the upper, then by the lower 16 bits.
class RadixSelect {
 public:
  RadixSelect(const PartPass& pass, bool isAbsolute) : m_pass(pass), m_isAbsolute(isAbsolute) {
    m_upper = m_pass([&](const PartValues& piece) {
      std::vector<double> counts(kBuckets);
      for (const float w : piece.values) counts[bitsOf(w) >> 16] += 1;
      return counts;
    });
    for (const double count : m_upper) m_total += count;
  }

  double total() const { return m_total; }

  std::vector<double> valuesAt(const std::vector<double>& indices) const {
    std::map<std::size_t, std::size_t> places;  // upper half -> slot
    for (const double index : indices) places.emplace(rankIn(m_upper, index).bucket, places.size());
    const std::vector<double> lower = m_pass([&](const PartValues& piece) {
      std::vector<double> counts(places.size() * kBuckets);
      for (const float w : piece.values) {
        const auto place = places.find(bitsOf(w) >> 16);
        if (place != places.end()) counts[place->second * kBuckets + (bitsOf(w) & 0xffffu)] += 1;
      }
      return counts;
    });
    std::vector<double> values;
    for (const double index : indices) {
      const Rank upper = rankIn(m_upper, index);
      const auto counts =
          std::span<const double>(lower).subspan(places.at(upper.bucket) * kBuckets, kBuckets);
      const Rank low = rankIn(counts, index - upper.before);
      values.push_back(
          static_cast<double>(valueOf(static_cast<std::uint32_t>(upper.bucket << 16 | low.bucket))));
    }
    return values;
  }

 private:
  std::uint32_t bitsOf(float w) const { return orderedBits(m_isAbsolute ? std::abs(w) : w); }

  const PartPass& m_pass;
  bool m_isAbsolute;
  std::vector<double> m_upper;
  double m_total = 0;
};

/// Sums of a candidate: E, sum q w, sum q^2 with q the code counted from that of zero.
struct FitSums {
  double error = 0, product = 0, squares = 0;
};

FitSums fitSums(const PartGrid& grid, std::span<const float> values) {
  FitSums sums;
  for (const float w : values) {
    const float code = gridCode(grid, w);
    const double q = static_cast<double>(code - grid.shift), value = static_cast<double>(w);
    const double e = static_cast<double>(gridValue(grid, code)) - value;
    sums.error += e * e;
    sums.product += q * value;
    sums.squares += q * q;
  }
  return sums;
}

}  // namespace

double quantile(std::span<float> values, double q) {
  const double h = static_cast<double>(values.size() - 1) * q;
  const double whole = std::floor(h);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(whole);
  std::nth_element(values.begin(), at, values.end());
  const double a = static_cast<double>(*at);
  if (at + 1 == values.end() || h == whole) return a;
  return interpolated(a, static_cast<double>(*std::min_element(at + 1, values.end())), h - whole);
}

std::vector<double> quantilesByPasses(const PartPass& pass, bool isAbsolute, const std::vector<double>& qs) {
  const RadixSelect select(pass, isAbsolute);
  if (select.total() == 0) return std::vector<double>(qs.size(), 0.0);
  const double last = select.total() - 1;
  std::vector<double> indices;
  for (const double q : qs) {
    indices.push_back(std::floor(last * q));
    indices.push_back(std::min(last, std::floor(last * q) + 1));
  }
  const std::vector<double> values = select.valuesAt(indices);
  std::vector<double> result;
  for (std::size_t i = 0; i < qs.size(); ++i)
    result.push_back(interpolated(values[2 * i], values[2 * i + 1], last * qs[i] - indices[2 * i]));
  return result;
}

std::vector<double> orderStatisticsByPasses(const PartPass& pass, bool isAbsolute,
                                            const std::vector<double>& places) {
  const RadixSelect select(pass, isAbsolute);
  if (select.total() == 0) return std::vector<double>(places.size(), 0.0);
  return select.valuesAt(places);
}

double meanAbsByPass(const PartPass& pass) {
  const std::vector<double> sums = pass([](const PartValues& piece) {
    double sum = 0;
    for (const float w : piece.values) sum += static_cast<double>(std::abs(w));
    return std::vector<double>{sum, static_cast<double>(piece.values.size())};
  });
  return sums[1] > 0 ? sums[0] / sums[1] : 0;
}

Spread spreadByPasses(const PartPass& pass) {
  const std::vector<double> sums = pass([](const PartValues& piece) {
    double sum = 0;
    for (const float w : piece.values) sum += static_cast<double>(w);
    return std::vector<double>{sum, static_cast<double>(piece.values.size())};
  });
  if (sums[1] == 0) return {};
  const double mean = sums[0] / sums[1];
  const std::vector<double> squares = pass([mean](const PartValues& piece) {
    double sum = 0;
    for (const float w : piece.values)
      sum += (static_cast<double>(w) - mean) * (static_cast<double>(w) - mean);
    return std::vector<double>{sum};
  });
  return {mean, sums[1] > 1 ? std::sqrt(squares[0] / (sums[1] - 1)) : 0};
}

double meanAbs(std::span<const float> values) {
  const PartValues part{values, {}};
  return meanAbsByPass([&](const PieceSums& piece) { return piece(part); });
}

Spread spreadOf(std::span<const float> values) {
  const PartValues part{values, {}};
  return spreadByPasses([&](const PieceSums& piece) { return piece(part); });
}

PartGrid refittedGrid(const RtnRule& rule, const ClipRule& clip, float min, float max, const PartPass& pass) {
  std::vector<PartGrid> grids;
  for (int i = 0; i < clip.factors; ++i) {
    const auto factor = static_cast<float>(1 - (1 - kLeastFactor) * i / std::max(1, clip.factors - 1));
    grids.push_back(partGrid(rule, factor * min, factor * max));
  }
  const std::vector<double> sums = pass([&](const PartValues& piece) {
    std::vector<double> all;
    for (const PartGrid& grid : grids) {
      const FitSums fit = fitSums(grid, piece.values);
      all.insert(all.end(), {fit.error, fit.product, fit.squares});
    }
    return all;
  });
  std::size_t best = 0;
  for (std::size_t i = 1; i < grids.size(); ++i)
    if (sums[3 * i] < sums[3 * best]) best = i;
  PartGrid refitted = grids[best];
  const auto scale = static_cast<float>(sums[3 * best + 1] / sums[3 * best + 2]);
  if (!(scale > 0) || !std::isfinite(scale)) return grids[best];
  refitted.scale = scale;
  const double error = pass([&](const PartValues& piece) {
                         return std::vector<double>{fitSums(refitted, piece.values).error};
                       }).front();
  return error < sums[3 * best] ? refitted : grids[best];
}

}  // namespace ql
