#include "core/evaluate/weight_outliers.h"

#include "core/base/dtype.h"
#include "core/quant/matrix_pass.h"
#include "core/quant/range_figures.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

/// Energies w^2 beyond an edge, at it, and how many are there; then the same weighed by the input.
enum Sum : std::size_t {
  kTotal,
  kAbove,
  kAtTop,
  kBelow,
  kAtBottom,
  kEnergies,
  kCountAbove = 2 * kEnergies,
  kCountAtTop,
  kCountBelow,
  kCountAtBottom,
  kSums
};

struct Edges {
  double top = 0, bottom = 0;  // magnitudes
};

void addWeight(double magnitude, double input, const Edges& edges, std::vector<double>& sums) {
  const double energy = magnitude * magnitude;
  const auto add = [&](Sum sum) {
    sums[sum] += energy;
    sums[kEnergies + sum] += energy * input;
  };
  add(kTotal);
  if (magnitude >= edges.top) {
    add(magnitude > edges.top ? kAbove : kAtTop);
    sums[magnitude > edges.top ? kCountAbove : kCountAtTop] += 1;
  }
  if (magnitude <= edges.bottom) {
    add(magnitude < edges.bottom ? kBelow : kAtBottom);
    sums[magnitude < edges.bottom ? kCountBelow : kCountAtBottom] += 1;
  }
}

struct EdgeSums {
  Sum beyond, at, countBeyond, countAt;
};

PrunedWeights prunedOf(const std::vector<double>& sums, const EdgeSums& edge, std::uint64_t count,
                       double magnitude, bool hasInput) {
  PrunedWeights pruned{count, magnitude, 0, std::nullopt};
  if (hasInput) pruned.actWeighted = 0;
  const double ties = sums[edge.countAt];
  const double part = ties > 0 ? (static_cast<double>(count) - sums[edge.countBeyond]) / ties : 0;
  const auto relative = [&](std::size_t offset) {
    const double energy = sums[offset + edge.beyond] + part * sums[offset + edge.at];
    return sums[offset + kTotal] > 0 ? std::sqrt(energy / sums[offset + kTotal]) : 0;
  };
  if (count == 0) return pruned;
  pruned.weightRel = relative(0);
  if (hasInput) pruned.actWeighted = relative(kEnergies);
  return pruned;
}

double storedBits(const WeightSource& source, const MatrixRef& matrix) {
  const auto raw = source.rawRows(matrix, 0, std::min<std::int64_t>(1, matrix.out));
  return raw ? dtypeInfo(raw->dtype).bits : 16;
}

}  // namespace

WeightOutliers measureWeightOutliers(const WeightSource& source, const MatrixRef& matrix,
                                     std::span<const double> ns, const std::string& rule, double share,
                                     const std::vector<float>& meanSquares, JobContext& job) {
  WeightOutliers result;
  result.spread = measureSpread(source, matrix, job);
  const auto all = static_cast<double>(result.spread.count);
  const auto count = static_cast<std::uint64_t>(std::clamp(share, 0.0, 1.0) * all);
  const PartPass pass = matrixPass(source, matrix, meanSquares, job);
  std::vector<double> magnitudes{0, 0};
  if (count > 0) {
    const auto k = static_cast<double>(count);
    magnitudes = orderStatisticsByPasses(pass, true, {all - k, k - 1});
  }
  std::vector<OutlierBound> bounds;
  for (const double n : ns) bounds.push_back(outlierBound(result.spread, {rule, n}));
  const Edges edges{magnitudes[0], magnitudes[1]};
  const std::vector<double> sums = pass([&](const PartValues& piece) {
    std::vector<double> part(kSums + bounds.size());
    for (std::size_t i = 0; i < piece.values.size(); ++i) {
      const float w = piece.values[i];
      addWeight(static_cast<double>(std::abs(w)),
                piece.weights.empty() ? 1 : static_cast<double>(piece.weights[i]), edges, part);
      for (std::size_t b = 0; b < bounds.size(); ++b) part[kSums + b] += bounds[b].holds(w) ? 1 : 0;
    }
    return part;
  });
  const double bits = storedBits(source, matrix);
  const double weights = static_cast<double>(matrix.out) * static_cast<double>(matrix.in);
  for (std::size_t b = 0; b < bounds.size(); ++b) {
    result.counts.push_back(static_cast<std::uint64_t>(sums[kSums + b]));
    result.bitsApart.push_back(outlierBits(result.counts.back(), matrix.out, matrix.in, bits) / weights);
  }
  const bool hasInput = !meanSquares.empty();
  result.largest = prunedOf(sums, {kAbove, kAtTop, kCountAbove, kCountAtTop}, count, edges.top, hasInput);
  result.smallest =
      prunedOf(sums, {kBelow, kAtBottom, kCountBelow, kCountAtBottom}, count, edges.bottom, hasInput);
  return result;
}

}  // namespace ql
