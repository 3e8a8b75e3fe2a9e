// qloupe plan show: what a plan says, layer by layer.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/plan_outline.h"
#include "app/cli/text_table.h"
#include "core/base/error.h"
#include "core/plan/plan_rotation.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

class PlanShowCommand : public Command {
 public:
  std::string_view words() const override { return "plan show"; }
  std::string_view sentence() const override { return "What a plan says, layer by layer, with sizes."; }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_path, "Plan to show")->required()->type_name("");
    app.add_option("--model", m_modelPath, "Model of the plan, for sizes and layers with the default choice")
        ->type_name("M");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-show.schema.json)");
    app.footer("Example:\n  qloupe plan show my.qlplan.json");
  }

  int run() override {
    m_plan = loadPlan(m_path);
    if (m_modelPath.empty())
      m_model = outlineFromPlan(m_plan, m_path);
    else
      m_model = modelOfPlan(m_plan, m_path, m_modelPath);
    if (m_isJson)
      printJson(json());
    else
      print(text());
    return kExitOk;
  }

 private:
  /// Network order with a model; else those the plan names.
  std::vector<std::string> layerNames() const {
    std::vector<std::string> names;
    if (m_model) {
      for (const Linear& linear : m_model->linears) names.push_back(linear.name);
      return names;
    }
    for (const auto& [name, choice] : m_plan.layers) names.push_back(name);
    for (const std::string& name : m_plan.ignore)
      if (!m_plan.layers.contains(name)) names.push_back(name);
    return names;
  }

  Json layerEntry(const std::string& name) const {
    const Choice choice = m_plan.choiceFor(name);
    Json json;
    json["layer"] = name;
    json["choice"] = choiceAsJson(choice);
    json["weight"] = weightSchemeText(choice);
    json["activation"] = actSchemeText(choice);
    json["is_default"] = !m_plan.layers.contains(name) && !m_plan.isIgnored(name);
    json["locked"] = m_plan.isLocked(name);
    json["ignored"] = m_plan.isIgnored(name);
    return json;
  }

  Json json() const {
    Json json;
    json["plan"] = m_path;
    json["model"] = {{"name", m_plan.model.name},
                     {"architecture", m_plan.model.architecture},
                     {"fingerprint", m_plan.model.fingerprint}};
    json["default"] = choiceAsJson(m_plan.defaultChoice);
    json["rotations"] = Json::parse(m_plan.rotations);
    json["points"] = Json::object();
    for (const auto& [name, scheme] : m_plan.points)
      json["points"][name] = choiceAsJson({std::nullopt, scheme});
    json["kv_cache"] = m_plan.kvCache ? choiceAsJson({std::nullopt, *m_plan.kvCache}) : Json(nullptr);
    json["layers"] = Json::array();
    for (const std::string& name : layerNames()) json["layers"].push_back(layerEntry(name));
    json["totals"] = nullptr;
    json["fused_conflicts"] = Json::array();
    json["unknown_layers"] = Json::array();
    if (!m_model) return json;
    const PlanTotals totals = planTotals(m_plan, *m_model, 0);
    json["totals"] = {{"layers", totals.linears},
                      {"changed", totals.changed},
                      {"locked", totals.locked},
                      {"ignored", m_plan.ignore.size()},
                      {"stored_bytes", jsonNumber(totals.storedBytes)},
                      {"planned_bytes", jsonNumber(totals.plannedBytes)},
                      {"average_bits", jsonNumber(totals.averageBits)}};
    for (const FusedConflict& conflict : fusedConflicts(m_plan, *m_model))
      json["fused_conflicts"].push_back(
          {{"group", conflict.group}, {"members", conflict.members}, {"schemes", conflict.schemes}});
    json["unknown_layers"] = unknownLinears(m_plan, *m_model);
    return json;
  }

  std::string totalsText() const {
    const PlanTotals totals = planTotals(m_plan, *m_model, 0);
    std::string text = "\n" + counted(totals.linears, "layer") + ", " + std::to_string(totals.changed) +
                       " changed, " + std::to_string(totals.locked) + " locked, " +
                       std::to_string(m_plan.ignore.size()) + " ignored; " + bytesText(totals.storedBytes) +
                       " -> " + bytesText(totals.plannedBytes) + ", " + bitsText(totals.averageBits) +
                       " bits per weight\n";
    for (const FusedConflict& conflict : fusedConflicts(m_plan, *m_model))
      text += "Different schemes in one fused matrix: " + printable(conflict.group) + "\n";
    for (const std::string& name : unknownLinears(m_plan, *m_model))
      text += "Not in the model: " + printable(name) + "\n";
    return text;
  }

  /// A list of another version is shown as it stands.
  std::string rotationsText() const {
    if (m_plan.rotations == "[]") return {};
    try {
      return "Rotations: " + rotationText(planRotation(m_plan)) + "\n";
    } catch (const Error&) {
      return "Rotations: " + printable(m_plan.rotations) + "\n";
    }
  }

  /// Residual sums, inputs and caches with a scheme of their own.
  std::string pointsText() const {
    std::string text;
    if (m_plan.kvCache)
      text += "Key and value caches: " + actSchemeText({std::nullopt, *m_plan.kvCache}) + "\n";
    for (const auto& [name, scheme] : m_plan.points)
      text += "Tensor point " + printable(name) + ": " + actSchemeText({std::nullopt, scheme}) + "\n";
    return text;
  }

  std::string text() const {
    TextTable table({{"layer", false}, {"weights", false}, {"activations", false}, {"", false}});
    for (const std::string& name : layerNames()) {
      const Choice choice = m_plan.choiceFor(name);
      std::string marks = m_plan.isIgnored(name) ? "ignored" : m_plan.layers.contains(name) ? "changed" : "";
      if (m_plan.isLocked(name)) marks += marks.empty() ? "locked" : ", locked";
      table.addRow({name, weightSchemeText(choice), actSchemeText(choice), marks});
    }
    const std::string head =
        "Plan for " + printable(m_plan.model.name) + " (" + printable(m_plan.model.architecture) +
        ")\nDefault: " + weightSchemeText(m_plan.defaultChoice) + ", activations " +
        actSchemeText(m_plan.defaultChoice) + "\n" + rotationsText() + pointsText() + "\n";
    return head + table.text() + (m_model ? totalsText() : std::string());
  }

  std::string m_path, m_modelPath;
  bool m_isJson = false;
  QuantizationPlan m_plan;
  std::optional<Model> m_model;
};

}  // namespace

std::unique_ptr<Command> makePlanShowCommand() {
  return std::make_unique<PlanShowCommand>();
}

}  // namespace ql::cli
