#include "core/quant/billm_search.h"

#include "core/jobs/parallel_for.h"
#include "core/quant/billm_binarize.h"
#include "core/quant/billm_sets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

namespace ql {
namespace {

constexpr std::size_t kTileRows = 64;  // of a task: sums are kept a tile
// Sets up to this size are swept in the published code's own arithmetic: a value out of three on bfloat16's
// grid often lies at a mean, and whether rounding leaves it there decides what it costs.
constexpr std::size_t kFew = 8;

std::int64_t tileCount(const BillmTarget& target) {
  return static_cast<std::int64_t>((target.rows() + kTileRows - 1) / kTileRows);
}

/// Calls body(row) for the rows of a tile.
template <class Body>
void forRows(const BillmTarget& target, std::int64_t tile, JobContext& job, const Body& body) {
  const std::size_t begin = static_cast<std::size_t>(tile) * kTileRows;
  const std::size_t end = std::min(target.rows(), begin + kTileRows);
  for (std::size_t row = begin; row < end; ++row) {
    if (row % 16 == 0) job.step();
    body(row);
  }
}

/// Sums [size] over tiles of rows, merged in order.
template <class Body>
std::vector<double> sumOverTiles(const BillmTarget& target, std::size_t size, JobContext& job,
                                 const Body& body) {
  std::vector<double> total(size, 0.0);
  std::vector<std::vector<double>> tiles(static_cast<std::size_t>(tileCount(target)));
  const auto sum = [&](std::int64_t tile) {
    tiles[static_cast<std::size_t>(tile)].assign(size, 0.0);
    body(tile, tiles[static_cast<std::size_t>(tile)]);
  };
  parallelForOrdered(job, tileCount(target), sum, [&](std::int64_t tile) {
    std::vector<double>& part = tiles[static_cast<std::size_t>(tile)];
    for (std::size_t i = 0; i < size; ++i) total[i] += part[i];
    part = {};
  });
  return total;
}

/// The columns of a row in the order of its values; those that are NaN last and not counted.
struct SortedRow {
  std::span<const std::uint16_t> order;  // of the finite values
  std::span<const float> z;
  double centre = 0;  // subtracted before squares are summed; in float32, so that differences are exact
};

/// Sorting of all rows, made once and used by both searches.
class SortedRows {
 public:
  SortedRows(const BillmTarget& target, JobContext& job)
      : m_target(target), m_order(target.values.size()), m_count(target.rows()), m_centre(target.rows()) {
    parallelFor(job, tileCount(target), [&](std::int64_t tile) {
      std::vector<std::uint64_t> keys;
      forRows(target, tile, job, [&](std::size_t row) { sortRow(row, keys); });
    });
  }

  SortedRow row(std::size_t row) const {
    const std::size_t begin = row * m_target.columns;
    return {std::span(m_order).subspan(begin, m_count[row]), m_target.values.subspan(begin, m_target.columns),
            static_cast<double>(m_centre[row])};
  }

 private:
  /// The bits of a float in the order of numbers, its column below them.
  static std::uint64_t keyOf(float z, std::size_t column) {
    const auto bits = std::bit_cast<std::uint32_t>(z + 0.0f);  // -0 is 0
    const std::uint32_t ordered = (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
    return std::uint64_t{ordered} << 32 | column;
  }

  void sortRow(std::size_t row, std::vector<std::uint64_t>& keys) {
    keys.clear();
    double sum = 0;
    const std::size_t begin = row * m_target.columns;
    for (std::size_t j = 0; j < m_target.columns; ++j) {
      const float z = m_target.values[begin + j];
      if (std::isnan(z)) continue;
      keys.push_back(keyOf(z, j));
      sum += static_cast<double>(z);
    }
    std::ranges::sort(keys);
    for (std::size_t i = 0; i < keys.size(); ++i) m_order[begin + i] = static_cast<std::uint16_t>(keys[i]);
    m_count[row] = keys.size();
    m_centre[row] = keys.empty() ? 0 : static_cast<float>(sum / static_cast<double>(keys.size()));
  }

  const BillmTarget& m_target;
  std::vector<std::uint16_t> m_order;
  std::vector<std::size_t> m_count;
  std::vector<float> m_centre;
};

double sweptError(std::span<const float> values, int order) {
  std::array<float, kFew> buffer{};
  const std::span<float> binarized = std::span(buffer).first(values.size());
  std::ranges::copy(values, binarized.begin());
  binarize(binarized, order);
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double residual = static_cast<double>(values[i] - binarized[i]);
    error += residual * residual;
  }
  return error;
}

/// Errors of one row for every count of salient columns.
class CountErrors {
 public:
  CountErrors(std::span<const std::size_t> ranking, std::size_t most, int otherOrder)
      : m_ranking(ranking.first(most)),
        m_otherOrder(otherOrder),
        m_salientEnergy(most + 1),
        m_otherEnergy(most + 1) {}

  /// errors[k] += the error with the first k columns of the ranking salient, k = 1..most.
  void add(const SortedRow& row, std::span<double> errors) {
    m_ascending.clear();
    for (const std::uint16_t column : row.order)
      m_ascending.push_back(static_cast<double>(row.z[column]) - row.centre);
    m_others.assign(m_ascending);
    m_salient.assign({});
    sumEnergies(row);
    double error = 0;
    bool isKnown = false;
    m_few.clear();
    for (std::size_t k = 1; k <= m_ranking.size(); ++k) {
      const float z = row.z[m_ranking[k - 1]];
      if (!std::isnan(z)) {
        const double value = static_cast<double>(z) - row.centre;
        m_others.remove(value);
        m_salient.insert(value);
        m_few.push_back(z);
      }
      if (!isKnown || !std::isnan(z)) error = errorOf(row, k);
      isKnown = true;
      errors[k] += error;
    }
  }

 private:
  /// Squares are only ever added, the small ones before the large: what is left of a set after its largest
  /// value went must not be rounding.
  void sumEnergies(const SortedRow& row) {
    std::vector<bool>& isRanked = m_isRanked;
    isRanked.assign(row.z.size(), false);
    for (const std::size_t column : m_ranking) isRanked[column] = true;
    double other = 0, salient = 0;
    for (std::size_t i = 0; i < row.order.size(); ++i)
      if (!isRanked[row.order[i]]) other += m_ascending[i] * m_ascending[i];
    m_otherEnergy[m_ranking.size()] = other;
    for (std::size_t k = m_ranking.size(); k > 0; --k) m_otherEnergy[k - 1] = other += energyOf(row, k - 1);
    for (std::size_t k = 1; k <= m_ranking.size(); ++k) m_salientEnergy[k] = salient += energyOf(row, k - 1);
  }

  double energyOf(const SortedRow& row, std::size_t rank) const {
    const float z = row.z[m_ranking[rank]];
    const double value = std::isnan(z) ? 0.0 : static_cast<double>(z) - row.centre;
    return value * value;
  }

  double errorOf(const SortedRow& row, std::size_t k) {
    const SortedSlice salient = m_salient.slice(), others = m_others.slice();
    const double error = salient.count() <= kFew
                             ? sweptError(m_few, 2)
                             : secondOrderError(salient, m_salientEnergy[k], m_salient.hints());
    if (others.count() <= kFew) return error + sweptError(othersOf(row, k), m_otherOrder);
    const auto other = m_otherOrder == 2 ? secondOrderError : firstOrderError;
    return error + other(others, m_otherEnergy[k], m_others.hints());
  }

  /// The finite values of a row that are not among the first k columns of the ranking.
  std::vector<float> othersOf(const SortedRow& row, std::size_t k) const {
    std::vector<bool> isSalient(row.z.size(), false);
    for (const std::size_t column : m_ranking.first(k)) isSalient[column] = true;
    std::vector<float> others;
    for (std::size_t j = 0; j < row.z.size(); ++j)
      if (!isSalient[j] && !std::isnan(row.z[j])) others.push_back(row.z[j]);
    return others;
  }

  std::span<const std::size_t> m_ranking;
  int m_otherOrder;
  std::vector<double> m_ascending, m_salientEnergy, m_otherEnergy;
  std::vector<bool> m_isRanked;
  std::vector<float> m_few;  // the salient values as they are
  SortedValues m_others, m_salient;
};

/// Errors of one row for every threshold.
class ThresholdErrors {
 public:
  ThresholdErrors(std::span<const float> thresholds, const std::vector<bool>& isSalient)
      : m_thresholds(thresholds), m_isSalient(isSalient), m_cuts(thresholds.size()) {}

  void add(const SortedRow& row, std::span<double> errors) {
    takeRow(row);
    cutAscending();
    addSparseEnergies();
    SearchHints denseHints{}, sparseHints{};
    denseHints.fill(m_z.size() / 2);
    sparseHints = denseHints;
    for (std::size_t t = 0; t < m_cuts.size(); ++t) {
      const Cut& cut = m_cuts[t];
      if (t == 0 || cut.begin != m_cuts[t - 1].begin || cut.end != m_cuts[t - 1].end) {
        const SortedSlice dense = sliceOf({cut.begin, cut.end}, {cut.end, cut.end});
        const SortedSlice sparse = sliceOf({0, cut.begin}, {cut.end, m_z.size()});
        m_error = firstOrderError(dense, cut.denseEnergy, denseHints) +
                  firstOrderError(sparse, cut.sparseEnergy, sparseHints);
      }
      errors[t] += m_error;
    }
  }

 private:
  struct Cut {
    std::size_t begin = 0, end = 0;  // the dense values in ascending order
    double denseEnergy = 0, sparseEnergy = 0;
  };

  void takeRow(const SortedRow& row) {
    m_z.clear();
    m_values.clear();
    m_prefix.assign(1, 0.0);
    for (const std::uint16_t column : row.order) {
      if (m_isSalient[column]) continue;
      m_z.push_back(row.z[column]);
      m_values.push_back(static_cast<double>(row.z[column]) - row.centre);
      m_prefix.push_back(m_prefix.back() + m_values.back());
    }
  }

  double energyAt(std::size_t i) const { return m_values[i] * m_values[i]; }

  /// The dense set grows from around zero outwards.
  void cutAscending() {
    std::size_t begin = 0;
    while (begin < m_z.size() && m_z[begin] < 0) ++begin;
    Cut cut{begin, begin, 0, 0};
    for (std::size_t t = 0; t < m_cuts.size(); ++t) {
      while (cut.begin > 0 && -m_z[cut.begin - 1] < m_thresholds[t]) cut.denseEnergy += energyAt(--cut.begin);
      while (cut.end < m_z.size() && m_z[cut.end] < m_thresholds[t]) cut.denseEnergy += energyAt(cut.end++);
      m_cuts[t] = cut;
    }
  }

  /// The sparse set grows from the last threshold downwards: adding, never subtracting.
  void addSparseEnergies() {
    std::size_t begin = 0, end = m_z.size();
    double energy = 0;
    for (std::size_t t = m_cuts.size(); t > 0; --t) {
      Cut& cut = m_cuts[t - 1];
      while (begin < cut.begin) energy += energyAt(begin++);
      while (end > cut.end) energy += energyAt(--end);
      cut.sparseEnergy = energy;
    }
  }

  SortedSlice sliceOf(std::array<std::size_t, 2> first, std::array<std::size_t, 2> second) const {
    return {m_values.data(), m_prefix.data(), m_values.size(), first, second};
  }

  std::span<const float> m_thresholds;
  const std::vector<bool>& m_isSalient;
  std::vector<Cut> m_cuts;
  std::vector<float> m_z;
  std::vector<double> m_values, m_prefix;
  double m_error = 0;
};

std::vector<std::size_t> rankingOf(std::span<const double> scores) {
  std::vector<std::size_t> ranking(scores.size());
  std::iota(ranking.begin(), ranking.end(), std::size_t{0});
  std::ranges::stable_sort(ranking, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  return ranking;
}

std::size_t firstSmallest(std::span<const double> errors) {
  return static_cast<std::size_t>(std::ranges::min_element(errors) - errors.begin());
}

/// |z| of what is not salient, and how many finite values are.
std::vector<float> thresholdsOf(const BillmTarget& target, const std::vector<bool>& isSalient,
                                JobContext& job) {
  std::vector<float> magnitudes;
  magnitudes.reserve(target.values.size());
  std::size_t zeros = 0;
  for (std::size_t row = 0; row < target.rows(); ++row) {
    if (row % kTileRows == 0) job.step();
    const std::span<const float> z = target.values.subspan(row * target.columns, target.columns);
    for (std::size_t j = 0; j < target.columns; ++j) {
      if (std::isnan(z[j])) continue;
      if (isSalient[j]) {
        ++zeros;
      } else {
        magnitudes.push_back(std::abs(z[j]));
      }
    }
  }
  return billmQuantiles(magnitudes, zeros);
}

}  // namespace

std::vector<double> billmScores(const BillmTarget& target, JobContext& job) {
  return sumOverTiles(target, target.columns, job, [&](std::int64_t tile, std::vector<double>& sums) {
    forRows(target, tile, job, [&](std::size_t row) {
      const std::span<const float> z = target.values.subspan(row * target.columns, target.columns);
      for (std::size_t j = 0; j < z.size(); ++j)
        if (!std::isnan(z[j])) sums[j] += std::abs(static_cast<double>(z[j]));
    });
  });
}

BillmSplit billmSearch(const BillmTarget& target, std::span<const double> scores, int otherOrder,
                       JobContext& job) {
  const std::vector<std::size_t> ranking = rankingOf(scores);
  const SortedRows rows(target, job);
  BillmSplit split;
  const std::size_t most = std::max<std::size_t>(1, std::min(kBillmCandidates, target.columns)) - 1;
  if (most > 0) {
    const std::vector<double> errors =
        sumOverTiles(target, most + 1, job, [&](std::int64_t tile, std::vector<double>& sums) {
          CountErrors counts(ranking, most, otherOrder);
          forRows(target, tile, job, [&](std::size_t row) { counts.add(rows.row(row), sums); });
        });
    const std::size_t count = 1 + firstSmallest(std::span(errors).subspan(1));
    split.salient.assign(ranking.begin(), ranking.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::vector<bool> isSalient(target.columns, false);
  for (const std::size_t column : split.salient) isSalient[column] = true;
  const std::vector<float> thresholds = thresholdsOf(target, isSalient, job);
  const std::vector<double> errors =
      sumOverTiles(target, thresholds.size(), job, [&](std::int64_t tile, std::vector<double>& sums) {
        ThresholdErrors cuts(thresholds, isSalient);
        forRows(target, tile, job, [&](std::size_t row) { cuts.add(rows.row(row), sums); });
      });
  split.breakPoint = thresholds[firstSmallest(errors)];
  return split;
}

}  // namespace ql
