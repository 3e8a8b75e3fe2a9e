#pragma once
// The MLP of a block or of one expert: gated, fused gated, or two matrices. Internal to calib/.
#include "core/calib/forward_linear.h"
#include "core/calib/forward_parts.h"

#include <cstdint>
#include <span>

namespace ql {

/// y [rows.count(), hidden] = mlp(x). `y` may be `x`. Announces the site of x unless `isAnnounced`, and the
/// site of the last matrix.
void runMlp(const MlpParts& mlp, ActivationKind activation, const TokenRows& rows, std::span<const float> x,
            std::span<float> y, bool isAnnounced, LinearRunner& linears);

/// Floats of temporaries a token.
std::uint64_t mlpFloats(const MlpParts& mlp);

}  // namespace ql
