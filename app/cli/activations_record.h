#pragma once
// What the activation statistics at hand rest on, for people and as JSON.
#include "app/cli/json_output.h"

#include <string>

namespace ql {
struct CalibrationRecord;
}

namespace ql::cli {

/// "Activations of 25 sites from text.txt (calibration, 16,384 tokens in windows of 256)" and a line end.
std::string activationsText(const CalibrationRecord& record);
Json activationsJson(const CalibrationRecord& record);

}  // namespace ql::cli
