#pragma once
// Workspace::verify() with what the plan's methods did otherwise than asked for.
#include "core/layer_fallback.h"
#include "core/workspace.h"

namespace ql {

struct PlanVerification : Verification {
  std::vector<LayerFallback> fallbacks;  // in network order
};

using WindowSink = std::function<void(std::size_t, const WindowScore&, const std::optional<WindowScore>&)>;

/// As Workspace::verify(). Quantized matrices that cost more than rounding are made once, as far as the
/// memory allows; where it does not, a warning of the workspace says so.
PlanVerification verifyPlan(Workspace& workspace, const QuantizationPlan* plan, const VerifyOptions& options,
                            JobContext& job, const WindowSink& sink = {});

}  // namespace ql
