#pragma once
// Opening what the user named, and saying what is odd about it.
#include "core/plan/plan.h"
#include "core/workspace.h"

#include <memory>
#include <string>

namespace ql::cli {

/// Opens a folder, weight file or statistics file; `statistics` empty = the cache. Warnings go to standard
/// error.
std::shared_ptr<Workspace> openModel(const std::string& path, const std::string& statistics = {});

/// Warns when the plan was made for another checkpoint or names layers that this model does not have.
void warnIfForeign(const QuantizationPlan& plan, const Workspace& workspace);
/// One line on standard error when the plan smooths groups or rotates and the figures of this command leave
/// that out.
void warnIfSmoothed(const QuantizationPlan& plan);

/// The model a plan is about: opened from `modelPath`, or, when that is empty, the outline that `plan new`
/// left in the plan's evidence. Throws Error(Usage) asking for --model when there is neither.
Model modelOfPlan(const QuantizationPlan& plan, const std::string& planPath, const std::string& modelPath);

}  // namespace ql::cli
