// qloupe plan set: edits of a plan for a selection of layers.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/plan_outline.h"
#include "app/cli/selection.h"
#include "core/base/error.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <set>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

Choice editedChoice(const Choice& base, const std::vector<std::string>& edits) {
  Choice choice = base;
  for (const std::string& edit : edits) choice = editChoice(choice, edit);
  return choice;
}

/// What one call did, over all its steps.
struct Summary {
  std::size_t hit = 0;
  std::set<std::string> changed, locked, ignored;
  std::vector<FusedConflict> conflicts;

  void add(const EditResult& result) {
    changed.insert(result.changed.begin(), result.changed.end());
    locked.insert(result.locked.begin(), result.locked.end());
    ignored.insert(result.ignored.begin(), result.ignored.end());
  }
};

class PlanSetCommand : public Command {
 public:
  std::string_view words() const override { return "plan set"; }
  std::string_view sentence() const override {
    return "Edit a plan: schemes, locks and exclusions of a selection of layers.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_plan, "Plan to edit")->required()->type_name("");
    app.add_option("EDIT", m_edits, "Scheme or options: group=128, asym, w4a16:group=32, act=token")
        ->type_name("");
    m_selection.addTo(app);
    CLI::Option* lock = app.add_flag("--lock", m_isLock, "Protect the layers from later edits");
    app.add_flag("--unlock", m_isUnlock, "Lift the protection, before the edits are made")->excludes(lock);
    CLI::Option* ignore = app.add_flag("--ignore", m_isIgnore, "Leave the layers as stored");
    app.add_flag("--unignore", m_isUnignore, "Quantize ignored layers again, before the edits are made")
        ->excludes(ignore);
    app.add_option("--model", m_model, "Model of the plan, where the plan does not list its layers")
        ->type_name("MODEL");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-set.schema.json)");
    app.footer(
        "Without --layers, --blocks and --roles every layer that can be quantized is meant.\nLocked and "
        "ignored layers are passed over and counted.\n\nExample:\n"
        "  qloupe plan set my.qlplan.json --blocks 0-2 --roles q,k,v,gate,up group=128");
  }

  int run() override {
    if (m_edits.empty() && !m_isLock && !m_isUnlock && !m_isIgnore && !m_isUnignore)
      throw Error(
          ErrorCode::Usage,
          "Nothing to change; give an EDIT such as group=128, or --lock, --unlock, --ignore or --unignore.");
    QuantizationPlan plan = loadPlan(m_plan);
    static_cast<void>(editedChoice(plan.defaultChoice, m_edits));  // a bad EDIT is told before anything else
    const Model model = modelOfPlan(plan, m_plan, m_model);
    Summary summary;
    const QuantizationPlan before = plan;
    plan = edited(std::move(plan), names(model, plan), summary);
    if (plan != before) savePlan(plan, m_plan);
    summary.conflicts = fusedConflicts(plan, model);
    report(summary);
    return kExitOk;
  }

 private:
  /// Layers that --unignore must find are not quantizable by default, so that step looks at all of them.
  std::vector<std::string> names(const Model& model, const QuantizationPlan& plan) const {
    std::vector<std::string> list;
    const bool isAbsolute = m_isUnignore || m_isIgnore || m_isLock || m_isUnlock;
    for (const LinearId id : m_selection.resolve(model, m_selection.isEmpty() || !isAbsolute)) {
      const std::string& name = model.linears[id].name;
      if (m_isUnignore && m_selection.isEmpty() && !plan.isIgnored(name)) continue;
      list.push_back(name);
    }
    return list;
  }

  QuantizationPlan edited(QuantizationPlan plan, const std::vector<std::string>& layers,
                          Summary& summary) const {
    summary.hit = layers.size();
    const auto apply = [&](EditResult result) {
      summary.add(result);
      plan = std::move(result.plan);
    };
    if (m_isUnlock) apply(setLocked(plan, layers, false));
    if (m_isUnignore) apply(setIgnored(plan, layers, false));
    if (!m_edits.empty())
      apply(setChoices(plan, layers, [&](const Choice& choice) { return editedChoice(choice, m_edits); }));
    if (m_isIgnore) apply(setIgnored(plan, layers, true));
    if (m_isLock) apply(setLocked(plan, layers, true));
    return plan;
  }

  void report(const Summary& summary) const {
    if (m_isJson) {
      Json json;
      json["plan"] = m_plan;
      json["hit"] = summary.hit;
      json["changed"] = summary.changed;
      json["locked"] = summary.locked;
      json["ignored"] = summary.ignored;
      json["fused_conflicts"] = Json::array();
      for (const FusedConflict& conflict : summary.conflicts)
        json["fused_conflicts"].push_back(
            {{"group", conflict.group}, {"members", conflict.members}, {"schemes", conflict.schemes}});
      return printJson(json);
    }
    std::string text =
        counted(summary.hit, "layer") + " hit, " + std::to_string(summary.changed.size()) + " changed";
    if (!summary.locked.empty())
      text += ", " + std::to_string(summary.locked.size()) + " passed over (locked)";
    if (!summary.ignored.empty())
      text += ", " + std::to_string(summary.ignored.size()) + " passed over (ignored)";
    print(text + "\n");
    for (const FusedConflict& conflict : summary.conflicts)
      warn("A runtime stores " + conflict.group + " as one matrix, but its " +
           std::to_string(conflict.members.size()) +
           " layers have different schemes; give them the same one.");
  }

  std::string m_plan, m_model;
  std::vector<std::string> m_edits;
  SelectionOptions m_selection;
  bool m_isLock = false, m_isUnlock = false, m_isIgnore = false, m_isUnignore = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makePlanSetCommand() {
  return std::make_unique<PlanSetCommand>();
}

}  // namespace ql::cli
