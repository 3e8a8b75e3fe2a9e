#include "core/evaluate/salience.h"

#include "core/base/error.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/lanczos.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string>

namespace ql {
namespace {

constexpr int kMostRetries = 3;         // methods: ten times the damping, three times, then report
constexpr double kLeastDamping = 1e-6;  // what a retry begins with when none was asked for
constexpr double kMostDamping = 1000;
constexpr int kInverseSteps = 24;         // of Lanczos on H^-1, whose ends lie far apart
constexpr std::uint64_t kCopyUnits = 16;  // beside choleskyUnits: small sites count too

constexpr std::array<std::string_view, 3> kModeNames = {"obs", "billm_code", "billm_paper"};

/// The diagonal of H before damping.
std::vector<double> hessianDiagonal(const SiteMoment& site) {
  std::vector<double> diagonal = site.diagonal;
  for (double& value : diagonal) value *= 2;
  for (const std::int64_t channel : site.dead) diagonal[static_cast<std::size_t>(channel)] = 1;
  return diagonal;
}

/// H with its rows and columns in reverse: then U_jj = 1 / L_j'j' (H = R R^T with R = U^-1 upper triangular).
LowerTriangle reversedHessian(const SiteMoment& site, const std::vector<double>& diagonal, double added,
                              JobContext& job) {
  const std::int64_t n = site.width;
  const double scale = 2.0 / static_cast<double>(site.moment->tokens());
  LowerTriangle lower(n);
  for (std::int64_t i = 0; i < n; ++i) {
    if (i % 64 == 0) job.step();
    const std::int64_t first = i / SecondMoment::kPanel * SecondMoment::kPanel;
    const std::span<const float> stored = site.moment->storedRow(i);
    const std::span<double> row = lower.row(n - 1 - i);
    for (std::int64_t j = i + 1; j < n; ++j)
      row[static_cast<std::size_t>(n - 1 - j)] =
          scale * static_cast<double>(stored[static_cast<std::size_t>(j - first)]);
    row.back() = diagonal[static_cast<std::size_t>(i)] + added;
  }
  return lower;
}

double smallestEigenvalue(const LowerTriangle& lower, JobContext& job) {
  const auto multiply = [&](std::span<const double> v, std::span<double> y) {
    std::ranges::copy(v, y.begin());
    solveCholesky(lower, y, job);
  };
  return 1 / spectrumEnds(lower.size(), multiply, kInverseSteps, job).largest;
}

void invertDiagonal(const std::vector<double>& diagonal, InverseHessian& result) {
  double least = INFINITY, largest = 0;
  for (const double value : diagonal) {
    const double damped = value + result.added;
    least = std::min(least, damped);
    largest = std::max(largest, damped);
    result.inverse.push_back(1 / damped);
    result.upper.push_back(1 / std::sqrt(damped));
  }
  result.conditionNumber = largest / least;
}

void takeFactor(const SiteMoment& site, const LowerTriangle& lower, InverseHessian& result, JobContext& job) {
  result.inverse = inverseDiagonal(lower, job);
  std::ranges::reverse(result.inverse);
  for (std::int64_t i = site.width - 1; i >= 0; --i) result.upper.push_back(1 / lower.row(i).back());
  const double largest = std::max(2 * site.largestEigenvalue, site.dead.empty() ? 0.0 : 1.0) + result.added;
  result.conditionNumber = std::max(1.0, largest / smallestEigenvalue(lower, job));
}

/// "0.01", "1000"
std::string dampingText(double damping) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", damping);
  return text.data();
}

double nextDamping(double damping) {
  return damping > 0 ? 10 * damping : kLeastDamping;
}

}  // namespace

std::string_view salienceModeName(SalienceMode mode) {
  return kModeNames[static_cast<std::size_t>(mode)];
}

std::optional<SalienceMode> salienceModeFromName(std::string_view name) {
  const auto found = std::ranges::find(kModeNames, name);
  if (found == kModeNames.end()) return std::nullopt;
  return static_cast<SalienceMode>(found - kModeNames.begin());
}

std::uint64_t inverseHessianUnits(const SiteMoment& site) {
  return kCopyUnits + (site.moment ? 2 * choleskyUnits(site.width) : 0);
}

std::uint64_t inverseHessianBytes(std::int64_t width) {
  return LowerTriangle::bytesFor(width);
}

InverseHessian invertHessian(const SiteMoment& site, double damping, JobContext& job) {
  if (!(damping >= 0 && damping <= kMostDamping))
    throw Error(
        ErrorCode::Usage,
        "The damping is a share of the mean of the Hessian's diagonal, from 0 to 1000; 0.01 is usual.");
  InverseHessian result;
  result.damping = result.usedDamping = damping;
  if (site.width == 0) return result;
  const std::vector<double> diagonal = hessianDiagonal(site);
  const double mean =
      std::accumulate(diagonal.begin(), diagonal.end(), 0.0) / static_cast<double>(diagonal.size());
  while (true) {
    result.added = result.usedDamping * mean;
    job.step(kCopyUnits);
    if (!site.moment) {
      const bool isSingular = result.added == 0 && std::ranges::find(diagonal, 0.0) != diagonal.end();
      if (!isSingular) return invertDiagonal(diagonal, result), result;
    } else {
      LowerTriangle lower = reversedHessian(site, diagonal, result.added, job);
      if (!factorCholesky(lower, job)) return takeFactor(site, lower, result, job), result;
    }
    if (result.retries == kMostRetries)
      throw Error(ErrorCode::Numeric,
                  "The Hessian of this input is singular to rounding even with a damping of " +
                      dampingText(result.usedDamping) +
                      " of the mean of its diagonal; calibrate on more text or ask for more damping.");
    ++result.retries;
    result.usedDamping = nextDamping(result.usedDamping);
  }
}

std::vector<double> salienceFactors(const SiteMoment& site, const InverseHessian& inverse,
                                    SalienceMode mode) {
  std::vector<double> factors(inverse.inverse.size());
  for (std::size_t j = 0; j < factors.size(); ++j) {
    const double diagonal = inverse.inverse[j], upper = inverse.upper[j];
    factors[j] = mode == SalienceMode::Obs         ? 1 / diagonal
                 : mode == SalienceMode::BillmCode ? 1 / (upper * upper)
                                                   : 1 / (diagonal * diagonal);
  }
  for (const std::int64_t channel : site.dead) factors[static_cast<std::size_t>(channel)] = 0;
  return factors;
}

ColumnSalience columnSalience(std::span<const double> factors, std::span<const double> energy) {
  if (factors.size() != energy.size())
    throw Error(ErrorCode::Shape, "The weights have " + std::to_string(energy.size()) +
                                      " columns and their input " + std::to_string(factors.size()) +
                                      " channels; the statistics are of another model.");
  ColumnSalience columns;
  columns.sums.resize(factors.size());
  columns.order.resize(factors.size());
  for (std::size_t j = 0; j < factors.size(); ++j) columns.sums[j] = factors[j] * energy[j];
  std::iota(columns.order.begin(), columns.order.end(), std::int64_t{0});
  std::ranges::stable_sort(columns.order, [&](std::int64_t a, std::int64_t b) {
    return columns.sums[static_cast<std::size_t>(a)] > columns.sums[static_cast<std::size_t>(b)];
  });
  for (const std::int64_t column : columns.order) {
    columns.total += columns.sums[static_cast<std::size_t>(column)];
    columns.cumulative.push_back(columns.total);
  }
  for (double& share : columns.cumulative) share = columns.total > 0 ? share / columns.total : 0;
  columns.topCount = (static_cast<std::int64_t>(factors.size()) + 99) / 100;
  if (columns.topCount > 0)
    columns.concentration = columns.cumulative[static_cast<std::size_t>(columns.topCount - 1)];
  return columns;
}

std::vector<std::int64_t> topColumns(const ColumnSalience& columns, std::int64_t count) {
  const auto most = static_cast<std::int64_t>(columns.order.size());
  std::vector<std::int64_t> top(columns.order.begin(),
                                columns.order.begin() + std::clamp<std::int64_t>(count, 0, most));
  std::ranges::sort(top);
  return top;
}

}  // namespace ql
