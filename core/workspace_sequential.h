#pragma once
// Calibration under a plan: block i is measured behind blocks < i that the plan has quantized, with the
// statistics just measured there (GPTQ's sequential order).
#include "core/workspace.h"

#include <filesystem>
#include <functional>

namespace ql {

/// As Workspace::calibrate(), second moments kept; the record says behind which plan, and the statistics are
/// used like any others: applying the same plan with them quantizes every block as this run did. The plan's
/// activation schemes play no role. Continues behind the last finished block when the same call is made again
/// (same text, settings and plan). Throws Error(Plan) for a plan that quantizes no weight, and for smoothing
/// whose factors are in no file, as they would be made of the statistics that are only being measured.
void calibrateSequentially(Workspace& workspace, const CalibrateOptions& options,
                           const QuantizationPlan& plan, const std::filesystem::path& planFolder,
                           JobContext& job, const std::function<void(int block)>& done = {});
/// What calibrateSequentially() would say at once.
void checkSequential(Workspace& workspace, const QuantizationPlan& plan);

}  // namespace ql
