#pragma once
// What the metrics are called, where they come from and how their values are written: one place for the combo
// box, the tree, the plan table, tooltips and axis labels.
#include "widgets/bridge/session.h"

#include <QString>

namespace ql {

/// Of the weights under a choice, of the weights alone, of the plan alone; on data under a choice, of the
/// activations alone.
enum class MetricSource { Error, Statistics, Plan, Output, Activation };

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
/// The order of menus and boxes, in groups; the first group is what views should show when it can be had.
const std::vector<std::vector<Metric>>& metricGroups();
/// The key that picks the metric in the window: 1 to 9, 0 for the output error; 0 = none.
int metricKey(Metric metric);
std::optional<Metric> metricOfKey(int key);

std::optional<double> errorMetric(const LayerError& error, Metric metric);
double statisticsMetric(const WeightSummary& summary, Metric metric);

/// "90.9 %", "41.3 dB", "499": with the unit, a dash for nothing.
QString metricText(Metric metric, std::optional<double> value);
/// True for metrics that are fractions shown as percentages (they have the target line).
bool isFractionMetric(Metric metric);
/// "exact, all 65,536 weights" or "sampled, 24.4 % +/- 0.6 ...": what a figure rests on.
QString evidenceText(const LayerError& error);
/// The same of one figure that rests on activations; `record` names their source.
QString evidenceText(const Evidence& evidence, const QString& record);
/// "exact, 16,384 tok.", "sample, 256 tok.", "sketch ± 0.6 %": a few words beside the figure.
QString evidenceShort(const Evidence& evidence);

}  // namespace ql
