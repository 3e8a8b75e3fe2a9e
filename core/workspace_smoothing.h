#pragma once
// Smoothing of one group, piece by piece, for what follows a slider: what S is computed from, figures without
// and with smoothing, what folding costs, and entries of a plan. Not for curves (Workspace::smoothingCurve)
// nor for reports over a whole model (Workspace::smoothingReport).
#include "core/smoothing_report.h"
#include "core/workspace.h"

#include <filesystem>
#include <optional>

namespace ql {

/// What S of a group is computed from, and who takes 1/S: groupFactors(input, target, options) costs well
/// under a millisecond, so a slider recomputes S at every step.
struct GroupEvidence {
  SmoothingInput input;
  FoldTarget target;
};

/// Whether and how a group can be folded. Never reads a file.
FoldTarget groupFold(const Workspace& workspace, std::size_t group);

/// Loads the group (its readers stay in memory as of Workspace::setResidentBytes) and hands out a copy of its
/// evidence: 7 floats a channel. Throws what Workspace::smoothedFigures() throws.
GroupEvidence groupEvidence(Workspace& workspace, std::size_t group, JobContext& job);

/// w, a and wa of the group without smoothing, on its token sample. request.curve plays no role.
SmoothingPoint unsmoothedFigures(Workspace& workspace, const CurveRequest& request, JobContext& job);

/// w, a and wa of the group as an entry of a plan smooths it: with S of its file of factors (a relative name
/// counts from `planFolder`) when it names one. Throws Error(Plan) for an entry that cannot be folded.
struct PlannedFigures {
  SmoothingPoint point;
  Evidence evidence;  // n = tokens
};
PlannedFigures plannedFigures(Workspace& workspace, const PlanSmoothing& entry, std::size_t group,
                              const std::filesystem::path& planFolder, const std::vector<Choice>& choices,
                              JobContext& job);

/// What folding S at request.curve.smoothing.alpha costs without quantization, with S as it is and with its
/// powers of two, and the joint error of the latter under request.choices. Needs a group that can be folded:
/// Error(Unsupported) with the reason else.
struct FoldCosts {
  SmoothingResidual plain, powersOfTwo;
  std::optional<double> powersOfTwoError;  // wa of all readers together, a fraction
};
FoldCosts foldCosts(Workspace& workspace, const CurveRequest& request, JobContext& job);

/// The options of an entry, and the entry of a group with these options (without a file of factors).
SmoothingOptions smoothingOptions(const PlanSmoothing& entry);
PlanSmoothing planSmoothing(const Model& model, std::size_t group, const SmoothingOptions& options);

}  // namespace ql
