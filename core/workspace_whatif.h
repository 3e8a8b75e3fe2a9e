#pragma once
// What-ifs quick enough for every step of a slider: figures from a sample of rows, with an interval, that the
// exact ones replace. The rows stay in memory between steps.
#include "core/workspace.h"

namespace ql {

/// The group's figures under request.curve.smoothing at its alpha, as smoothedFigures() would find them: w, a
/// and wa of every reader and of all together from a stratified sample of rows times all sampled tokens;
/// together.interval is the 95 % interval in which the exact wa on this token sample lies. Ready within about
/// two frames on two cores once the rows are in memory (SampledReaders::rowsFor() has the arithmetic); the
/// first call for a group reads its weights two to four times. A stage of that reading is finished even when
/// the job is cancelled meanwhile, or a moving slider would never get one done.
///
/// Exact at once (and the interval that of smoothedFigures()) for groups so small that a sample saves
/// nothing, and for weights whose parts span rows. Throws what smoothedFigures() throws.
SmoothingPoint previewSmoothedFigures(Workspace& workspace, const CurveRequest& request, JobContext& job);

/// Output errors that Workspace::whatIf() last previewed for a linear under a choice, with their intervals
/// (LayerError keeps the figures alone): what to show until outputError() knows the exact ones. From memory.
std::optional<OutputError> previewedOutput(const Workspace& workspace, LinearId id, const Choice& choice);

}  // namespace ql
