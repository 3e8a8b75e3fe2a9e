// qloupe compare: two models layer by layer under one scheme: errors, ranks, and how far the weights moved.
#include "app/cli/command.h"
#include "app/cli/figure_rows.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/text_table.h"
#include "app/cli/wording.h"
#include "core/base/shape.h"
#include "core/evaluate/rank_correlation.h"
#include "core/workspace_compare.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

/// Of either model, in the documented order.
const std::vector<std::string> kKeys = {"weight_rel_fro",    "weight_rel_l1",  "sqnr_db",
                                        "norm_weighted_rel", "dead_code",      "dead_code_gaussian",
                                        "column_peak_ratio", "output_rel_w",   "output_rel_a",
                                        "output_rel_wa",     "bits_per_weight"};

double valueOf(const std::optional<LayerError>& error, const std::string& key) {
  if (!error) return std::numeric_limits<double>::quiet_NaN();
  for (const Metric& metric : pickMetrics(metricsOf(*error), {key}))
    if (const double* value = std::get_if<double>(&metric.value)) return *value;
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> valuesOf(const ModelComparison& comparison, const std::string& key, bool ofB) {
  std::vector<double> values;
  for (const LayerPair& pair : comparison.layers)
    values.push_back(valueOf(ofB ? pair.errorB : pair.errorA, key));
  return values;
}

Json figuresJson(const std::optional<LayerError>& error) {
  if (!error) return nullptr;
  Json json = Json::object();
  for (const Metric& metric : pickMetrics(metricsOf(*error), kKeys))
    json[std::string(metric.info.key)] = metricJson(metric);
  json["provenance"] = evidenceJson(error->evidence);
  return json;
}

Json optionalJson(const std::optional<double>& value) {
  return value ? jsonNumber(*value) : Json(nullptr);
}

Json rankJson(std::size_t rank) {
  return rank == 0 ? Json(nullptr) : Json(rank);
}

class CompareCommand : public Command {
 public:
  std::string_view words() const override { return "compare"; }
  std::string_view sentence() const override {
    return "Two models layer by layer: errors under one scheme, ranks, weight difference.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL_A", m_paths[0], "Folder, weight file or statistics file")
        ->required()
        ->type_name("");
    app.add_option("MODEL_B", m_paths[1], "The model to compare with it: a fine-tuned or quantized one")
        ->required()
        ->type_name("");
    app.add_option("--scheme", m_scheme, "Scheme that both are measured under [w8a8]")->type_name("SPEC");
    app.add_option("--stats-a", m_statistics[0], "Statistics file of MODEL_A")->type_name("S.h5");
    app.add_option("--stats-b", m_statistics[1], "Statistics file of MODEL_B")->type_name("S.h5");
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/compare.schema.json)")
        ->excludes(csv);
    app.footer(
        "Layers are matched by name. The weight difference is |B - A| / |A| (Frobenius). Ranks begin with "
        "the "
        "largest error; Kendall's tau-b says how far both models agree on them (1 = the same order).\n\n"
        "Example:\n"
        "  qloupe compare path/to/origin path/to/fine-tuned --scheme w8a8\n"
        "  qloupe compare path/to/model cluster.h5 --scheme w4a16:group=128 --json");
  }

  int run() override {
    const Choice choice = parseSpec(m_scheme);
    if (!choice.weight && !choice.activation)
      throw Error(ErrorCode::Usage, "--scheme \"" + m_scheme +
                                        "\" quantizes nothing, so there is no error to compare; use w8a8 or "
                                        "w4a16:group=128.");
    for (int i = 0; i < 2; ++i) m_models[i] = openModel(m_paths[i], m_statistics[i]);
    runJob(m_job,
           [&](JobContext& job) { m_comparison = compareModels(*m_models[0], *m_models[1], choice, job); });
    rank();
    if (m_isJson) {
      printAsJson();
    } else {
      print(m_isCsv ? csv() : people());
    }
    return kExitOk;
  }

 private:
  /// By the output error where both models have it for every layer, else by the norm-weighted one.
  void rank() {
    m_key = "norm_weighted_rel";
    for (const char* key : {"output_rel_w", "output_rel_wa"}) {
      const auto isKnown = [&](const LayerPair& pair) {
        return std::isfinite(valueOf(pair.errorA, key)) && std::isfinite(valueOf(pair.errorB, key));
      };
      if (std::all_of(m_comparison.layers.begin(), m_comparison.layers.end(), isKnown)) m_key = key;
    }
    for (int i = 0; i < 2; ++i) {
      m_values[i] = valuesOf(m_comparison, m_key, i == 1);
      m_ranks[i] = ranksOf(m_values[i]);
    }
  }

  const Linear& linearOf(const LayerPair& pair, int side) const {
    return m_models[side]->model().linears[side == 0 ? pair.a : pair.b];
  }

  Json modelJson(int side) const {
    const Workspace& workspace = *m_models[side];
    Json json = Json::object();
    json["name"] = workspace.model().name;
    json["path"] = workspace.path().string();
    json["architecture"] = workspace.model().architecture;
    json["fingerprint"] = workspace.fingerprint();
    json["has_weights"] = workspace.weights() != nullptr;
    json["has_activations"] = workspace.calibrationRecord().has_value();
    return json;
  }

  Json pairJson(std::size_t i) const {
    const LayerPair& pair = m_comparison.layers[i];
    const Linear& twin = linearOf(pair, 1);
    Json json = layerJson(linearOf(pair, 0));
    json["shape_b"] = {twin.out(), twin.in()};
    json["weight_difference"] = optionalJson(pair.weightDifference);
    json["rank_a"] = rankJson(m_ranks[0][i]);
    json["rank_b"] = rankJson(m_ranks[1][i]);
    json["a"] = figuresJson(pair.errorA);
    json["b"] = figuresJson(pair.errorB);
    return json;
  }

  void printAsJson() const {
    Json json = Json::object();
    json["scheme"] = specText(m_comparison.choice);
    json["a"] = modelJson(0);
    json["b"] = modelJson(1);
    json["ranked_by"] = m_key;
    json["layers"] = Json::array();
    for (std::size_t i = 0; i < m_comparison.layers.size(); ++i) json["layers"].push_back(pairJson(i));
    json["kendall_tau"] = Json::object();
    for (const std::string& key : kKeys)
      json["kendall_tau"][key] =
          optionalJson(kendallTau(valuesOf(m_comparison, key, false), valuesOf(m_comparison, key, true)));
    json["only_a"] = m_comparison.onlyA;
    json["only_b"] = m_comparison.onlyB;
    printJson(json);
  }

  std::string csv() const {
    std::vector<std::string> header{"layer",  "out_a", "in_a", "out_b", "in_b", "weight_difference",
                                    "rank_a", "rank_b"};
    for (const char* side : {"_a", "_b"})
      for (const std::string& key : kKeys) header.push_back(key + side);
    std::string text = csvRecord(header);
    const auto number = [](std::int64_t n) { return std::to_string(n); };
    const auto rankText = [](std::size_t rank) { return rank == 0 ? std::string() : std::to_string(rank); };
    for (std::size_t i = 0; i < m_comparison.layers.size(); ++i) {
      const LayerPair& pair = m_comparison.layers[i];
      const Linear &a = linearOf(pair, 0), &b = linearOf(pair, 1);
      const Metric difference{
          {}, pair.weightDifference ? MetricValue(*pair.weightDifference) : MetricValue(std::monostate{})};
      std::vector<std::string> fields{
          pair.name,      number(a.out()),       number(a.in()),          number(b.out()),
          number(b.in()), metricCsv(difference), rankText(m_ranks[0][i]), rankText(m_ranks[1][i])};
      for (const std::optional<LayerError>& error : {pair.errorA, pair.errorB}) {
        const auto metrics = pickMetrics(metricsOf(error.value_or(LayerError())), kKeys);
        for (const Metric& metric : metrics) fields.push_back(error ? metricCsv(metric) : std::string());
      }
      text += csvRecord(fields);
    }
    return text;
  }

  std::string table() const {
    TextTable table({{"layer"},
                     {"shape"},
                     {"A", true},
                     {"B", true},
                     {"B / A", true},
                     {"rank A", true},
                     {"rank B", true},
                     {"weights moved", true}});
    const auto rankText = [](std::size_t rank) {
      return rank == 0 ? std::string("-") : std::to_string(rank);
    };
    for (std::size_t i = 0; i < m_comparison.layers.size(); ++i) {
      const LayerPair& pair = m_comparison.layers[i];
      const Linear &a = linearOf(pair, 0), &b = linearOf(pair, 1);
      std::string shape = shapeText({a.out(), a.in()});
      if (!pair.hasSameShape) shape += " / " + shapeText({b.out(), b.in()});
      table.addRow({pair.name, shape, percent(m_values[0][i]), percent(m_values[1][i]),
                    figure(m_values[1][i] / m_values[0][i]), rankText(m_ranks[0][i]), rankText(m_ranks[1][i]),
                    pair.weightDifference ? percent(*pair.weightDifference) : "-"});
    }
    return table.text();
  }

  std::string people() const {
    const auto nameOf = [&](int side) {
      return m_models[side]->model().name + " (" + printable(m_paths[side]) + ")";
    };
    std::string text = "A  " + printable(nameOf(0)) + "\nB  " + printable(nameOf(1)) + "\n";
    text +=
        "Figures: " + figureName(m_key) + " under " + specText(m_comparison.choice) + "\n\n" + table() + "\n";
    const auto tau = kendallTau(m_values[0], m_values[1]);
    text +=
        tau ? "Kendall's tau of the two orders: " + fixedText(*tau, 3) + "\n"
            : std::string("The two orders cannot be compared: too few layers have figures in both models.\n");
    return text + weightSentence() + onlySentences();
  }

  std::string weightSentence() const {
    std::size_t known = 0, same = 0;
    for (const LayerPair& pair : m_comparison.layers) {
      known += pair.weightDifference ? 1 : 0;
      same += pair.weightDifference && *pair.weightDifference == 0 ? 1 : 0;
    }
    if (!m_comparison.hasWeightsA || !m_comparison.hasWeightsB)
      return "The weights cannot be compared: only statistics of " +
             std::string(m_comparison.hasWeightsA   ? "B"
                         : m_comparison.hasWeightsB ? "A"
                                                    : "both models") +
             " are open.\n";
    if (known == 0) return "The weights cannot be compared: no layer has the same shape in both models.\n";
    return "The weights of " + counted(same, "layer") + " of " + std::to_string(known) + " are identical.\n";
  }

  std::string onlySentences() const {
    std::string text;
    const auto add = [&text](const std::vector<std::string>& names, const char* side) {
      if (names.empty()) return;
      text += counted(names.size(), "layer") + " only in " + side + ", the first of them " +
              printable(names.front()) + ".\n";
    };
    add(m_comparison.onlyA, "A");
    add(m_comparison.onlyB, "B");
    return text;
  }

  std::string m_paths[2], m_statistics[2];
  std::string m_scheme = "w8a8";
  JobOptions m_job;
  bool m_isCsv = false, m_isJson = false;
  std::shared_ptr<Workspace> m_models[2];
  ModelComparison m_comparison;
  std::string m_key;
  std::vector<double> m_values[2];
  std::vector<std::size_t> m_ranks[2];
};

}  // namespace

std::unique_ptr<Command> makeCompareCommand() {
  return std::make_unique<CompareCommand>();
}

}  // namespace ql::cli
