#pragma once
// Explain: the paragraph on one linear from what a workspace knows.
#include "core/evaluate/explain.h"
#include "core/workspace.h"

namespace ql {

/// The linear under options.choice, from what has been measured so far; empty sentences while nothing is.
/// Never reads weights; may read the statistics file: call from jobs. Thread-safe.
Explanation explainLinear(const Workspace& workspace, LinearId id, const DiagnosisOptions& options);

}  // namespace ql
