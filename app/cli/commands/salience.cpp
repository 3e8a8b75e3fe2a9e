// qloupe salience: which columns and weights matter most, from the Hessian of what goes into a layer.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_table.h"
#include "core/base/error.h"
#include "core/base/shape.h"
#include "core/workspace_salience.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

/// Everything about one layer.
struct LayerSalience {
  LinearId id = 0;
  std::shared_ptr<const SalienceBasis> basis;
  std::shared_ptr<const InverseHessian> inverse;
  std::shared_ptr<const WeightStats> weights;
  SalienceReport report;
  OutlierCounts outliers;
  std::optional<SalienceMask> mask;
};

std::string plain(double value) {
  Json json = jsonNumber(value);
  return json.is_null() ? std::string() : json.dump();
}

Json overlapJson(const std::optional<ChannelOverlap>& overlap) {
  if (!overlap) return nullptr;
  return {{"salient", overlap->left},
          {"other", overlap->right},
          {"both", overlap->both},
          {"jaccard", jsonNumber(overlap->jaccard)}};
}

std::string overlapText(const std::optional<ChannelOverlap>& overlap) {
  return overlap ? thousands(overlap->both) + " of " + thousands(overlap->right) : "-";
}

class SalienceCommand : public Command {
 public:
  std::string_view words() const override { return "salience"; }
  std::string_view sentence() const override {
    return "Which weights matter most, from the Hessian of what goes into a layer.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    CLI::Option* statistics =
        app.add_option("--stats", m_statistics,
                       "Statistics file with activations (qloupe analyze --calibration --keep-moments)")
            ->type_name("S.h5");
    app.add_option("--activations", m_activations,
                   "Take activations from this file instead (.safetensors, imatrix, ...)")
        ->excludes(statistics)
        ->type_name("F");
    m_selection.addTo(app);
    app.add_option("--mode", m_mode, "Definition of salience")
        ->check(CLI::IsMember({"obs", "billm_code", "billm_paper"}))
        ->capture_default_str()
        ->type_name("obs|billm_code|billm_paper");
    app.add_option("--damp", m_damping, "Added to the diagonal of H, as a share of its mean")
        ->capture_default_str()
        ->type_name("D");
    app.add_option("--threshold", m_threshold, "|x| from which a channel is an outlier (LLM.int8)")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->type_name("T");
    app.add_option("--mask", m_mask, "Also the share of weights with the largest salience (0.01 = 1 %)")
        ->check(CLI::Range(0.0, 1.0))
        ->type_name("F");
    app.add_option("--top", m_top, "Columns listed of each layer")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 24))
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--by", m_by, "Rows of the table: one a layer, or one for each listed column")
        ->check(CLI::IsMember({"layer", "channel"}))
        ->capture_default_str()
        ->type_name("layer|channel");
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/salience.schema.json)")
        ->excludes(csv);
    app.footer(
        "obs: w^2 / [H^-1]_jj, with H = 2 M + damping and M = X^T X / T. billm_code: w^2 / U_jj^2, U the "
        "upper\n"
        "Cholesky factor of H^-1. billm_paper: w^2 / [H^-1]_jj^2. Without kept second moments H is made of "
        "the\n"
        "token sample, and the provenance says so.\n\nExample:\n"
        "  qloupe analyze path/to/model -o model.h5 --calibration text.txt --keep-moments\n"
        "  qloupe salience path/to/model --stats model.h5 --blocks 0 --by channel --top 5");
  }

  int run() override {
    const auto workspace = openModel(m_model, m_statistics);
    const std::vector<LinearId> ids = m_selection.resolve(workspace->model(), true);
    std::vector<LayerSalience> layers;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      layers = measure(*workspace, ids, job);
    });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    if (layers.size() < ids.size())
      warn("There are no activations of the inputs of " + counted(ids.size() - layers.size(), "layer") +
           ", which are not listed.");
    warnAboutHessians(layers);
    const Model& model = workspace->model();
    if (m_isJson)
      printJson(json(model, layers));
    else
      print(m_by == "layer" ? layerTable(model, layers) : channelTable(model, layers));
    return kExitOk;
  }

 private:
  /// Linears of one site stand beside each other and share its factorization.
  std::vector<LayerSalience> measure(Workspace& workspace, const std::vector<LinearId>& ids,
                                     JobContext& job) const {
    std::vector<LayerSalience> layers;
    std::shared_ptr<const SalienceBasis> basis;
    std::shared_ptr<const InverseHessian> inverse;
    for (const LinearId id : ids) {
      const auto& site = workspace.model().linears[id].site;
      const bool isKnown = site && workspace.activationSummary(*site);
      if (!isKnown && (id != ids.back() || !layers.empty())) continue;
      if (!basis || !site || basis->site != *site) {
        basis = salienceBasis(workspace, id, job);  // throws for the last one when there was none
        inverse = std::make_shared<const InverseHessian>(salienceInverse(*basis, m_damping, job));
      }
      layers.push_back(measureLayer(workspace, id, basis, inverse, job));
    }
    return layers;
  }

  LayerSalience measureLayer(Workspace& workspace, LinearId id,
                             const std::shared_ptr<const SalienceBasis>& basis,
                             const std::shared_ptr<const InverseHessian>& inverse, JobContext& job) const {
    LayerSalience layer{id, basis, inverse, salienceWeights(workspace, id, job), {}, {}, std::nullopt};
    const SalienceMode mode = salienceModeFromName(m_mode).value_or(SalienceMode::Obs);
    layer.report = salienceReport(*basis, *inverse, *layer.weights, mode, m_threshold);
    layer.outliers = outlierCounts(std::span(&basis->extremes, 1), m_threshold);
    if (m_mask <= 0) return layer;
    const MatrixRef& matrix = workspace.model().linears[id].matrix;
    job.expect(maskUnits(matrix));
    layer.mask = salienceMask(*salienceSource(workspace, layer.report.factors), matrix, m_mask, job);
    return layer;
  }

  void warnAboutHessians(const std::vector<LayerSalience>& layers) const {
    std::size_t sampled = 0, retried = 0;
    for (const LayerSalience& layer : layers) {
      sampled += layer.basis->moment.origin != HessianOrigin::SecondMoment ? 1 : 0;
      retried += layer.inverse->retries > 0 ? 1 : 0;
    }
    if (sampled > 0)
      warn(
          "No second moments are kept for " + counted(sampled, "layer") +
          "; their Hessian is made of less, see the column H. Calibrate with --keep-moments for exact ones.");
    if (retried > 0)
      warn("The Hessian of " + counted(retried, "layer") + " could not be factored with a damping of " +
           figure(m_damping) + "; more was taken, as listed.");
  }

  Json columnsJson(const LayerSalience& layer) const {
    Json columns = Json::array();
    const ColumnSalience& ranked = layer.report.columns;
    for (std::size_t rank = 0; rank < shown(layer); ++rank) {
      const auto channel = static_cast<std::size_t>(ranked.order[rank]);
      Json column;
      column["channel"] = channel;
      column["salience"] = jsonNumber(ranked.sums[channel]);
      column["share"] = jsonNumber(share(ranked, channel));
      column["cumulative"] = jsonNumber(ranked.cumulative[rank]);
      column["weight_absmax"] = jsonNumber(static_cast<double>(layer.weights->columns.absmax[channel]));
      column["act_absmax"] = inputText(layer, channel).empty()
                                 ? Json(nullptr)
                                 : jsonNumber(static_cast<double>(layer.basis->inputAbsmax[channel]));
      columns.push_back(std::move(column));
    }
    return columns;
  }

  Json maskJson(const LayerSalience& layer) const {
    if (!layer.mask) return nullptr;
    return {{"fraction", layer.mask->fraction},
            {"threshold", jsonNumber(static_cast<double>(layer.mask->threshold))},
            {"weights", layer.mask->count},
            {"share", jsonNumber(layer.mask->share)},
            {"columns", layer.mask->columns}};
  }

  Json json(const Model& model, const std::vector<LayerSalience>& layers) const {
    Json all = Json::array();
    for (const LayerSalience& layer : layers) {
      const SiteMoment& moment = layer.basis->moment;
      Json entry = layerJson(model.linears[layer.id]);
      entry["mode"] = m_mode;
      entry["hessian"] = std::string(hessianOriginName(moment.origin));
      entry["tokens"] = moment.tokens;
      entry["damping"] = {{"asked", jsonNumber(layer.inverse->damping)},
                          {"used", jsonNumber(layer.inverse->usedDamping)},
                          {"retries", layer.inverse->retries},
                          {"added", jsonNumber(layer.inverse->added)}};
      entry["condition_number"] = jsonNumber(layer.inverse->conditionNumber);
      entry["effective_rank"] = jsonNumber(moment.effectiveRank);
      entry["dead_channels"] = moment.dead;
      entry["total"] = jsonNumber(layer.report.columns.total);
      entry["top_columns"] = layer.report.columns.topCount;
      entry["concentration"] = jsonNumber(layer.report.columns.concentration);
      entry["overlap"] = {{"weights", overlapJson(layer.report.withWeights)},
                          {"activations", overlapJson(layer.report.withInputs)},
                          {"outliers", overlapJson(layer.report.withOutliers)}};
      entry["outliers"] = {{"threshold", m_threshold},
                           {"channels", layer.outliers.channels},
                           {"all_channels", layer.outliers.allChannels},
                           {"sampled_tokens", layer.outliers.tokens},
                           {"all_sampled_tokens", layer.outliers.allTokens}};
      entry["mask"] = maskJson(layer);
      entry["columns"] = columnsJson(layer);
      entry["provenance"] = evidenceJson(layer.basis->evidence);
      all.push_back(std::move(entry));
    }
    return all;
  }

  std::string layerTable(const Model& model, const std::vector<LayerSalience>& layers) const {
    std::vector<TableColumn> titles{{"layer"},          {"shape"},         {"H"},
                                    {"damping", true},  {"top 1 %", true}, {"condition", true},
                                    {"rank", true},     {"dead", true},    {"also |W|", true},
                                    {"also |X|", true}, {"outliers", true}};
    if (m_mask > 0) titles.push_back({"mask holds", true});
    TextTable table(titles);
    std::string csv = csvRecord({"layer",
                                 "out",
                                 "in",
                                 "mode",
                                 "hessian",
                                 "tokens",
                                 "damping",
                                 "retries",
                                 "concentration",
                                 "top_columns",
                                 "total",
                                 "condition_number",
                                 "effective_rank",
                                 "dead_channels",
                                 "overlap_weights",
                                 "overlap_activations",
                                 "overlap_outliers",
                                 "outlier_channels",
                                 "mask_threshold",
                                 "mask_share"});
    for (const LayerSalience& layer : layers) {
      const Linear& linear = model.linears[layer.id];
      const SiteMoment& moment = layer.basis->moment;
      const ColumnSalience& columns = layer.report.columns;
      std::vector<std::string> cells{linear.name,
                                     shapeText({linear.out(), linear.in()}),
                                     std::string(hessianOriginName(moment.origin)),
                                     figure(layer.inverse->usedDamping),
                                     percent(columns.concentration),
                                     figure(layer.inverse->conditionNumber),
                                     fixedText(moment.effectiveRank, 1),
                                     thousands(static_cast<std::uint64_t>(moment.dead.size())),
                                     overlapText(layer.report.withWeights),
                                     overlapText(layer.report.withInputs),
                                     layer.report.withOutliers ? thousands(layer.outliers.channels) : "-"};
      if (m_mask > 0) cells.push_back(layer.mask ? percent(layer.mask->share) : "-");
      table.addRow(cells);
      const auto both = [](const std::optional<ChannelOverlap>& overlap) {
        return overlap ? std::to_string(overlap->both) : std::string();
      };
      csv += csvRecord({linear.name,
                        std::to_string(linear.out()),
                        std::to_string(linear.in()),
                        m_mode,
                        std::string(hessianOriginName(moment.origin)),
                        std::to_string(moment.tokens),
                        plain(layer.inverse->usedDamping),
                        std::to_string(layer.inverse->retries),
                        plain(columns.concentration),
                        std::to_string(columns.topCount),
                        plain(columns.total),
                        plain(layer.inverse->conditionNumber),
                        plain(moment.effectiveRank),
                        std::to_string(moment.dead.size()),
                        both(layer.report.withWeights),
                        both(layer.report.withInputs),
                        both(layer.report.withOutliers),
                        std::to_string(layer.outliers.channels),
                        layer.mask ? plain(static_cast<double>(layer.mask->threshold)) : "",
                        layer.mask ? plain(layer.mask->share) : ""});
    }
    return m_isCsv ? csv
                   : table.text() +
                         "top 1 %: share of the salience in 1 % of the columns; also |W|, |X|: how many of "
                         "those are among the largest\nby weight and by activation; outliers: channels with "
                         "an |x| of at least " +
                         figure(m_threshold) + "\n";
  }

  std::string channelTable(const Model& model, const std::vector<LayerSalience>& layers) const {
    TextTable table({{"layer"},
                     {"rank", true},
                     {"channel", true},
                     {"salience", true},
                     {"share", true},
                     {"cumulative", true},
                     {"|W| max", true},
                     {"|X| max", true}});
    std::string csv = csvRecord(
        {"layer", "rank", "channel", "salience", "share", "cumulative", "weight_absmax", "act_absmax"});
    for (const LayerSalience& layer : layers)
      for (std::size_t rank = 0; rank < shown(layer); ++rank) {
        const ColumnSalience& ranked = layer.report.columns;
        const auto channel = static_cast<std::size_t>(ranked.order[rank]);
        const double weight = static_cast<double>(layer.weights->columns.absmax[channel]);
        const std::string& name = model.linears[layer.id].name;
        const std::string input = inputText(layer, channel);
        table.addRow({name, std::to_string(rank + 1), std::to_string(channel), figure(ranked.sums[channel]),
                      percent(share(ranked, channel)), percent(ranked.cumulative[rank]), figure(weight),
                      input.empty() ? "-" : figure(static_cast<double>(layer.basis->inputAbsmax[channel]))});
        csv +=
            csvRecord({name, std::to_string(rank + 1), std::to_string(channel), plain(ranked.sums[channel]),
                       plain(share(ranked, channel)), plain(ranked.cumulative[rank]), plain(weight), input});
      }
    return m_isCsv ? csv : table.text();
  }

  std::size_t shown(const LayerSalience& layer) const {
    return std::min(layer.report.columns.order.size(), static_cast<std::size_t>(m_top));
  }
  static double share(const ColumnSalience& columns, std::size_t channel) {
    return columns.total > 0 ? columns.sums[channel] / columns.total : 0;
  }
  /// Empty when nothing is known of |X|.
  static std::string inputText(const LayerSalience& layer, std::size_t channel) {
    const std::vector<float>& absmax = layer.basis->inputAbsmax;
    return channel < absmax.size() ? plain(static_cast<double>(absmax[channel])) : std::string();
  }

  std::string m_model, m_statistics, m_activations, m_mode = "obs", m_by = "layer";
  double m_damping = 0.01, m_threshold = kLlmInt8Threshold, m_mask = 0;
  std::int64_t m_top = 10;
  SelectionOptions m_selection;
  JobOptions m_job;
  bool m_isCsv = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeSalienceCommand() {
  return std::make_unique<SalienceCommand>();
}

}  // namespace ql::cli
