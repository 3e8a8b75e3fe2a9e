#pragma once
// The figures of a layer as a flat list of keyed values, made from the field lists of core: what tables, CSV
// and JSON print. Also what several layers have together.
#include "core/base/field_list.h"
#include "core/evaluate/layer_error.h"
#include "core/evaluate/more_metrics.h"
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ql::cli {

/// Nothing = not measured, not defined, or not a finite number.
using MetricValue = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double>;

struct Metric {
  FieldInfo info;
  MetricValue value;
};

std::vector<Metric> metricsOf(const WeightSummary& summary);
std::vector<Metric> metricsOf(const LayerError& error);
std::vector<Metric> metricsOf(const ActivationSummary& summary);
std::vector<Metric> metricsOf(const MoreMetrics& metrics);

/// Keys of FieldList<WeightSummary>, of FieldList<LayerError>, of FieldList<ActivationSummary>.
std::vector<FieldInfo> weightMetricInfos();
std::vector<FieldInfo> errorMetricInfos();
std::vector<FieldInfo> activationMetricInfos();

/// With the unit as people read it (percentages, separators); "-" when there is nothing.
std::string metricText(const Metric& metric);
/// Unrounded; empty when there is nothing.
std::string metricCsv(const Metric& metric);
nlohmann::ordered_json metricJson(const Metric& metric);

/// What several matrices have together. Extremes are extremes, counts are sums, mean and standard deviation
/// are those of all weights; kurtosis, max_over_median and the peak ratios are the largest of the members;
/// shares are weighted by the members' weights. Quantiles, medians and positions are not defined for a group
/// (NaN, -1).
WeightSummary mergeSummaries(std::span<const WeightSummary> members);

/// The largest of the members, figure by figure; a peak channel is not defined for a group (-1).
ActivationSummary mergeActivations(std::span<const ActivationSummary> members);

/// What one matrix adds to a group's errors.
struct MeasuredLayer {
  LayerError figures;                        // without columns
  double errorEnergy = 0, weightEnergy = 0;  // sums over the columns
  double weights = 0, nonZeros = 0;
};
MeasuredLayer measuredLayer(const WeightSummary& summary, const LayerError& error);

/// weight_rel_fro and sqnr_db come from the summed energies, never from averages; dead codes and bits are
/// weighted by weights; the others are the largest of the members.
LayerError mergeErrors(std::span<const MeasuredLayer> members);

}  // namespace ql::cli
