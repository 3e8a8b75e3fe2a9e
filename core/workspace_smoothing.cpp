#include "core/workspace_smoothing.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/version.h"
#include "core/smooth_residual.h"
#include "core/workspace_state.h"

namespace ql {
namespace {

/// Token samples of the readers, as the report takes them.
ReaderSamples readerSamples(const Workspace& workspace, std::size_t group) {
  const Model& model = workspace.model();
  ReaderSamples samples;
  for (const LinearId id : model.smoothingGroups.at(group).consumers) {
    const auto& site = model.linears[id].site;
    auto sample = site ? workspace.activations(*site) : nullptr;
    if (sample && sample->hasSample()) samples[id] = std::move(sample);
  }
  return samples;
}

}  // namespace

FoldTarget groupFold(const Workspace& workspace, std::size_t group) {
  const auto& state = WorkspaceAccess::state(workspace);
  return foldTarget(state.model, group, state.configJson);
}

GroupEvidence groupEvidence(Workspace& workspace, std::size_t group, JobContext& job) {
  const auto resident = WorkspaceAccess::state(workspace).residentGroup(group, job);
  return {resident->input, resident->target};
}

SmoothingPoint unsmoothedFigures(Workspace& workspace, const CurveRequest& request, JobContext& job) {
  auto& state = WorkspaceAccess::state(workspace);
  const CurveRequest complete = state.completeRequest(request);
  const auto group = state.residentGroup(request.group, job);
  job.expect(group->readers.measureUnits(complete.choices, GroupFigures::All));
  SmoothingPoint point;
  point.error = group->readers.measure({}, complete.choices, GroupFigures::All, job);
  return point;
}

PlannedFigures plannedFigures(Workspace& workspace, const PlanSmoothing& entry, std::size_t group,
                              const std::filesystem::path& planFolder, const std::vector<Choice>& choices,
                              JobContext& job) {
  auto& state = WorkspaceAccess::state(workspace);
  CurveRequest request;
  request.group = group;
  request.choices = choices;
  const CurveRequest complete = state.completeRequest(std::move(request));
  const auto resident = state.residentGroup(group, job);
  job.expect(resident->readers.measureUnits(complete.choices, GroupFigures::All));
  PlannedFigures planned;
  if (!entry.scales && resident->target.isFoldable) {
    planned.point =
        measureSmoothingPoint(resident->readers, resident->input, resident->target, complete.choices,
                              canonicalSmoothing(smoothingOptions(entry)), GroupFigures::All, job);
  } else {
    const std::vector<float> s = state.planFactors(entry, group, planFolder, job);
    planned.point.alpha = entry.alpha;
    planned.point.error = resident->readers.measure(s, complete.choices, GroupFigures::All, job);
  }
  planned.evidence.method = "outputs of the token sample with the plan's smoothing folded in";
  planned.evidence.kind = Evidence::Kind::Sampled;
  planned.evidence.level = "activations";
  planned.evidence.n = resident->readers.tokens();
  planned.evidence.tool = std::string(kToolId);
  state.stamp(planned.evidence);
  return planned;
}

FoldCosts foldCosts(Workspace& workspace, const CurveRequest& request, JobContext& job) {
  auto& state = WorkspaceAccess::state(workspace);
  const CurveRequest complete = state.completeRequest(request);
  const auto resident = state.residentGroup(request.group, job);
  GroupSmoothing group;
  group.group = request.group;
  group.producer = state.model.smoothingGroups.at(request.group).producer;
  group.fold = resident->target;
  if (!group.fold.isFoldable) {
    throw Error(ErrorCode::Unsupported, "The smoothing behind " + quotedText(group.producer) +
                                            " cannot be folded into the weights: " + group.fold.reason + ".");
  }
  std::map<std::string, DType> dtypes;
  for (const TensorInfo& tensor : state.tensors) dtypes[tensor.name] = tensor.dtype;
  const ReaderSamples samples = readerSamples(workspace, request.group);
  const auto residual = [&](const SmoothingOptions& options) {
    group.factors = groupFactors(resident->input, resident->target, options);
    return smoothingResidual(state.source, state.model, state.configJson, group, dtypes, samples, job);
  };
  SmoothingOptions options = canonicalSmoothing(request.curve.smoothing);
  options.powersOfTwo = false;
  FoldCosts costs;
  costs.plain = residual(options);
  options.powersOfTwo = true;
  costs.powersOfTwo = residual(options);
  job.expect(resident->readers.measureUnits(complete.choices, GroupFigures::Joint));
  costs.powersOfTwoError =
      resident->readers.measure(group.factors.s, complete.choices, GroupFigures::Joint, job).together.wa;
  return costs;
}

}  // namespace ql
