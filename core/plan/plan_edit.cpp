#include "core/plan/plan_edit.h"

namespace ql {
namespace {

/// Adds the linear to a set or takes it out; true when that changed anything.
bool setMembership(std::set<std::string>& names, const std::string& linear, bool isMember) {
  return isMember ? names.insert(linear).second : names.erase(linear) > 0;
}

double elementsOf(const Linear& linear) {
  return static_cast<double>(linear.out()) * static_cast<double>(linear.in());
}

}  // namespace

EditResult setChoices(const QuantizationPlan& plan, const std::vector<std::string>& linears,
                      const std::function<Choice(const Choice&)>& edit) {
  EditResult result{plan, {}, {}, {}};
  for (const std::string& linear : linears) {
    if (plan.isLocked(linear)) {
      result.locked.push_back(linear);
      continue;
    }
    if (plan.isIgnored(linear)) {
      result.ignored.push_back(linear);
      continue;
    }
    const Choice before = result.plan.choiceFor(linear);
    const Choice after = edit(before);
    if (after == before) continue;
    validateChoice(after, linear);
    if (after == plan.defaultChoice) {
      result.plan.layers.erase(linear);
    } else {
      result.plan.layers[linear] = after;
    }
    result.changed.push_back(linear);
  }
  return result;
}

EditResult setLocked(const QuantizationPlan& plan, const std::vector<std::string>& linears, bool locked) {
  EditResult result{plan, {}, {}, {}};
  for (const std::string& linear : linears) {
    if (setMembership(result.plan.locks, linear, locked)) result.changed.push_back(linear);
  }
  return result;
}

EditResult setIgnored(const QuantizationPlan& plan, const std::vector<std::string>& linears, bool ignored) {
  EditResult result{plan, {}, {}, {}};
  for (const std::string& linear : linears) {
    if (plan.isLocked(linear)) {
      result.locked.push_back(linear);
    } else if (setMembership(result.plan.ignore, linear, ignored)) {
      result.changed.push_back(linear);
    }
  }
  return result;
}

PlanTotals planTotals(const QuantizationPlan& plan, const Model& model, double totalBytes) {
  PlanTotals totals;
  double elements = 0;
  for (const Linear& linear : model.linears) {
    if (!linear.isQuantizable) continue;
    const double count = elementsOf(linear);
    const double storedBits = dtypeInfo(linear.dtype).bits;
    const Choice choice = plan.choiceFor(linear.name);
    const bool isIgnored = plan.isIgnored(linear.name);
    ++totals.linears;
    totals.changed += !isIgnored && choice != plan.defaultChoice;
    totals.locked += plan.isLocked(linear.name);
    totals.ignored += isIgnored;
    elements += count;
    totals.storedBytes += count * storedBits / 8;
    totals.plannedBytes += count * bitsPerWeight(choice, linear.out(), linear.in(), storedBits) / 8;
  }
  totals.averageBits = elements > 0 ? totals.plannedBytes * 8 / elements : 0;
  totals.otherBytes = std::max(0.0, totalBytes - totals.storedBytes);
  return totals;
}

std::vector<std::string> unknownLinears(const QuantizationPlan& plan, const Model& model) {
  std::set<std::string> named;
  for (const auto& [name, choice] : plan.layers) named.insert(name);
  named.insert(plan.locks.begin(), plan.locks.end());
  named.insert(plan.ignore.begin(), plan.ignore.end());
  for (const PlanSmoothing& smoothing : plan.smoothing) {
    named.insert(smoothing.consumers.begin(), smoothing.consumers.end());
  }
  std::vector<std::string> unknown;
  for (const std::string& name : named) {
    // Tools want lm_head in the ignore list even when the embedding plays its part.
    const bool isTiedHead = model.hasTiedEmbeddings && name == "lm_head";
    if (!isTiedHead && !model.find(name)) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace ql
