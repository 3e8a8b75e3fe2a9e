// Extremes of the spectrum of a second moment, and its effective rank.
#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/lanczos.h"
#include "core/linalg/second_moment.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

/// tr(M) and |M|_F^2.
struct Norms {
  double trace = 0, squares = 0;
};
Norms normsOf(const SecondMoment& moment, JobContext& job) {
  const std::int64_t n = moment.size(), panel = SecondMoment::kPanel;
  const double count = static_cast<double>(moment.tokens());
  std::vector<double> squares(static_cast<std::size_t>((n + panel - 1) / panel));
  parallelFor(job, static_cast<std::int64_t>(squares.size()), [&](std::int64_t block) {
    double sum = 0;
    for (std::int64_t i = block * panel; i < std::min((block + 1) * panel, n); ++i) {
      const std::span<const float> row = moment.storedRow(i);
      double inTile = 0, besideTile = 0;
      for (std::size_t j = 0; j < row.size(); ++j) {
        const double value = static_cast<double>(row[j]) / count;
        (j < static_cast<std::size_t>(panel) ? inTile : besideTile) += value * value;
      }
      sum += inTile + 2 * besideTile;  // the diagonal tile is whole, the others stand for two
    }
    squares[static_cast<std::size_t>(block)] = sum;
  });
  Norms norms;
  for (const double part : squares) norms.squares += part;
  for (const double value : moment.diagonal()) norms.trace += value;
  return norms;
}

}  // namespace

Conditioning conditioning(const SecondMoment& moment, JobContext& job, int steps) {
  QL_ASSERT(steps > 0);
  Conditioning result;
  if (moment.size() == 0 || moment.tokens() == 0) return result;
  const Norms norms = normsOf(moment, job);
  if (!std::isfinite(norms.squares)) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {nan, nan, nan, nan, 0};
  }
  if (norms.squares == 0) return result;
  const SpectrumEnds ends = spectrumEnds(
      moment.size(), [&](std::span<const double> v, std::span<double> y) { moment.multiply(v, y, job); },
      steps, job);
  result.steps = ends.steps;
  result.largestEigenvalue = ends.largest;
  result.smallestEigenvalue = std::max(ends.smallest, 0.0);
  const double noise = static_cast<double>(std::numeric_limits<float>::epsilon()) * result.largestEigenvalue;
  result.conditionNumber = result.largestEigenvalue / std::max(result.smallestEigenvalue, noise);
  result.effectiveRank = norms.trace * norms.trace / norms.squares;
  return result;
}

}  // namespace ql
