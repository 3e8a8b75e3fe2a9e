#pragma once
// Calibrated ranges as they are behind a plan's smoothing: what a static activation scheme then rests on.
#include "core/planned_source.h"
#include "core/smooth/smoothing.h"

#include <map>
#include <string>
#include <vector>

namespace ql {

/// The same statistics with extremes divided by the factors (by smoothing group) of what reads the site; for
/// value caches, by those that the rows of v are divided by. Nothing else changes. `inner` must outlive the
/// result.
PlanStatistics behindSmoothing(PlanStatistics inner, const Model& model, const std::string& configJson,
                               std::map<std::size_t, std::vector<float>> factors);

}  // namespace ql
