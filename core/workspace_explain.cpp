#include "core/workspace_explain.h"

#include "core/base/dtype.h"
#include "core/workspace_state.h"

namespace ql {

Explanation explainLinear(const Workspace& workspace, LinearId id, const DiagnosisOptions& options) {
  WorkspaceAccess::State& state = WorkspaceAccess::state(workspace);
  const Linear& linear = state.model.linears.at(id);
  const auto stats = workspace.weightStats(id);
  const auto error = workspace.error(id, options.choice);
  const auto site = linear.site && workspace.activationSummary(*linear.site)
                        ? workspace.activations(*linear.site)
                        : nullptr;
  const std::optional<OutputError> output = workspace.outputError(id, options.choice);
  const std::vector<float> gain = workspace.gain(id);
  std::vector<Finding> findings;
  std::vector<StoredError> candidates;
  std::vector<SmoothedError> smoothed;
  if (options.choice.weight && error) {
    findings = workspace.findings(id, options);
    const bool hasActivations = state.usableActivations(id) != nullptr;
    const std::vector<Choice> choices = diagnosedChoices(options.choice, linear.in(), hasActivations);
    for (std::size_t i = 1; i < choices.size(); ++i)
      if (const auto figures = workspace.errorFigures(id, choices[i]))
        candidates.push_back({choices[i], *figures});
    smoothed = state.smoothedErrors(id, options.choice);
  }
  ExplainInput input;
  input.choice = options.choice;
  input.target = options.target;
  input.stats = stats.get();
  input.error = error.get();
  input.output = output ? &*output : nullptr;
  input.activations = site.get();
  input.gain = gain;
  input.findings = findings;
  input.candidates = candidates;
  input.smoothed = smoothed;
  input.storedBits = dtypeInfo(linear.dtype).bits;
  return explain(input);
}

}  // namespace ql
