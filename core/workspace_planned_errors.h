#pragma once
// Errors of linears as a plan leaves them, its smoothing or rotations included. Not for plans without either:
// Workspace::measure() and measureOutputs() keep what they measure.
#include "core/workspace.h"

#include <filesystem>
#include <map>
#include <span>

namespace ql {

/// A linear that the plan's smoothing or rotations change, under the plan's choice.
struct PlannedError {
  LayerError error;  // of W as it is folded: columns times S, a producer's rows divided
  std::optional<OutputError>
      output;  // with token samples; behind smoothing w, a and wa are those of the sample
  bool isRotated = false;
  const PlanSmoothing* smoothing = nullptr;  // of its input; null: it is a producer only
};

/// Those of `linears` that the plan's smoothing or rotations change and whose choice quantizes something. S
/// comes from the plan's file of factors (relative to `planFolder`), else from the activations at hand.
/// Nothing is kept. Throws Error(Plan) for smoothing that fits no group or cannot be folded,
/// Error(Unsupported) for want of weights or of what S is computed from, and for rotations that the model
/// cannot take. Source: as of measureErrors() and smoothedOutputErrors().
std::map<LinearId, PlannedError> plannedErrors(Workspace& workspace, const QuantizationPlan& plan,
                                               const std::filesystem::path& planFolder,
                                               std::span<const LinearId> linears, JobContext& job);

}  // namespace ql
