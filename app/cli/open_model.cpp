#include "app/cli/open_model.h"

#include "app/cli/output.h"
#include "app/cli/plan_outline.h"
#include "core/base/error.h"

#include <optional>
#include <vector>

namespace ql::cli {

std::shared_ptr<Workspace> openModel(const std::string& path, const std::string& statistics) {
  std::optional<std::filesystem::path> file;
  if (!statistics.empty()) file = statistics;
  std::shared_ptr<Workspace> workspace = Workspace::open(path, file);
  for (const std::string& warning : workspace->warnings()) warn(warning);
  return workspace;
}

void warnIfSmoothed(const QuantizationPlan& plan) {
  if (plan.rotations != "[]")
    warn(
        "The plan rotates weights; these figures are of the layers without rotations. 'qloupe rotate' shows "
        "them "
        "with rotations, and 'qloupe apply --as rotated' writes a checkpoint that has them.");
  if (plan.smoothing.empty()) return;
  const std::size_t count = plan.smoothing.size();
  warn("The plan smooths " + std::to_string(count) + (count == 1 ? " group" : " groups") +
       "; these figures are of the layers without smoothing. 'qloupe smooth' shows them with it, and 'qloupe "
       "apply --as smoothed' writes a checkpoint that has it.");
}

void warnIfForeign(const QuantizationPlan& plan, const Workspace& workspace) {
  if (!plan.model.fingerprint.empty() && plan.model.fingerprint != workspace.fingerprint())
    warn("The plan was made for another checkpoint (" + plan.model.name + "), not for " +
         workspace.path().string() + "; check that it fits.");
  const std::vector<std::string> unknown = unknownLinears(plan, workspace.model());
  if (!unknown.empty())
    warn("The plan names " + std::to_string(unknown.size()) + " layers that the model does not have, " +
         unknown.front() + " for one.");
}

Model modelOfPlan(const QuantizationPlan& plan, const std::string& planPath, const std::string& modelPath) {
  if (!modelPath.empty()) {
    const std::shared_ptr<Workspace> workspace = openModel(modelPath);
    warnIfForeign(plan, *workspace);
    return workspace->model();
  }
  if (std::optional<Model> model = outlineFromPlan(plan, planPath)) return *std::move(model);
  throw Error(ErrorCode::Usage, planPath + " does not list the layers of its model" +
                                    (plan.model.name.empty() ? "" : " (" + plan.model.name + ")") +
                                    "; name the model with --model MODEL.");
}

}  // namespace ql::cli
