#include "app/cli/figure_rows.h"

#include "app/cli/text_table.h"
#include "core/base/error.h"

#include <algorithm>
#include <sstream>

namespace ql::cli {

std::vector<Metric> pickMetrics(const std::vector<Metric>& metrics, const std::vector<std::string>& keys) {
  std::vector<Metric> picked;
  for (const std::string& key : keys)
    for (const Metric& metric : metrics)
      if (metric.info.key == key) picked.push_back(metric);
  return picked;
}

std::string figureTable(const std::vector<FigureRow>& rows) {
  if (rows.empty()) return {};
  std::vector<TableColumn> columns;
  for (const auto& [key, value] : rows.front().labels)
    columns.push_back({key, key == "layers" || key == "block"});
  // Units stand in the cells (percent) or in the keys themselves (sqnr_db, bits_per_weight).
  for (const Metric& metric : rows.front().metrics) columns.push_back({std::string(metric.info.key), true});
  TextTable table(std::move(columns));
  for (const FigureRow& row : rows) {
    std::vector<std::string> cells;
    for (const auto& [key, value] : row.labels) cells.push_back(value.empty() ? "-" : value);
    for (const Metric& metric : row.metrics) cells.push_back(metricText(metric));
    table.addRow(std::move(cells));
  }
  return table.text();
}

std::string figureCsv(const std::vector<FigureRow>& rows) {
  if (rows.empty()) return {};
  std::vector<std::string> header;
  for (const auto& [key, value] : rows.front().labels) header.push_back(key);
  for (const Metric& metric : rows.front().metrics) header.emplace_back(metric.info.key);
  std::string text = csvRecord(header);
  for (const FigureRow& row : rows) {
    std::vector<std::string> fields;
    for (const auto& [key, value] : row.labels) fields.push_back(value);
    for (const Metric& metric : row.metrics) fields.push_back(metricCsv(metric));
    text += csvRecord(fields);
  }
  return text;
}

std::vector<std::string> parseMetricKeys(const std::string& text, const std::vector<FieldInfo>& known) {
  std::vector<std::string> keys;
  std::istringstream stream(text);
  for (std::string key; std::getline(stream, key, ',');) {
    const bool isKnown =
        std::any_of(known.begin(), known.end(), [&](const FieldInfo& info) { return info.key == key; });
    if (!isKnown) {
      std::string all;
      for (const FieldInfo& info : known) all += (all.empty() ? "" : ", ") + std::string(info.key);
      throw Error(ErrorCode::Usage, "--metric: \"" + key + "\" is not a metric; there are " + all + ".");
    }
    keys.push_back(key);
  }
  return keys;
}

}  // namespace ql::cli
