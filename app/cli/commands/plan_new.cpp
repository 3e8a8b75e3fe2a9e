// qloupe plan new: a plan for a model.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/plan_outline.h"
#include "core/base/error.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>

namespace ql::cli {
namespace {

class PlanNewCommand : public Command {
 public:
  std::string_view words() const override { return "plan new"; }
  std::string_view sentence() const override {
    return "Make a plan for a model: one choice for every layer.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    app.add_option("-o,--output", m_output, "Plan to write (*.qlplan.json)")->required()->type_name("P");
    app.add_option("--scheme", m_scheme, "The default choice")->capture_default_str()->type_name("SPEC");
    app.add_flag("--force", m_isForced, "Replace a plan that exists");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-new.schema.json)");
    app.footer(
        "The plan keeps names, roles and shapes of the layers under evidence.model, so that later commands\n"
        "need no checkpoint.\n\nExample:\n  qloupe plan new path/to/model -o my.qlplan.json --scheme w8a8");
  }

  int run() override {
    const Choice choice = parseSpec(m_scheme);
    std::error_code problem;
    if (!m_isForced && std::filesystem::exists(m_output, problem))
      throw Error(
          ErrorCode::Plan,
          m_output +
              " exists; choose another name, edit it with qloupe plan set, or replace it with --force.");
    const auto workspace = openModel(m_model);
    QuantizationPlan plan = workspace->newPlan(choice);
    addOutline(plan, workspace->model());
    savePlan(plan, m_output);
    report(plan, workspace->model());
    return kExitOk;
  }

 private:
  void report(const QuantizationPlan& plan, const Model& model) const {
    const PlanTotals totals = planTotals(plan, model, 0);
    if (!m_isJson) {
      print(printable(m_output) + ": " + counted(totals.linears - totals.ignored, "layer") + " with " +
            specText(plan.defaultChoice) + ", " + std::to_string(plan.ignore.size()) + " ignored, " +
            bitsText(totals.averageBits) + " bits per weight\n");
      return;
    }
    Json json;
    json["plan"] = m_output;
    json["model"] = plan.model.name;
    json["default"] = choiceAsJson(plan.defaultChoice);
    json["scheme"] = specText(plan.defaultChoice);
    json["layers"] = totals.linears;
    json["ignored"] = plan.ignore;
    json["average_bits"] = jsonNumber(totals.averageBits);
    printJson(json);
  }

  std::string m_model, m_output, m_scheme = "w8a8";
  bool m_isForced = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makePlanNewCommand() {
  return std::make_unique<PlanNewCommand>();
}

}  // namespace ql::cli
