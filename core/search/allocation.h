#pragma once
// One option for each item so that the sum of errors is least and the sum of costs stays within a budget: the
// multiple-choice knapsack problem. Knows no layers: whoever calls it makes items of linears that must share
// a choice.
#include "core/jobs/job_context.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ql {

struct AllocationOption {
  double cost = 0;   // bits, bytes: finite, not below 0
  double error = 0;  // additive: energies, not decibels; finite
};
using AllocationItem = std::vector<AllocationOption>;

struct Allocation {
  std::vector<std::size_t> chosen;  // [items] index of the option; empty when even the cheapest do not fit
  double cost = 0, error = 0;
  double bound = 0;     // no allocation has less error: of the linear relaxation, or `error` when exact
  bool isExact = true;  // false: the search ended at its limit of nodes
  bool isFeasible() const { return !chosen.empty(); }
};

/// Depth-first branch and bound under the bound of the linear relaxation, whose optimum goes along the items'
/// lower convex hulls in order of falling gain. Options that cost more and err more than another are left
/// out. Of equal errors the cheaper allocation wins, then the one found first, which gives the first items
/// the smaller errors. Deterministic; `nodeLimit` bounds the work, and what is best by then comes with its
/// bound. Throws Error(Usage) for an item without options, numbers that are not finite and negative costs.
/// Sources: Sinha & Zoltners 1979 (relaxation by hulls); HAWQ-v3, arXiv:2011.10680 (bits of layers as such a
/// program).
Allocation allocate(std::span<const AllocationItem> items, double budget, JobContext& job,
                    std::size_t nodeLimit = 200000);

}  // namespace ql
