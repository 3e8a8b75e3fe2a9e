// qloupe plan diff: what differs between two plans.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/output.h"
#include "app/cli/text_table.h"
#include "core/plan/plan_edit.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace ql::cli {
namespace {

class PlanDiffCommand : public Command {
 public:
  std::string_view words() const override { return "plan diff"; }
  std::string_view sentence() const override {
    return "What differs between two plans; exit code 1 if anything does.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("A", m_before, "Plan before")->required()->type_name("");
    app.add_option("B", m_after, "Plan after")->required()->type_name("");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-diff.schema.json)");
    app.footer("Example:\n  qloupe plan diff before.qlplan.json after.qlplan.json");
  }

  int run() override {
    const std::vector<PlanDifference> differences = diffPlans(loadPlan(m_before), loadPlan(m_after));
    if (m_isJson) {
      Json json = Json::array();
      for (const PlanDifference& difference : differences)
        json.push_back(
            {{"where", difference.where}, {"before", difference.before}, {"after", difference.after}});
      printJson(json);
    } else if (differences.empty()) {
      print("The plans are equal.\n");
    } else {
      TextTable table({{"where", false}, {"before", false}, {"after", false}});
      for (const PlanDifference& difference : differences)
        table.addRow({difference.where, difference.before, difference.after});
      print(table.text());
    }
    return differences.empty() ? kExitOk : kExitFound;
  }

 private:
  std::string m_before, m_after;
  bool m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makePlanDiffCommand() {
  return std::make_unique<PlanDiffCommand>();
}

}  // namespace ql::cli
