#pragma once
// What the metrics are called, where they come from and how their values are written: one place for the combo
// box, the tree, the plan table, tooltips and axis labels.
#include "widgets/bridge/session.h"

#include <QString>

namespace ql {

enum class MetricSource {
  Error,
  Statistics,
  Plan
};  // under a choice; of the weights alone; of the plan alone

struct MetricInfo {
  Metric metric;
  QString name;       // "Norm-weighted error"
  QString shortName;  // "Norm-weighted", for column headers
  QString unit;       // "%", "dB", "bits/weight", "" for a ratio
  QString sentence;   // tooltip
  const char* key;    // as on the command line: "norm_weighted_rel"
};

/// In the order of the enumeration.
const std::vector<MetricInfo>& metricInfos();
const MetricInfo& metricInfo(Metric metric);
MetricSource metricSource(Metric metric);

std::optional<double> errorMetric(const LayerError& error, Metric metric);
double statisticsMetric(const WeightSummary& summary, Metric metric);

/// "90.9 %", "41.3 dB", "499": with the unit, a dash for nothing.
QString metricText(Metric metric, std::optional<double> value);
/// True for metrics that are fractions shown as percentages (they have the target line).
bool isFractionMetric(Metric metric);
/// "exact, all 65,536 weights" or "sampled, 24.4 % +/- 0.6 ...": what a figure rests on.
QString evidenceText(const LayerError& error);

}  // namespace ql
