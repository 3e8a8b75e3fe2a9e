#pragma once
// Further measures of a linear under a choice, from what a workspace knows (evaluate/more_metrics.h).
#include "core/evaluate/more_metrics.h"
#include "core/workspace.h"

namespace ql {

/// Measured anew each time; nothing is kept. expect()s what it steps. Throws Error(Unsupported) without
/// weights, and what measureMoreMetrics() throws.
MoreMetrics moreMetrics(Workspace& workspace, LinearId id, const Choice& choice, JobContext& job);

}  // namespace ql
