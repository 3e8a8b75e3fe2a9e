#pragma once
// What goes with the rest of a scheme, from the registry of quantizers: for the lists of forms.
#include "core/quant/scheme.h"

#include <string>
#include <vector>

namespace ql {

/// True when the scheme can be measured, given data where it needs some.
bool isMeasurableScheme(const WeightScheme& scheme);
/// The algorithm itself when it takes the number format, else the first that does.
std::string algorithmFor(const std::string& algorithm, const std::string& format);
/// Rounding flavours that go with everything else in the scheme, the usual one first.
std::vector<std::string> flavoursFor(WeightScheme scheme);
/// Clips that the algorithm has for the format, "none" among them.
std::vector<std::string> clipsFor(const WeightScheme& scheme);

}  // namespace ql
