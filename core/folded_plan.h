#pragma once
// What a plan folds into the weights before anything is quantized: smoothing, or rotations; and what its
// methods and static schemes then see. Internal to core/workspace*.cpp.
#include "core/planned_inputs.h"
#include "core/planned_source.h"
#include "core/rotated_model.h"
#include "core/smooth/smoothing.h"
#include "core/workspace_state.h"

#include <filesystem>
#include <memory>
#include <string>

namespace ql {

struct FoldedPlan {
  std::shared_ptr<const WeightSource> source;      // as folded; the model's own when nothing is
  std::shared_ptr<const SmoothedSource> smoothed;  // null: no smoothing
  std::shared_ptr<const RotatedModel> rotated;     // null: no rotation
  SmoothingFactorsByGroup factors;
  QuantizationPlan plan;  // what is left to do to model(): without rotations, with the choice of a new head
  PlannedInputs inputs;   // for PlannedSource
  PlanStatistics statistics;  // for PlanHook

  const Model& model(const WorkspaceAccess::State& state) const {
    return rotated ? rotated->model() : state.model;
  }
  const std::string& configJson(const WorkspaceAccess::State& state) const {
    return rotated ? rotated->configJson() : state.configJson;
  }
  std::unique_ptr<ForwardModel> forwardModel(const WorkspaceAccess::State& state,
                                             std::shared_ptr<const WeightSource> weights) const {
    return ForwardModel::make(model(state), configJson(state), std::move(weights));
  }
};

struct FoldOptions {
  std::filesystem::path planFolder;  // where relative names in the plan count from
  bool powersOfTwo = false;          // rounds every factor first
};

/// Folds on `job`; statistics are rotated on `later` when they are asked for. `state` and `later` must
/// outlive the result. Throws Error(Plan) for a plan that rotates and smooths, and what smoothing or rotating
/// throws.
FoldedPlan foldPlan(WorkspaceAccess::State& state, const QuantizationPlan& plan, const FoldOptions& options,
                    JobContext& job, JobContext& later);

}  // namespace ql
