#pragma once
// Rows of metrics, printed as a table, as CSV or as JSON: what `stats` and `error` have in common.
#include "app/cli/json_output.h"
#include "app/cli/metrics.h"

#include <string>
#include <utility>
#include <vector>

namespace ql::cli {

/// One row: what it is about, then its metrics (the same keys in every row).
struct FigureRow {
  std::vector<std::pair<std::string, std::string>> labels;  // "layer" -> name, "shape" -> "256 x 512"
  std::vector<Metric> metrics;
};

/// Keeps the metrics named in `keys`, in that order.
std::vector<Metric> pickMetrics(const std::vector<Metric>& metrics, const std::vector<std::string>& keys);

std::string figureTable(const std::vector<FigureRow>& rows);
std::string figureCsv(const std::vector<FigureRow>& rows);

/// "a,b,c" into its parts. Throws Error(Usage) for a key that is not in `known`, listing those that are.
std::vector<std::string> parseMetricKeys(const std::string& text, const std::vector<FieldInfo>& known);

}  // namespace ql::cli
