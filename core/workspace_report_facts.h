#pragma once
// The tables of facts of a report. Internal to core/workspace_report*.cpp.
#include "core/report/report_data.h"
#include "core/workspace.h"

#include <string>
#include <vector>

namespace ql {

struct ReportOptions;

std::vector<report::Fact> modelFacts(const Workspace& workspace);
/// What the figures rest on: tool, weights, calibration data.
std::vector<report::Fact> evidenceFacts(const Workspace& workspace);
/// Of options.perplexityJson, else of /perplexity in the plan's evidence; nothing when there is none. Throws
/// Error(Format) for JSON that is no output of `qloupe perplexity --json`.
std::optional<report::PerplexityFigures> perplexityFigures(const ReportOptions& options);
/// "2026-11-22", UTC.
std::string todayText();

}  // namespace ql
