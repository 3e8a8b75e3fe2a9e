#pragma once
// The difference of two plans, small enough to keep thousands of: what an undo step holds. Not for showing
// (diffPlans() of core/plan/plan_edit.h).
#include "core/plan/plan.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ql {

/// Each name and each choice that any of the deltas of a document mentions, once.
class PlanPool {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  std::uint32_t add(const std::string& name);
  std::uint32_t add(const Choice& choice);
  const std::string& name(std::uint32_t place) const { return *m_names[place]; }
  const Choice& choice(std::uint32_t place) const { return m_choices[place]; }

 private:
  std::map<std::string, std::uint32_t> m_namePlaces, m_choicePlaces;  // choices by their JSON
  std::vector<const std::string*> m_names;                            // keys of m_namePlaces
  std::vector<Choice> m_choices;
};

/// Turns `before` into `after` and back, exactly.
class PlanDelta {
 public:
  PlanDelta(const QuantizationPlan& before, const QuantizationPlan& after, std::shared_ptr<PlanPool> pool);

  QuantizationPlan forward(const QuantizationPlan& before) const { return applied(before, true); }
  QuantizationPlan backward(const QuantizationPlan& after) const { return applied(after, false); }
  bool isEmpty() const;
  const std::shared_ptr<PlanPool>& pool() const { return m_pool; }

 private:
  struct LayerChange {
    std::uint32_t name, before, after;  // places in the pool; kNone = no entry
  };
  using NameChange = std::pair<std::uint32_t, bool>;  // true: added
  /// Entries of a list between what both lists begin and end with.
  struct ListChange {
    std::size_t begin = 0;
    std::vector<PlanSmoothing> before, after;
  };

  QuantizationPlan applied(const QuantizationPlan& plan, bool isForward) const;
  void takeLayers(const QuantizationPlan& before, const QuantizationPlan& after);
  void takeSmoothing(const QuantizationPlan& before, const QuantizationPlan& after);

  std::shared_ptr<PlanPool> m_pool;
  std::vector<LayerChange> m_layers;
  std::vector<NameChange> m_ignore, m_locks;
  ListChange m_smoothing;
  /// Everything else, where it differs: plans without layers, lists and smoothing.
  std::shared_ptr<const std::pair<QuantizationPlan, QuantizationPlan>> m_rest;
};

}  // namespace ql
