// What differs: between two plans, and between linears that a runtime stores as one.
#include "core/plan/choice_json.h"
#include "core/plan/plan_edit.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ql {
namespace {

std::string shortText(const Choice& choice) {
  if (!choice.weight && !choice.activation) return "as stored";
  return weightSchemeText(choice) + ", activations " + actSchemeText(choice);
}

/// Two texts that differ when the choices do: as short as possible, in full when the difference is a detail.
std::pair<std::string, std::string> distinctTexts(const Choice& a, const Choice& b) {
  if (shortText(a) != shortText(b)) return {shortText(a), shortText(b)};
  if (specText(a) != specText(b)) return {specText(a), specText(b)};
  return {choiceJson(a), choiceJson(b)};
}

std::string actText(const std::optional<ActScheme>& scheme) {
  return scheme ? choiceJson({std::nullopt, scheme}) : "";
}

class Differ {
 public:
  Differ(const QuantizationPlan& a, const QuantizationPlan& b) : m_a(a), m_b(b) {}

  std::vector<PlanDifference> run() {
    text("model", m_a.model.name + " " + m_a.model.fingerprint, m_b.model.name + " " + m_b.model.fingerprint);
    if (m_a.defaultChoice != m_b.defaultChoice) choices("default", m_a.defaultChoice, m_b.defaultChoice);
    linears();
    sets("ignore", m_a.ignore, m_b.ignore);
    sets("locks", m_a.locks, m_b.locks);
    smoothing();
    points();
    text("kv_cache", actText(m_a.kvCache), actText(m_b.kvCache));
    text("rotations", m_a.rotations, m_b.rotations);
    return std::move(m_result);
  }

 private:
  void text(const std::string& where, const std::string& before, const std::string& after) {
    if (before != after) m_result.push_back({where, before, after});
  }

  void choices(const std::string& where, const Choice& before, const Choice& after) {
    auto [first, second] = distinctTexts(before, after);
    m_result.push_back({where, std::move(first), std::move(second)});
  }

  /// Linears that follow the default on both sides are covered by the line about the default.
  void linears() {
    std::set<std::string> names;
    for (const QuantizationPlan* plan : {&m_a, &m_b}) {
      for (const auto& [name, choice] : plan->layers) names.insert(name);
    }
    for (const std::string& name : names) {
      if (m_a.isIgnored(name) != m_b.isIgnored(name)) continue;  // said under "ignore"
      const Choice before = m_a.choiceFor(name), after = m_b.choiceFor(name);
      if (before != after) choices(name, before, after);
    }
  }

  void sets(const std::string& where, const std::set<std::string>& before,
            const std::set<std::string>& after) {
    for (const std::string& name : before) {
      if (!after.contains(name)) m_result.push_back({where, name, ""});
    }
    for (const std::string& name : after) {
      if (!before.contains(name)) m_result.push_back({where, "", name});
    }
  }

  static std::string smoothingText(const QuantizationPlan& plan, const std::string& producer) {
    std::string all;
    for (const PlanSmoothing& entry : plan.smoothing) {
      if (entry.producer != producer) continue;
      nlohmann::ordered_json alpha = entry.alpha;
      all += (all.empty() ? "" : "; ") + producer + " -> ";
      for (const std::string& name : entry.consumers) all += name + " ";
      all += "(" + entry.method + ", " + entry.statistic + ", alpha " + alpha.dump() +
             (entry.formula.empty() ? "" : ", " + entry.formula) + (entry.dataFree ? ", data-free" : "") +
             (entry.powersOfTwo ? ", powers of two" : "") + (entry.scales ? ", " + *entry.scales : "") + ")";
    }
    return all;
  }

  void smoothing() {
    std::set<std::string> producers;
    for (const QuantizationPlan* plan : {&m_a, &m_b}) {
      for (const PlanSmoothing& entry : plan->smoothing) producers.insert(entry.producer);
    }
    for (const std::string& producer : producers) {
      text("smoothing", smoothingText(m_a, producer), smoothingText(m_b, producer));
    }
  }

  void points() {
    std::set<std::string> names;
    for (const QuantizationPlan* plan : {&m_a, &m_b}) {
      for (const auto& [name, scheme] : plan->points) names.insert(name);
    }
    const auto of = [](const QuantizationPlan& plan, const std::string& name) {
      const auto found = plan.points.find(name);
      return found == plan.points.end() ? std::string() : actText(found->second);
    };
    for (const std::string& name : names) text("points " + name, of(m_a, name), of(m_b, name));
  }

  const QuantizationPlan& m_a;
  const QuantizationPlan& m_b;
  std::vector<PlanDifference> m_result;
};

/// What a runtime must know to run a linear: not how the codes were found.
Choice runtimeScheme(Choice choice) {
  if (choice.weight) {
    WeightScheme bare;
    bare.format = choice.weight->format;
    bare.granularity = choice.weight->granularity;
    bare.groupSize = choice.weight->groupSize;
    bare.block = choice.weight->block;
    bare.symmetric = choice.weight->symmetric;
    bare.outliers = choice.weight->outliers;
    choice.weight = bare;
  }
  if (choice.activation) choice.activation->flavour = ActScheme().flavour;
  return choice;
}

}  // namespace

std::vector<PlanDifference> diffPlans(const QuantizationPlan& a, const QuantizationPlan& b) {
  return Differ(a, b).run();
}

std::vector<FusedConflict> fusedConflicts(const QuantizationPlan& plan, const Model& model) {
  std::vector<FusedConflict> conflicts;
  for (const FusedGroup& group : model.fusedGroups) {
    std::vector<Choice> choices;
    for (const LinearId id : group.members)
      choices.push_back(runtimeScheme(plan.choiceFor(model.linears[id].name)));
    const bool isUniform = std::all_of(choices.begin(), choices.end(),
                                       [&](const Choice& choice) { return choice == choices.front(); });
    if (isUniform) continue;
    FusedConflict conflict{group.name, {}, {}};
    for (std::size_t i = 0; i < choices.size(); ++i) {
      conflict.members.push_back(model.linears[group.members[i]].name);
      conflict.schemes.push_back(shortText(choices[i]));
    }
    conflicts.push_back(std::move(conflict));
  }
  return conflicts;
}

}  // namespace ql
