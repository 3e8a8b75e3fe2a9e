// qloupe outliers: how many weights lie far from the mean, by module type and by block, and what the largest
// and the smallest weights are worth.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_table.h"
#include "core/workspace_outliers.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

std::string plain(double value) {
  const Json json = jsonNumber(value);
  return json.is_null() ? std::string() : json.dump();
}

double fraction(std::uint64_t part, std::uint64_t all) {
  return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

/// What the counts are of: a module type, a block, a layer.
struct Row {
  std::string name;
  std::uint64_t layers = 1, weights = 0;
  std::vector<std::uint64_t> counts;
};

class OutliersCommand : public Command {
 public:
  std::string_view words() const override { return "outliers"; }
  std::string_view sentence() const override {
    return "How many weights lie far from the mean, by module type and by block.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    app.add_option("--n", m_request.ns, "Thresholds, times the standard deviation of each matrix")
        ->delimiter(',')
        ->default_str("2,3,4,5,6")
        ->type_name("N,...");
    app.add_option("--rule", m_request.rule, "What n multiplies: the standard deviation, or the variance")
        ->check(CLI::IsMember(outlierRuleNames()))
        ->capture_default_str()
        ->type_name("sigma|variance");
    app.add_option("--prune", m_request.pruneShare,
                   "Also what is lost when this share of the weights, largest or smallest, is set to zero")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str()
        ->type_name("F");
    CLI::Option* statistics =
        app.add_option("--stats", m_statistics, "Statistics file with activations, to weigh what is lost")
            ->type_name("S.h5");
    app.add_option("--activations", m_activations, "Take activations from this file instead")
        ->excludes(statistics)
        ->type_name("F");
    m_selection.addTo(app);
    app.add_option("--by", m_by, "Rows of the table and of --csv")
        ->check(CLI::IsMember({"role", "block", "layer"}))
        ->capture_default_str()
        ->type_name("role|block|layer");
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/outliers.schema.json)")
        ->excludes(csv);
    app.footer(
        "A weight w is an outlier at n when |w - mean| >= n sigma, mean and sigma of its whole matrix "
        "(EasyQuant,\narXiv:2403.02775). Sums over module types and blocks count weights, not "
        "layers.\n\nExample:\n"
        "  qloupe outliers path/to/model --n 2,3,4,5,6 --by block\n"
        "  qloupe outliers path/to/model --stats model.h5 --by layer --prune 0.01");
  }

  int run() override {
    const auto workspace = openModel(m_model, m_statistics);
    m_request.linears = m_selection.resolve(workspace->model(), true);
    OutlierReport report;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      report = outlierReport(*workspace, m_request, job);
    });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    const Model& model = workspace->model();
    if (m_isJson)
      printJson(json(model, report));
    else
      print(table(model, report));
    return kExitOk;
  }

 private:
  Json countsJson(const std::vector<std::uint64_t>& counts, std::uint64_t weights) const {
    Json list = Json::array();
    for (std::size_t i = 0; i < counts.size(); ++i)
      list.push_back({{"n", m_request.ns[i]},
                      {"count", counts[i]},
                      {"fraction", jsonNumber(fraction(counts[i], weights))}});
    return list;
  }

  Json sumsJson(const OutlierSums& sums) const {
    return {{"layers", sums.layers},
            {"weights", sums.weights},
            {"outliers", countsJson(sums.counts, sums.weights)}};
  }

  static Json prunedJson(const PrunedWeights& pruned) {
    return {{"weights", pruned.count},
            {"magnitude", jsonNumber(pruned.magnitude)},
            {"weight_rel", jsonNumber(pruned.weightRel)},
            {"act_weighted_rel", pruned.actWeighted ? jsonNumber(*pruned.actWeighted) : Json(nullptr)}};
  }

  Json layerEntry(const Model& model, const LayerOutliers& layer) const {
    const WeightOutliers& outliers = layer.outliers;
    Json entry = layerJson(model.linears[layer.id]);
    entry["weights"] = outliers.spread.count;
    entry["mean"] = jsonNumber(outliers.spread.mean);
    entry["deviation"] = jsonNumber(std::sqrt(outliers.spread.variance));
    entry["outliers"] = countsJson(outliers.counts, outliers.spread.count);
    for (std::size_t i = 0; i < outliers.bitsApart.size(); ++i)
      entry["outliers"][i]["bits_apart"] = jsonNumber(outliers.bitsApart[i]);
    entry["pruned"] = {{"largest", prunedJson(outliers.largest)},
                       {"smallest", prunedJson(outliers.smallest)}};
    entry["provenance"] = evidenceJson(layer.evidence);
    return entry;
  }

  Json json(const Model& model, const OutlierReport& report) const {
    Json json;
    json["rule"] = m_request.rule;
    json["prune"] = m_request.pruneShare;
    json["total"] = sumsJson(report.total);
    json["roles"] = Json::array();
    for (const auto& [role, sums] : report.roles) {
      json["roles"].push_back({{"role", role}});
      json["roles"].back().update(sumsJson(sums));
    }
    json["blocks"] = Json::array();
    for (const auto& [block, sums] : report.blocks) {
      json["blocks"].push_back({{"block", block}});
      json["blocks"].back().update(sumsJson(sums));
    }
    json["layers"] = Json::array();
    for (const LayerOutliers& layer : report.layers) json["layers"].push_back(layerEntry(model, layer));
    return json;
  }

  std::vector<Row> rows(const Model& model, const OutlierReport& report) const {
    std::vector<Row> rows;
    if (m_by == "role")
      for (const auto& [role, sums] : report.roles)
        rows.push_back({role, sums.layers, sums.weights, sums.counts});
    if (m_by == "block")
      for (const auto& [block, sums] : report.blocks)
        rows.push_back({std::to_string(block), sums.layers, sums.weights, sums.counts});
    if (m_by == "layer")
      for (const LayerOutliers& layer : report.layers)
        rows.push_back({model.linears[layer.id].name, 1, layer.outliers.spread.count, layer.outliers.counts});
    if (m_by != "layer" && !m_isCsv)
      rows.push_back({"all", report.total.layers, report.total.weights, report.total.counts});
    return rows;
  }

  std::string table(const Model& model, const OutlierReport& report) const {
    const bool isByLayer = m_by == "layer";
    std::vector<TableColumn> titles{{m_by == "role" ? "module type" : m_by}};
    std::vector<std::string> header{m_by};
    if (!isByLayer) titles.push_back({"layers", true});
    if (!isByLayer) header.emplace_back("layers");
    titles.push_back({"weights", true});
    header.emplace_back("weights");
    for (const double n : m_request.ns) {
      titles.push_back({figure(n) + (m_request.rule == "sigma" ? " sigma" : " variance"), true});
      header.push_back("fraction_" + plain(n));
    }
    if (isByLayer) titles.insert(titles.end(), {{"without largest", true}, {"without smallest", true}});
    if (isByLayer) header.insert(header.end(), {"largest_weight_rel", "smallest_weight_rel"});
    TextTable table(titles);
    std::string csv = csvRecord(header);
    const std::vector<Row> all = rows(model, report);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Row& row = all[i];
      std::vector<std::string> cells{row.name}, record{row.name};
      if (!isByLayer) cells.push_back(thousands(row.layers));
      if (!isByLayer) record.push_back(std::to_string(row.layers));
      cells.push_back(thousands(row.weights));
      record.push_back(std::to_string(row.weights));
      for (const std::uint64_t count : row.counts) {
        cells.push_back(percent(fraction(count, row.weights)));
        record.push_back(plain(fraction(count, row.weights)));
      }
      if (isByLayer) addPruned(report.layers[i].outliers, cells, record);
      table.addRow(cells);
      csv += csvRecord(record);
    }
    if (m_isCsv) return csv;
    return table.text() + (isByLayer ? "without largest, smallest: relative error with " +
                                           percent(m_request.pruneShare) + " of the weights at zero\n"
                                     : "");
  }

  static void addPruned(const WeightOutliers& outliers, std::vector<std::string>& cells,
                        std::vector<std::string>& record) {
    for (const PrunedWeights* pruned : {&outliers.largest, &outliers.smallest}) {
      const double rel = pruned->actWeighted.value_or(pruned->weightRel);
      cells.push_back(percent(rel));
      record.push_back(plain(pruned->weightRel));
    }
  }

  std::string m_model, m_statistics, m_activations, m_by = "role";
  OutlierRequest m_request;
  SelectionOptions m_selection;
  JobOptions m_job;
  bool m_isCsv = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeOutliersCommand() {
  return std::make_unique<OutliersCommand>();
}

}  // namespace ql::cli
