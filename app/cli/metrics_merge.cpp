#include "app/cli/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql::cli {

ActivationSummary mergeActivations(std::span<const ActivationSummary> members) {
  ActivationSummary merged = members.front();
  const auto take = [](auto member, ActivationSummary& into, const ActivationSummary& from) {
    into.*member = std::max(into.*member, from.*member);
  };
  for (const ActivationSummary& summary : members.subspan(1)) {
    forEachFieldPointer<ActivationSummary>([&](auto member) { take(member, merged, summary); });
  }
  if (members.size() > 1) merged.peakChannel = -1;
  return merged;
}
namespace {

constexpr double kNotDefined = std::numeric_limits<double>::quiet_NaN();

double finiteCount(const WeightSummary& s) {
  return static_cast<double>(s.count - s.nans - s.posInfs - s.negInfs);
}

/// Mean and sum of squared deviations of a growing set. Source: Chan, Golub, LeVeque 1983, eq. 1.5b.
struct Spread {
  double n = 0, mean = 0, squares = 0;
  void add(const WeightSummary& s) {
    const double m = finiteCount(s);
    if (m == 0) return;
    const double delta = s.mean - mean;
    squares += (m > 1 ? s.std * s.std * (m - 1) : 0) + delta * delta * n * m / (n + m);
    mean += delta * m / (n + m);
    n += m;
  }
};

void addCounts(WeightSummary& total, const WeightSummary& s) {
  total.count += s.count;
  total.zeros += s.zeros;
  total.nans += s.nans;
  total.posInfs += s.posInfs;
  total.negInfs += s.negInfs;
  total.zeroRows += s.zeroRows;
  total.zeroColumns += s.zeroColumns;
}

void addExtremes(WeightSummary& total, const WeightSummary& s, bool isFirst) {
  total.absmax = std::max(total.absmax, s.absmax);
  total.min = isFirst ? s.min : std::min(total.min, s.min);
  total.max = isFirst ? s.max : std::max(total.max, s.max);
  total.kurtosis = std::max(total.kurtosis, s.kurtosis);
  total.maxOverMedian = std::max(total.maxOverMedian, s.maxOverMedian);
  total.columnPeakRatio = std::max(total.columnPeakRatio, s.columnPeakRatio);
  total.rowPeakRatio = std::max(total.rowPeakRatio, s.rowPeakRatio);
}

void addShares(WeightSummary& total, const WeightSummary& s, double share) {
  total.outliers3 += share * s.outliers3;
  total.outliers4 += share * s.outliers4;
  total.outliers5 += share * s.outliers5;
  total.outliers6 += share * s.outliers6;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

void raise(std::optional<double>& total, const std::optional<double>& value) {
  if (value && (!total || *value > *total)) total = value;
}

}  // namespace

WeightSummary mergeSummaries(std::span<const WeightSummary> members) {
  WeightSummary total;
  Spread spread;
  for (const WeightSummary& s : members) {
    addExtremes(total, s, spread.n == 0);
    addCounts(total, s);
    spread.add(s);
    total.quantilesExact = total.quantilesExact && s.quantilesExact;
  }
  for (const WeightSummary& s : members)
    if (spread.n > 0) addShares(total, s, finiteCount(s) / spread.n);
  total.mean = spread.mean;
  total.std = spread.n > 1 ? std::sqrt(spread.squares / (spread.n - 1)) : 0;
  total.medianAbs = total.quantile001 = total.quantile01 = total.quantile50 = kNotDefined;
  total.quantile99 = total.quantile999 = kNotDefined;
  total.peakColumn = total.peakRow = -1;
  return total;
}

MeasuredLayer measuredLayer(const WeightSummary& summary, const LayerError& error) {
  MeasuredLayer layer;
  layer.figures = error;
  layer.figures.columnError = layer.figures.columnEnergy = {};
  layer.errorEnergy = sum(error.columnError);
  layer.weightEnergy = sum(error.columnEnergy);
  layer.weights = static_cast<double>(summary.count);
  layer.nonZeros = finiteCount(summary) - static_cast<double>(summary.zeros);
  return layer;
}

LayerError mergeErrors(std::span<const MeasuredLayer> members) {
  LayerError total;
  double errorEnergy = 0, weightEnergy = 0, weights = 0, nonZeros = 0;
  for (const MeasuredLayer& member : members) {
    const LayerError& e = member.figures;
    errorEnergy += member.errorEnergy;
    weightEnergy += member.weightEnergy;
    weights += member.weights;
    nonZeros += member.nonZeros;
    total.deadCode += e.deadCode * member.nonZeros;
    total.deadCodeGaussian += e.deadCodeGaussian * member.nonZeros;
    total.bitsPerWeight += e.bitsPerWeight * member.weights;
    total.weightRelL1 = std::max(total.weightRelL1, e.weightRelL1);
    total.columnPeakRatio = std::max(total.columnPeakRatio, e.columnPeakRatio);
    total.maxAbsError = std::max(total.maxAbsError, e.maxAbsError);
    raise(total.normWeightedRel, e.normWeightedRel);
    raise(total.outputRelW, e.outputRelW);
    raise(total.outputRelA, e.outputRelA);
    raise(total.outputRelWa, e.outputRelWa);
  }
  total.weightRelFro = weightEnergy > 0 ? std::sqrt(errorEnergy / weightEnergy) : kNotDefined;
  total.sqnrDb = 10 * std::log10(weightEnergy / errorEnergy);
  total.deadCode = nonZeros > 0 ? total.deadCode / nonZeros : 0;
  total.deadCodeGaussian = nonZeros > 0 ? total.deadCodeGaussian / nonZeros : 0;
  total.bitsPerWeight = weights > 0 ? total.bitsPerWeight / weights : 0;
  return total;
}

}  // namespace ql::cli
