#include "core/search/allocation.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace ql {
namespace {

/// A step along an item's hull: from one option to the next better one.
struct Step {
  std::size_t item = 0;
  double cost = 0, gain = 0;
  std::size_t to = 0;  // place of the better option among the item's
  double rate() const { return gain / cost; }
};

struct Option {
  std::size_t index = 0;  // in the caller's item
  double cost = 0, error = 0;
};

constexpr double kRounding = 1e-12;  // relative: sums in another order must not decide what fits

void requireSound(std::span<const AllocationItem> items, double budget) {
  if (!std::isfinite(budget)) throw Error(ErrorCode::Usage, "The budget must be a finite number.");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string where = "Item " + std::to_string(i);
    if (items[i].empty()) throw Error(ErrorCode::Usage, where + " has no option to choose from.");
    for (const AllocationOption& option : items[i])
      if (!std::isfinite(option.cost) || option.cost < 0 || !std::isfinite(option.error))
        throw Error(ErrorCode::Usage, where +
                                          " has an option whose cost or error is no usable number; costs "
                                          "are 0 or more, errors finite.");
  }
}

/// Options by rising cost and falling error; what costs no less and errs no less than another is gone.
std::vector<Option> undominated(const AllocationItem& item) {
  std::vector<Option> options;
  for (std::size_t k = 0; k < item.size(); ++k) options.push_back({k, item[k].cost, item[k].error});
  std::stable_sort(options.begin(), options.end(), [](const Option& a, const Option& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.error < b.error;
  });
  std::vector<Option> kept;
  for (const Option& option : options)
    if (kept.empty() || option.error < kept.back().error) kept.push_back(option);
  return kept;
}

/// Steps of the lower convex hull, rates falling.
void addSteps(std::size_t item, const std::vector<Option>& options, std::vector<Step>& steps) {
  const auto stepOf = [&](std::size_t a, std::size_t b) {
    return Step{item, options[b].cost - options[a].cost, options[a].error - options[b].error, b};
  };
  std::vector<std::size_t> hull;
  for (std::size_t k = 0; k < options.size(); ++k) {
    while (hull.size() >= 2 &&
           stepOf(hull[hull.size() - 2], hull.back()).rate() <= stepOf(hull.back(), k).rate())
      hull.pop_back();
    hull.push_back(k);
  }
  for (std::size_t k = 1; k < hull.size(); ++k) steps.push_back(stepOf(hull[k - 1], hull[k]));
}

class Search {
 public:
  Search(std::span<const AllocationItem> items, double budget, JobContext& job, std::size_t nodeLimit)
      : m_budget(budget + kRounding * std::abs(budget)), m_job(job), m_nodesLeft(nodeLimit) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      m_options.push_back(undominated(items[i]));
      addSteps(i, m_options.back(), m_steps);
    }
    std::stable_sort(m_steps.begin(), m_steps.end(),
                     [](const Step& a, const Step& b) { return a.rate() > b.rate(); });
    // of the items from i on, each at its cheapest
    m_leastCost.assign(items.size() + 1, 0.0);
    m_cheapError.assign(items.size() + 1, 0.0);
    for (std::size_t i = items.size(); i-- > 0;) {
      m_leastCost[i] = m_leastCost[i + 1] + m_options[i].front().cost;
      m_cheapError[i] = m_cheapError[i + 1] + m_options[i].front().error;
    }
    m_path.assign(items.size(), 0);
  }

  Allocation run() {
    Allocation result;
    if (m_leastCost.front() > m_budget) return result;
    const double bound = boundFrom(0, m_budget);
    takeSteps();
    visit(0, 0, 0);
    result.isExact = !m_isCutShort;
    result.error = m_bestError;
    result.cost = m_bestCost;
    result.bound = result.isExact ? m_bestError : bound;
    for (std::size_t i = 0; i < m_best.size(); ++i) result.chosen.push_back(m_options[i][m_best[i]].index);
    return result;
  }

 private:
  /// Least error of the items from `first` on in the linear relaxation.
  double boundFrom(std::size_t first, double budget) const {
    double left = budget - m_leastCost[first], error = m_cheapError[first];
    for (const Step& step : m_steps) {
      if (step.item < first) continue;
      if (step.cost > left) return error - step.gain * (left / step.cost);
      left -= step.cost;
      error -= step.gain;
    }
    return error;
  }

  /// The first allocation: along the hulls, every step that fits. Within one step of the bound.
  void takeSteps() {
    std::vector<std::size_t> path(m_options.size(), 0);
    std::vector<bool> isClosed(m_options.size(), false);  // a step did not fit: later ones lead from there
    double left = m_budget - m_leastCost.front();
    for (const Step& step : m_steps) {
      if (isClosed[step.item] || step.cost > left) {
        isClosed[step.item] = true;
        continue;
      }
      path[step.item] = step.to;
      left -= step.cost;
    }
    double error = 0, cost = 0;
    for (std::size_t i = 0; i < path.size(); ++i) {
      error += m_options[i][path[i]].error;
      cost += m_options[i][path[i]].cost;
    }
    m_best = std::move(path);
    m_bestError = error;
    m_bestCost = cost;
  }

  bool isBetter(double error, double cost) const {
    return error < m_bestError || (error == m_bestError && cost < m_bestCost);
  }

  void visit(std::size_t item, double cost, double error) {
    if (item == m_options.size()) {
      if (!isBetter(error, cost)) return;
      m_best = m_path;
      m_bestError = error;
      m_bestCost = cost;
      return;
    }
    if (m_nodesLeft == 0) {
      m_isCutShort = true;
      return;
    }
    --m_nodesLeft;
    m_job.step();
    // a relative slack for rounding of the sums: a bound must not hide an equal allocation
    const double slack = kRounding * std::max(1.0, std::abs(m_bestError));
    for (std::size_t k = m_options[item].size(); k-- > 0;) {
      const Option& option = m_options[item][k];
      const double left = m_budget - cost - option.cost;
      if (left < m_leastCost[item + 1]) continue;
      if (error + option.error + boundFrom(item + 1, left) > m_bestError + slack) continue;
      m_path[item] = k;
      visit(item + 1, cost + option.cost, error + option.error);
    }
  }

  double m_budget;
  JobContext& m_job;
  std::size_t m_nodesLeft;
  std::vector<std::vector<Option>> m_options;  // [items]
  std::vector<Step> m_steps;
  std::vector<double> m_leastCost, m_cheapError;  // [items + 1]
  std::vector<std::size_t> m_path, m_best;        // into m_options
  double m_bestError = std::numeric_limits<double>::infinity(), m_bestCost = 0;
  bool m_isCutShort = false;
};

}  // namespace

Allocation allocate(std::span<const AllocationItem> items, double budget, JobContext& job,
                    std::size_t nodeLimit) {
  requireSound(items, budget);
  if (items.empty()) return {};
  return Search(items, budget, job, nodeLimit).run();
}

}  // namespace ql
