// qloupe plan rotate: which rotations a plan folds into the weights.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/output.h"
#include "app/cli/rotation_options.h"
#include "core/base/error.h"
#include "core/plan/plan_rotation.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace ql::cli {
namespace {

class PlanRotateCommand : public Command {
 public:
  std::string_view words() const override { return "plan rotate"; }
  std::string_view sentence() const override {
    return "Set the rotations of a plan: of the residual stream, and of the values of heads.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_path, "Plan to edit")->required()->type_name("");
    m_options.addTo(app);
    app.add_flag("--none", m_isNone, "Take all rotations out of the plan");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-rotate.schema.json)");
    app.footer(
        "Both are folded into the weights, so the model computes what it did before; quantizing then meets\n"
        "fewer outliers. What is not named is taken out of the plan.\n\nExample:\n"
        "  qloupe plan rotate my.qlplan.json --r1 hadamard --r2 hadamard --seed 1");
  }

  int run() override {
    if (m_isNone == !m_options.isEmpty())
      throw Error(ErrorCode::Usage, m_isNone ? "--none takes rotations out; leave --r1 and --r2 away."
                                             : "Nothing to rotate; give --r1, --r2 or --none.");
    const ModelRotation rotation = m_options.rotation();
    QuantizationPlan plan = loadPlan(m_path);
    const std::string before = plan.rotations;
    plan.rotations = rotationsJson(rotation);
    requireRotationAlone(plan);
    if (plan.rotations != before) savePlan(plan, m_path);
    if (m_isJson) {
      Json json;
      json["plan"] = m_path;
      json["changed"] = plan.rotations != before;
      json["rotations"] = Json::parse(plan.rotations);
      printJson(json);
    } else {
      print(rotation.isEmpty() ? "the plan rotates nothing\n"
                               : "the plan rotates: " + rotationText(rotation) + "\n");
    }
    return kExitOk;
  }

 private:
  std::string m_path;
  RotationOptions m_options;
  bool m_isNone = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makePlanRotateCommand() {
  return std::make_unique<PlanRotateCommand>();
}

}  // namespace ql::cli
