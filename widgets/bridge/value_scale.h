#pragma once
// Where a metric's value lies on the shared colour scale, so that overview, tree and plan table colour alike.
#include "widgets/bridge/session.h"

#include <QColor>

#include <utility>

namespace ql {

/// The colour range of the shown metric: the one set by hand, else fitted to the values of the quantizable
/// linears under their plan choices (round ends on a log scale). Nothing measured: {0.003, 1}.
std::pair<double, double> shownRange(Session& session);
/// The fitted range alone, whatever was set by hand: what a colour bar spans.
std::pair<double, double> fittedRange(Session& session);
/// 0..1 on a linear or log scale, clamped; a quantile scale is treated as log here.
double scalePosition(double value, const std::pair<double, double>& range, ValueScale scale);
/// The colour of a value of the shown metric.
QColor valueColor(double value, const std::pair<double, double>& range, ValueScale scale);

}  // namespace ql
