// qloupe stats: figures of the weights by layer, role or block.
#include "app/cli/channel_rows.h"
#include "app/cli/command.h"
#include "app/cli/figure_rows.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "core/base/error.h"
#include "core/base/shape.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

const std::vector<std::string> kDefaultKeys = {
    "absmax", "std", "kurtosis", "max_over_median", "outliers_6_sigma", "peak_column", "column_peak_ratio"};

/// Layers that make one row.
struct Group {
  std::string label;  // layer name, role or block
  std::vector<LinearId> members;
};

std::vector<Group> groupLayers(const Model& model, const std::vector<LinearId>& ids, const std::string& by) {
  std::vector<Group> groups;
  for (const LinearId id : ids) {
    const Linear& linear = model.linears[id];
    std::string label = linear.name;
    if (by == "role") label = roleName(linear.role);
    if (by == "block") label = linear.block ? std::to_string(*linear.block) : std::string();
    const auto known =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return g.label == label; });
    if (known == groups.end())
      groups.push_back({label, {id}});
    else
      known->members.push_back(id);
  }
  return groups;
}

bool isActivationKey(const std::string& key) {
  return key.rfind("act_", 0) == 0;
}

bool isErrorKey(const std::string& key) {
  if (isActivationKey(key)) return false;
  const auto weights = weightMetricInfos();
  return std::none_of(weights.begin(), weights.end(), [&](const FieldInfo& info) { return info.key == key; });
}

/// column_peak_ratio stands in both lists: the weights' own comes first.
std::vector<FieldInfo> allMetricInfos() {
  std::vector<FieldInfo> infos = weightMetricInfos();
  for (const FieldInfo& info : errorMetricInfos())
    if (isErrorKey(std::string(info.key))) infos.push_back(info);
  for (const FieldInfo& info : activationMetricInfos()) infos.push_back(info);
  return infos;
}

class StatsCommand : public Command {
 public:
  std::string_view words() const override { return "stats"; }
  std::string_view sentence() const override { return "Figures of the weights by layer, role or block."; }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    app.add_option("--by", m_by,
                   "One row a layer, role, block or tensor point (residual sums, K and V cache)")
        ->check(CLI::IsMember({"layer", "role", "block", "point"}))
        ->capture_default_str()
        ->type_name("layer|role|block|point");
    CLI::Option* metric =
        app.add_option("--metric", m_metrics, "Metrics to print, separated by commas; see below")
            ->type_name("M,...");
    app.add_option("--channel", m_channel,
                   "Follow one channel of the residual stream through every matrix that reads or writes it")
        ->check(CLI::NonNegativeNumber)
        ->excludes(metric)
        ->type_name("N");
    app.add_option("--scheme", m_scheme, "Scheme of the error metrics")
        ->capture_default_str()
        ->type_name("SPEC");
    app.add_option("--stats", m_statistics, "Statistics file with earlier results")->type_name("S.h5");
    m_selection.addTo(app);
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/stats.schema.json)")
        ->excludes(csv);
    app.footer(footer());
  }

  int run() override {
    const std::vector<std::string> given = parseMetricKeys(m_metrics, allMetricInfos());
    m_choice = parseSpec(m_scheme);
    m_workspace = openModel(m_model, m_statistics);
    if (m_by == "point") return printPoints(given);
    if (m_channel) return printChannel();
    const std::vector<LinearId> ids = m_selection.resolve(m_workspace->model(), false);
    m_needsErrors = std::any_of(given.begin(), given.end(), isErrorKey);
    measure(ids);
    std::vector<std::string> keys = given;
    if (keys.empty() && (m_isJson || m_isCsv))
      for (const FieldInfo& info : weightMetricInfos()) keys.emplace_back(info.key);
    if (keys.empty()) keys = kDefaultKeys;
    const bool asksActivations = std::any_of(given.begin(), given.end(), isActivationKey);
    if (asksActivations && !m_workspace->calibrationRecord())
      warn(
          "There are no activations of this model; run qloupe analyze --calibration, and give its file with "
          "--stats.");
    printGroups(groupLayers(m_workspace->model(), ids, m_by), keys);
    return kExitOk;
  }

 private:
  /// One row a matrix at the residual stream, those that --layers, --blocks and --roles hit.
  int printChannel() {
    const std::vector<LinearId> ids = m_selection.resolve(m_workspace->model(), false);
    m_needsErrors = m_workspace->weights() != nullptr;
    measure(ids);
    ResidualStream stream;
    runJob(m_job, [&](JobContext& job) {
      stream = residualStream(*m_workspace, m_workspace->newPlan(m_choice), job);
    });
    std::vector<FigureRow> rows;
    Json json = Json::array();
    for (const ChannelRow& row : channelRows(stream, *m_channel)) {
      if (std::find(ids.begin(), ids.end(), row.layer) == ids.end()) continue;
      rows.push_back(figureRow(row, m_workspace->model()));
      if (m_isJson) json.push_back(channelJson(row, stream));
    }
    if (m_isJson)
      printJson(json);
    else if (!rows.empty())
      print(m_isCsv ? figureCsv(rows) : figureTable(rows));
    return kExitOk;
  }

  Json channelJson(const ChannelRow& row, const ResidualStream& stream) const {
    Json json = layerJson(m_workspace->model().linears[row.layer]);
    json["side"] = row.matrix->isColumn ? "input" : "output";
    json["layers"] = row.matrix->members.size();
    json["metrics"] = Json::object();
    for (const Metric& metric : row.metrics)
      json["metrics"][std::string(metric.info.key)] = metricJson(metric);
    json["scheme"] = stream.shareBasis ? Json(specText(m_choice)) : Json(nullptr);
    const auto stats = m_workspace->weightStats(row.layer);
    json["provenance"] = evidenceJson(stats ? stats->evidence : Evidence{});
    return json;
  }

  /// Tensor points have activation metrics only.
  int printPoints(std::vector<std::string> keys) const {
    if (keys.empty())
      for (const FieldInfo& info : activationMetricInfos()) keys.emplace_back(info.key);
    for (const std::string& key : keys)
      if (!isActivationKey(key))
        throw Error(ErrorCode::Usage,
                    "--metric: \"" + key + "\" is a metric of weights; tensor points have act_*.");
    const std::vector<std::string> names = m_workspace->pointNames();
    if (names.empty())
      warn(
          "There are no statistics of tensor points; run qloupe analyze --calibration F --points, and give "
          "its file "
          "with --stats.");
    std::vector<FigureRow> rows;
    Json json = Json::array();
    for (const std::string& name : names) {
      const auto summary = m_workspace->pointSummary(name);
      if (!summary) continue;
      rows.push_back({{{"point", name}}, pickMetrics(metricsOf(*summary), keys)});
      json.push_back(pointJson(name, rows.back()));
    }
    if (m_isJson)
      printJson(json);
    else if (!rows.empty())
      print(m_isCsv ? figureCsv(rows) : figureTable(rows));
    return kExitOk;
  }

  Json pointJson(const std::string& name, const FigureRow& row) const {
    Json json;
    json["point"] = name;
    json["layers"] = 0;
    json["metrics"] = Json::object();
    for (const Metric& metric : row.metrics)
      json["metrics"][std::string(metric.info.key)] = metricJson(metric);
    json["scheme"] = nullptr;
    const auto stats = m_workspace->pointActivations(name);
    json["provenance"] = evidenceJson(stats ? stats->evidence : Evidence{});
    return json;
  }

  static std::string footer() {
    std::string text =
        "A row of several layers holds their extremes, sums and energies: weight_rel_fro and sqnr_db come "
        "from summed\n"
        "energies, shares are weighted by weights, the other ratios and act_* are the largest of the "
        "members, and "
        "what is not\n"
        "defined for a group (quantiles, positions) is left empty.\n\nMetrics:\n";
    for (const FieldInfo& info : allMetricInfos())
      text += "  " + std::string(info.key) + "  " + std::string(info.sentence) + "\n";
    return text + "\nExample:\n  qloupe stats path/to/model --by role --metric absmax,kurtosis";
  }

  void measure(const std::vector<LinearId>& ids) {
    AnalyzeOptions options;
    for (const LinearId id : ids)
      if (!m_workspace->weightSummary(id)) options.linears.push_back(id);
    std::vector<LinearId> errors;
    for (const LinearId id : ids)
      if (m_needsErrors && !m_workspace->errorFigures(id, m_choice)) errors.push_back(id);
    if (options.linears.empty() && errors.empty()) return;
    runJob(m_job, [&](JobContext& job) {
      if (!options.linears.empty()) m_workspace->analyze(options, job);
      std::erase_if(errors, [&](LinearId id) { return m_workspace->errorFigures(id, m_choice).has_value(); });
      if (!errors.empty()) m_workspace->measure(errors, std::span(&m_choice, 1), job);
    });
  }

  WeightSummary summaryOf(LinearId id) const {
    if (const auto summary = m_workspace->weightSummary(id)) return *summary;
    throw Error(ErrorCode::Store, "There are no statistics of " + m_workspace->model().linears[id].name +
                                      " in " + m_model + "; run qloupe analyze on the checkpoint again.");
  }

  /// All metrics of a group; of one layer they are its own.
  std::vector<Metric> metricsOfGroup(const Group& group) const {
    std::vector<WeightSummary> summaries;
    std::vector<MeasuredLayer> layers;
    for (const LinearId id : group.members) {
      summaries.push_back(summaryOf(id));
      if (!m_needsErrors) continue;
      if (const auto error = m_workspace->error(id, m_choice))
        layers.push_back(measuredLayer(summaries.back(), *error));
    }
    const bool isOne = group.members.size() == 1;
    std::vector<Metric> metrics = metricsOf(isOne ? summaries.front() : mergeSummaries(summaries));
    appendActivations(group, metrics);
    if (layers.empty()) return metrics;
    for (const Metric& metric : metricsOf(isOne ? layers.front().figures : mergeErrors(layers)))
      if (isErrorKey(std::string(metric.info.key))) metrics.push_back(metric);
    return metrics;
  }

  void appendActivations(const Group& group, std::vector<Metric>& metrics) const {
    std::vector<ActivationSummary> members;
    for (const LinearId id : group.members)
      if (const auto& site = m_workspace->model().linears[id].site)
        if (const auto summary = m_workspace->activationSummary(*site)) members.push_back(*summary);
    if (!members.empty())
      for (Metric& metric : metricsOf(mergeActivations(members))) metrics.push_back(std::move(metric));
    else
      for (const FieldInfo& info : activationMetricInfos()) metrics.push_back({info, {}});
  }

  /// Read one layer at a time: whole statistics are big.
  Evidence evidenceOfGroup(const Group& group) const {
    Evidence together;
    for (const LinearId id : group.members) {
      const auto stats = m_workspace->weightStats(id);
      if (!stats) continue;
      const std::int64_t n = together.n + stats->evidence.n;
      const bool isSampled = together.kind == Evidence::Kind::Sampled;
      together = stats->evidence;
      together.n = n;
      if (isSampled) together.kind = Evidence::Kind::Sampled;
    }
    if (group.members.size() > 1)
      together.method += ", " + std::to_string(group.members.size()) + " layers together";
    return together;
  }

  FigureRow rowOf(const Group& group, const std::vector<std::string>& keys) const {
    FigureRow row;
    row.labels.emplace_back(m_by, group.label);
    if (m_by == "layer") {
      const Linear& linear = m_workspace->model().linears[group.members.front()];
      row.labels.emplace_back("shape", shapeText({linear.out(), linear.in()}));
    } else {
      row.labels.emplace_back("layers", std::to_string(group.members.size()));
    }
    row.metrics = pickMetrics(metricsOfGroup(group), keys);
    return row;
  }

  Json jsonOf(const Group& group, const std::vector<std::string>& keys) const {
    const Linear& first = m_workspace->model().linears[group.members.front()];
    Json json;
    if (m_by == "layer")
      json = layerJson(first);
    else if (m_by == "role")
      json["role"] = group.label;
    else
      json["block"] = first.block ? Json(*first.block) : Json(nullptr);
    json["layers"] = group.members.size();
    json["metrics"] = Json::object();
    for (const Metric& metric : pickMetrics(metricsOfGroup(group), keys))
      json["metrics"][std::string(metric.info.key)] = metricJson(metric);
    json["scheme"] = m_needsErrors ? Json(specText(m_choice)) : Json(nullptr);
    json["provenance"] = evidenceJson(evidenceOfGroup(group));
    return json;
  }

  void printGroups(const std::vector<Group>& groups, const std::vector<std::string>& keys) const {
    if (m_isJson) {
      Json json = Json::array();
      for (const Group& group : groups) json.push_back(jsonOf(group, keys));
      return printJson(json);
    }
    std::vector<FigureRow> rows;
    for (const Group& group : groups) rows.push_back(rowOf(group, keys));
    print(m_isCsv ? figureCsv(rows) : figureTable(rows));
  }

  std::string m_model, m_statistics, m_metrics, m_by = "layer", m_scheme = "w8a8";
  SelectionOptions m_selection;
  JobOptions m_job;
  bool m_isCsv = false, m_isJson = false, m_needsErrors = false;
  Choice m_choice;
  std::optional<std::int64_t> m_channel;
  std::shared_ptr<Workspace> m_workspace;
};

}  // namespace

std::unique_ptr<Command> makeStatsCommand() {
  return std::make_unique<StatsCommand>();
}

}  // namespace ql::cli
