#pragma once
// The pictures of a report. Each is one inline SVG; sizes are bounded for models of any size.
#include "core/report/report_data.h"

#include <string>

namespace ql::report {

/// Block x role, coloured by error (log) with a legend; a cell of several linears shows its worst. More than
/// 200 blocks share columns, the worst of each shown. Empty without errors.
std::string overviewPicture(const ReportData& data);

/// One dot a linear in network order, error on a log axis, with the target line. Above 1,500 linears a dot is
/// the worst of neighbours. Empty without errors.
std::string errorPicture(const ReportData& data);

/// |W| and |X| by input channel, each sorted from the largest, against the rank; both axes logarithmic. Empty
/// when neither is known.
std::string channelPicture(const WorstLayer& layer);

/// Bars of the error by choice, with the target line; at most 12. Empty without bars.
std::string choicePicture(const WorstLayer& layer, double target);

/// error(alpha) of a group: the curves, their optima, and "no smoothing" as a line.
std::string smoothingCurvePicture(const SmoothingPicture& group, double target);

}  // namespace ql::report
