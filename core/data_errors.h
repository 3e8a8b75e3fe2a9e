#pragma once
// Weight errors that rest on activations: true for one calibration only. Internal to core/workspace*.cpp.
#include "core/quant/scheme.h"

#include <string>

namespace ql {

/// True when the method of the choice's weights looks at activations. False for a choice that this version
/// cannot measure: there are no figures of it.
bool restsOnActivations(const Choice& choice);
/// The same of an errorKey().
bool keyRestsOnActivations(const std::string& errorKey);

}  // namespace ql
