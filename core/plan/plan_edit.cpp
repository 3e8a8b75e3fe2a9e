#include "core/plan/plan_edit.h"

#include <algorithm>

namespace ql {
namespace {

/// Adds the linear to a set or takes it out; true when that changed anything.
bool setMembership(std::set<std::string>& names, const std::string& linear, bool isMember) {
  return isMember ? names.insert(linear).second : names.erase(linear) > 0;
}

/// Appends the locks in the way of a smoothing; true when there are any. v_proj is a producer and a linear.
bool addLocks(const QuantizationPlan& plan, const PlanSmoothing& entry, std::vector<std::string>& locked) {
  const std::size_t before = locked.size();
  for (const std::string& reader : entry.consumers)
    if (plan.isLocked(reader)) locked.push_back(reader);
  if (plan.isLocked(entry.producer)) locked.push_back(entry.producer);
  return locked.size() > before;
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

const PlanSmoothing* findSmoothing(const QuantizationPlan& plan, const std::string& producer) {
  const auto found = std::find_if(plan.smoothing.begin(), plan.smoothing.end(),
                                  [&](const PlanSmoothing& entry) { return entry.producer == producer; });
  return found == plan.smoothing.end() ? nullptr : &*found;
}

EditResult setSmoothing(const QuantizationPlan& plan, const std::vector<PlanSmoothing>& entries) {
  EditResult result{plan, {}, {}, {}};
  for (const PlanSmoothing& entry : entries) {
    if (addLocks(plan, entry, result.locked)) continue;
    std::vector<PlanSmoothing>& list = result.plan.smoothing;
    const auto old = std::find_if(list.begin(), list.end(), [&](const PlanSmoothing& known) {
      return known.producer == entry.producer;
    });
    if (old != list.end() && *old == entry) continue;
    if (old == list.end())
      list.push_back(entry);
    else
      *old = entry;
    result.changed.insert(result.changed.end(), entry.consumers.begin(), entry.consumers.end());
  }
  return result;
}

EditResult removeSmoothing(const QuantizationPlan& plan, const std::set<std::string>& producers) {
  EditResult result{plan, {}, {}, {}};
  result.plan.smoothing.clear();
  for (const PlanSmoothing& entry : plan.smoothing) {
    if (!producers.contains(entry.producer) || addLocks(plan, entry, result.locked))
      result.plan.smoothing.push_back(entry);
    else
      result.changed.insert(result.changed.end(), entry.consumers.begin(), entry.consumers.end());
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
