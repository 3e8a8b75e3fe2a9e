#pragma once
// `qloupe report` and Report...: what is known of a model and a plan, as one HTML file.
#include "core/jobs/job_context.h"
#include "core/plan/plan.h"
#include "core/report/report_data.h"

#include <filesystem>
#include <optional>
#include <string>

namespace ql {

class Workspace;

inline constexpr std::size_t kMaxWorstLayers = 100;

struct ReportOptions {
  std::optional<QuantizationPlan> plan;  // nothing: `defaultChoice` for every layer
  Choice defaultChoice;
  std::string planPath;        // of the plan, for its name and the commands; may be empty
  std::string modelPath;       // as commands should spell it; empty = the workspace's path
  std::string statisticsPath;  // the same for --stats; empty = none
  double target = 0.02;
  std::size_t worst = 10;      // layers looked at closely, 1..kMaxWorstLayers
  std::string date;            // shown as it is; empty = today, UTC
  std::string perplexityJson;  // what `qloupe perplexity --json` printed; empty = from the plan's evidence
};

/// Measures what is missing (weights; output errors where activations are at hand) as diagnose() does, and
/// the readers of groups that the plan smooths. With a statistics file alone only what it holds; the notes
/// say what is missing. Throws Error(Usage) for options out of range, and what diagnose() throws.
report::ReportData collectReport(Workspace& workspace, const ReportOptions& options, JobContext& job);

/// collectReport() as HTML, written atomically. An unusable path is refused before anything is measured.
/// Throws Error(Io).
void writeReport(Workspace& workspace, const ReportOptions& options, const std::filesystem::path& path,
                 JobContext& job);

}  // namespace ql
