#include "core/quant/step_search.h"

#include "core/quant/range_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace ql {
namespace {

constexpr std::size_t kSweepAll = 8192;  // break points that are swept without looking where they lie
constexpr int kFirstIntervals = 48, kSplit = 4, kLevels = 6;
constexpr double kSafety = 1e-4;  // of the kernels' float32 sums, relative

/// A range of steps with what bounds E inside it from below.
struct Interval {
  double low = 0, high = 0;
  double rootLow = 0, rootHigh = 0;  // sqrt(E) at both ends
  double codesLow = 0;               // sqrt(sum q^2) at the low end: the largest inside

  /// sqrt(E) is the distance of w from s q; within the interval it changes by |s - s'| |q| at most.
  double bound() const { return (rootLow + rootHigh) / 2 - (high - low) / 2 * codesLow; }
};

/// A code of a weight grows from k to k + 1 as s falls below `at`.
struct Break {
  double at, magnitude, growth;  // growth = (k + 1)^2 - k^2
};

class StepSearch {
 public:
  StepSearch(std::span<const float> values, int lo, int hi) : m_values(values), m_lo(lo), m_hi(hi) {
    for (const float w : values) {
      const double m = std::abs(static_cast<double>(w));
      m_energy += m * m;
      m_sum += m;
      m_absmax = std::max(m_absmax, m);
    }
    m_best.error = m_energy;
  }

  StepChoice run() {
    const std::size_t codes = static_cast<std::size_t>(std::max(m_hi, -m_lo));
    if (m_values.size() * codes <= kSweepAll) {
      sweep(0, 3 * m_absmax);
      return m_best;
    }
    std::vector<Interval> kept = firstIntervals();
    for (int level = 0; level < kLevels; ++level) {
      prune(kept);
      if (breakPoints(kept) <= 2 * static_cast<double>(m_values.size())) break;
      if (level + 1 < kLevels) kept = split(kept);
    }
    sweepAll(kept);
    return m_best;
  }

 private:
  /// Limits of a magnitude's code by the sign of the weight.
  double limitOf(float w) const { return w < 0 ? -m_lo : m_hi; }

  void evaluate(double step, double& root, double& codes) {
    const StepSums sums =
        stepSums(m_values, static_cast<float>(step), static_cast<float>(m_lo), static_cast<float>(m_hi));
    root = std::sqrt(sums.error);
    codes = std::sqrt(sums.codeSquares);
    m_bestRoot = std::min(m_bestRoot, root);
  }

  std::vector<Interval> firstIntervals() {
    m_bestRoot = std::sqrt(m_energy);
    const double top = 2.1 * m_absmax, bottom = 0.05 * m_absmax / std::max(m_hi, -m_lo);
    const double ratio = std::pow(bottom / top, 1.0 / kFirstIntervals);
    std::vector<Interval> intervals;
    Interval next{0, top, 0, std::sqrt(m_energy), 0};  // all codes are 0 there
    for (int i = 1; i <= kFirstIntervals; ++i) {
      next.low = top * std::pow(ratio, i);
      evaluate(next.low, next.rootLow, next.codesLow);
      intervals.push_back(next);
      next.high = next.low;
      next.rootHigh = next.rootLow;
    }
    double squares = 0;
    for (const float w : m_values) squares += w == 0 ? 0 : limitOf(w) * limitOf(w);
    intervals.push_back({0, next.high, std::sqrt(m_energy), next.rootHigh, std::sqrt(squares)});
    return intervals;
  }

  void prune(std::vector<Interval>& intervals) const {
    std::erase_if(intervals, [&](const Interval& interval) {
      return interval.bound() * (1 + kSafety) > m_bestRoot * (1 + 2 * kSafety);
    });
  }

  std::vector<Interval> split(const std::vector<Interval>& intervals) {
    std::vector<Interval> parts;
    for (const Interval& whole : intervals) {
      Interval part = whole;
      for (int i = 1; i <= kSplit; ++i) {
        part.low = whole.high + (whole.low - whole.high) * i / kSplit;
        part.rootLow = whole.rootLow;
        part.codesLow = whole.codesLow;
        if (i < kSplit) evaluate(part.low, part.rootLow, part.codesLow);
        parts.push_back(part);
        part.high = part.low;
        part.rootHigh = part.rootLow;
      }
    }
    return parts;
  }

  /// About how many there are.
  double breakPoints(const std::vector<Interval>& intervals) const {
    double count = 0;
    const double most = static_cast<double>(m_values.size()) * std::max(m_hi, -m_lo);
    for (const Interval& interval : intervals)
      count += interval.low > 0 ? std::min(most, m_sum * (1 / interval.low - 1 / interval.high)) : most;
    return count;
  }

  /// Neighbours together: each sweep begins with a sum over all values.
  void sweepAll(const std::vector<Interval>& descending) {
    for (std::size_t i = 0; i < descending.size();) {
      const double high = descending[i].high;
      double low = descending[i++].low;
      for (; i < descending.size() && descending[i].high == low; ++i) low = descending[i].low;
      sweep(low, high);
    }
  }

  /// Every set of codes that a step in [low, high] gives.
  void sweep(double low, double high) {
    m_breaks.clear();
    double product = 0, squares = 0;  // sum q w, sum q^2
    for (const float w : m_values) {
      const double m = std::abs(static_cast<double>(w)), limit = limitOf(w);
      if (m == 0) continue;
      double k = std::min(limit, std::floor(m / high + 0.5));
      product += k * m;
      squares += k * k;
      for (; k < limit && m >= low * (k + 0.5); ++k) m_breaks.push_back({m / (k + 0.5), m, 2 * k + 1});
    }
    std::sort(m_breaks.begin(), m_breaks.end(), [](const Break& a, const Break& b) { return a.at > b.at; });
    take(product, squares);
    for (const Break& next : m_breaks) {
      product += next.magnitude;
      squares += next.growth;
      take(product, squares);
    }
  }

  void take(double product, double squares) {
    if (!(squares > 0)) return;
    const double error = m_energy - product * product / squares;
    if (error < m_best.error) m_best = {product / squares, error};
  }

  std::span<const float> m_values;
  int m_lo, m_hi;
  double m_energy = 0, m_sum = 0, m_absmax = 0, m_bestRoot = 0;
  StepChoice m_best;
  std::vector<Break> m_breaks;
};

}  // namespace

StepChoice bestStep(std::span<const float> values, int lo, int hi) {
  float absmax = 0;
  for (const float w : values) absmax = std::max(absmax, std::abs(w));
  if (absmax == 0) return {};
  // by a power of two, exactly, so that no square overflows or vanishes
  const int exponent = std::ilogb(absmax);
  std::vector<float> scaled(values.size());
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] = std::ldexp(values[i], -exponent);
  StepChoice choice = StepSearch(scaled, lo, hi).run();
  choice.step = std::ldexp(choice.step, exponent);
  choice.error = std::max(0.0, std::ldexp(choice.error, 2 * exponent));
  return choice;
}

}  // namespace ql
