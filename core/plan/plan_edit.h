#pragma once
// Edits of a plan as values: applied, undone, named; and the difference of two plans.
#include "core/plan/plan.h"

#include <functional>
#include <string>
#include <vector>

namespace ql {

/// The result of an edit: the new plan, how many linears it changed, which were passed over because locked or
/// ignored.
struct EditResult {
  QuantizationPlan plan;
  std::vector<std::string> changed, locked, ignored;
};

/// Sets the choice of each linear (each from its present choice) except locked and ignored ones. A choice
/// equal to the default is removed from `layers`.
EditResult setChoices(const QuantizationPlan& plan, const std::vector<std::string>& linears,
                      const std::function<Choice(const Choice&)>& edit);
EditResult setLocked(const QuantizationPlan& plan, const std::vector<std::string>& linears, bool locked);
EditResult setIgnored(const QuantizationPlan& plan, const std::vector<std::string>& linears, bool ignored);

/// Puts smoothing entries into the plan, each in place of an earlier one of the same producer. Entries with a
/// locked reader, or whose producer is a locked linear, are passed over: `locked` names those locks,
/// `changed` the readers whose smoothing is another one now.
EditResult setSmoothing(const QuantizationPlan& plan, const std::vector<PlanSmoothing>& entries);
/// Takes the entries of these producers out; entries with a locked reader or producer stay.
EditResult removeSmoothing(const QuantizationPlan& plan, const std::set<std::string>& producers);
/// The entry of a producer; null when the plan does not smooth behind it.
const PlanSmoothing* findSmoothing(const QuantizationPlan& plan, const std::string& producer);

/// One line of `plan diff`: what differs, for which linear (or "default", "smoothing", "locks", "ignore").
struct PlanDifference {
  std::string where, before, after;
};
std::vector<PlanDifference> diffPlans(const QuantizationPlan& a, const QuantizationPlan& b);

/// Linears of one fused group whose choices differ: runtimes refuse those.
struct FusedConflict {
  std::string group;  // fused name
  std::vector<std::string> members;
  std::vector<std::string> schemes;  // text of each member's choice
};
std::vector<FusedConflict> fusedConflicts(const QuantizationPlan& plan, const Model& model);

/// Sizes of a plan on a model.
struct PlanTotals {
  std::size_t linears = 0, changed = 0, locked = 0, ignored = 0;
  double storedBytes = 0, plannedBytes = 0;  // of the quantizable linears
  double averageBits = 0;                    // planned bits per weight over them
  double otherBytes = 0;                     // everything else in the checkpoint
};
PlanTotals planTotals(const QuantizationPlan& plan, const Model& model, double totalBytes);

/// Names in the plan that the model does not have: a plan of another model.
std::vector<std::string> unknownLinears(const QuantizationPlan& plan, const Model& model);

}  // namespace ql
