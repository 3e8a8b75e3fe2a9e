#pragma once
// The report as one HTML file: no scripts, nothing loaded from elsewhere, light and dark, made to be printed.
#include "core/report/report_data.h"

#include <string>

namespace ql::report {

/// Rows of the plan's table and findings written out; what is left out is counted.
inline constexpr std::size_t kMaxPlanRows = 600, kMaxFindings = 40;

/// The whole file. The same data give the same bytes. Every text of `data` is plain text and escaped here.
/// Size: about 12 KiB a worst layer, 200 bytes a linear of the first 600, at most 1 MiB for the rest.
std::string reportHtml(const ReportData& data);

/// The style sheet: colours of the window's two themes.
extern const char* const kReportStyle;

}  // namespace ql::report
