#include "core/plan/plan.h"

#include "core/base/atomic_file.h"

namespace ql {

Choice QuantizationPlan::choiceFor(const std::string& linear) const {
  if (ignore.contains(linear)) return {};
  const auto own = layers.find(linear);
  return own != layers.end() ? own->second : defaultChoice;
}

QuantizationPlan newPlan(const Model& model, const std::string& fingerprint, const Choice& defaultChoice) {
  QuantizationPlan plan;
  plan.model = {model.name, model.architecture, fingerprint};
  plan.defaultChoice = defaultChoice;
  for (const Linear& linear : model.linears) {
    if (!linear.isQuantizable) plan.ignore.insert(linear.name);
  }
  return plan;
}

QuantizationPlan loadPlan(const std::filesystem::path& path) {
  return parsePlan(readFile(path, kMaxPlanBytes), path.string());
}

void savePlan(const QuantizationPlan& plan, const std::filesystem::path& path) {
  writeFileAtomically(path, planJson(plan));
}

}  // namespace ql
