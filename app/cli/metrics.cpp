#include "app/cli/metrics.h"

#include "app/cli/numbers.h"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <optional>
#include <type_traits>

namespace ql::cli {
namespace {

MetricValue valueOf(double value) {
  if (!std::isfinite(value)) return {};
  return value;
}
MetricValue valueOf(const std::optional<double>& value) {
  return value ? valueOf(*value) : MetricValue{};
}
MetricValue valueOf(bool value) {
  return value;
}
MetricValue valueOf(std::uint64_t value) {
  return value;
}
/// The only signed fields are positions, which are -1 where there is none.
MetricValue valueOf(std::int64_t value) {
  if (value < 0) return {};
  return value;
}

template <class T>
std::vector<Metric> listed(const T& object) {
  std::vector<Metric> metrics;
  forEachField(object, [&](const FieldInfo& info, const auto& member) {
    metrics.push_back({info, valueOf(member)});
  });
  return metrics;
}

template <class T>
std::vector<FieldInfo> infos() {
  std::vector<FieldInfo> list;
  for (const Metric& metric : listed(T{})) list.push_back(metric.info);
  return list;
}

std::string doubleText(double value, std::string_view unit) {
  if (unit == "fraction") return percent(value);
  if (unit == "dB") return fixedText(value, 1);
  if (unit == "bits") return bitsText(value);
  return figure(value);
}

}  // namespace

std::vector<Metric> metricsOf(const MoreMetrics& metrics) {
  return listed(metrics);
}

std::vector<Metric> metricsOf(const WeightSummary& summary) {
  return listed(summary);
}
std::vector<Metric> metricsOf(const LayerError& error) {
  return listed(error);
}
std::vector<Metric> metricsOf(const ActivationSummary& summary) {
  return listed(summary);
}
std::vector<FieldInfo> activationMetricInfos() {
  return infos<ActivationSummary>();
}
std::vector<FieldInfo> weightMetricInfos() {
  return infos<WeightSummary>();
}
std::vector<FieldInfo> errorMetricInfos() {
  return infos<LayerError>();
}

std::string metricText(const Metric& metric) {
  return std::visit(
      [&](const auto& value) -> std::string {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          return "-";
        else if constexpr (std::is_same_v<T, bool>)
          return value ? "yes" : "no";
        else if constexpr (std::is_same_v<T, double>)
          return doubleText(value, metric.info.unit);
        else if constexpr (std::is_same_v<T, std::int64_t>)
          return std::to_string(value);
        else
          return thousands(value);
      },
      metric.value);
}

std::string metricCsv(const Metric& metric) {
  return std::visit(
      [](const auto& value) -> std::string {
        using T = std::remove_cvref_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>)
          return "";
        else if constexpr (std::is_same_v<T, bool>)
          return value ? "true" : "false";
        else {
          char text[64];
          const auto result = std::to_chars(text, text + sizeof text, value);
          return std::string(text, result.ptr);
        }
      },
      metric.value);
}

nlohmann::ordered_json metricJson(const Metric& metric) {
  return std::visit(
      [](const auto& value) -> nlohmann::ordered_json {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::monostate>)
          return nullptr;
        else
          return value;
      },
      metric.value);
}

}  // namespace ql::cli
