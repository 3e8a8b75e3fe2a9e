#include "core/workspace_methods.h"

#include <algorithm>
#include <array>

namespace ql {
namespace {

struct MethodText {
  AutoMethod method;
  std::string_view name, sentence, source;
};
constexpr std::array<MethodText, 3> kMethods{{
    {AutoMethod::FewestLayers, "fewest-layers",
     "The fewest layers that need groups: each one over the target gets the largest group size that brings "
     "it "
     "under, fused layers together; the others keep their scheme.",
     "Qin 2024, \"The Uniqueness of LLaMA3-70B\", arXiv:2408.15301 (mixed per-channel and per-group W8A8)"},
    {AutoMethod::Mofq, "mofq",
     "Integers or floats of the same bits for each layer, whichever has the smaller error.",
     "Zhang et al. 2023, \"Integer or Floating Point?\" (MoFQ), arXiv:2305.12356"},
    {AutoMethod::AdaDim, "adadim",
     "Scales by output channel or by input channel for each layer, whichever has the smaller output error.",
     "Heo et al. 2024, \"Rethinking Channel Dimensions\" (AdaDim), arXiv:2309.15531"},
}};
constexpr std::array<std::string_view, 6> kOutcomes{"changed",      "kept",   "with_sibling",
                                                    "out_of_reach", "locked", "not_measured"};

const MethodText& textOf(AutoMethod method) {
  return kMethods[static_cast<std::size_t>(method)];
}

}  // namespace

std::string_view autoMethodName(AutoMethod method) {
  return textOf(method).name;
}
std::string_view autoMethodSentence(AutoMethod method) {
  return textOf(method).sentence;
}
std::string_view autoMethodSource(AutoMethod method) {
  return textOf(method).source;
}

std::optional<AutoMethod> autoMethodFromName(std::string_view name) {
  for (const MethodText& text : kMethods)
    if (text.name == name) return text.method;
  return std::nullopt;
}

const std::vector<AutoMethod>& autoMethods() {
  static const std::vector<AutoMethod> all{AutoMethod::FewestLayers, AutoMethod::Mofq, AutoMethod::AdaDim};
  return all;
}

std::string_view autoOutcomeName(AutoOutcome outcome) {
  return kOutcomes[static_cast<std::size_t>(outcome)];
}

std::size_t AutoReport::count(AutoOutcome outcome) const {
  return static_cast<std::size_t>(
      std::count_if(decisions.begin(), decisions.end(),
                    [&](const AutoDecision& decision) { return decision.outcome == outcome; }));
}

std::size_t AutoReport::changes() const {
  return static_cast<std::size_t>(
      std::count_if(decisions.begin(), decisions.end(),
                    [](const AutoDecision& decision) { return !(decision.after == decision.before); }));
}

EditResult applyDecisions(const QuantizationPlan& plan, const Model& model,
                          std::span<const AutoDecision> decisions) {
  // linears that get the same choice are one edit
  std::vector<std::pair<Choice, std::vector<std::string>>> edits;
  for (const AutoDecision& decision : decisions) {
    if (decision.after == decision.before) continue;
    const auto same = std::find_if(edits.begin(), edits.end(),
                                   [&](const auto& edit) { return edit.first == decision.after; });
    const std::string& name = model.linears.at(decision.id).name;
    if (same == edits.end())
      edits.push_back({decision.after, {name}});
    else
      same->second.push_back(name);
  }
  EditResult total{plan, {}, {}, {}};
  for (const auto& [choice, names] : edits) {
    EditResult made = setChoices(total.plan, names, [&choice = choice](const Choice&) { return choice; });
    total.plan = std::move(made.plan);
    total.changed.insert(total.changed.end(), made.changed.begin(), made.changed.end());
    total.locked.insert(total.locked.end(), made.locked.begin(), made.locked.end());
    total.ignored.insert(total.ignored.end(), made.ignored.begin(), made.ignored.end());
  }
  return total;
}

}  // namespace ql
