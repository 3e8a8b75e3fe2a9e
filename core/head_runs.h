#pragma once
// Channels of an attention head cannot change places with those of another: groups of channels that a scheme
// asks for (RPTQ, PEG) are made inside every head where what is rounded is made of heads.
#include "core/model/model.h"
#include "core/plan/plan.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ql {

/// Channels of a head in the input of this linear (an output projection of attention), from config.json; 0
/// where the input is not made of heads, or the file does not say how many.
std::int64_t headWidth(const Model& model, std::string_view configJson, LinearId id);

/// The choice with groups inside heads of `width` channels, where it has groups that move channels and no run
/// of its own (act_groups=4:kmeans:64). Width 0: as it is.
Choice withHeadRuns(Choice choice, std::int64_t width);

/// The same for a plan: output projections, their sites among the points, and key and value caches.
QuantizationPlan withHeadRuns(QuantizationPlan plan, const Model& model, std::string_view configJson);

}  // namespace ql
