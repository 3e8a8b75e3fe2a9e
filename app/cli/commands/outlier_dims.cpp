// qloupe outlier-dims: activation channels over the threshold of LLM.int8(), layer by layer.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_table.h"
#include "core/workspace_outlier_dims.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::size_t kListedChannels = 6, kListedDims = 8;

Json optionalNumber(const std::optional<double>& value) {
  return value ? jsonNumber(*value) : Json(nullptr);
}

std::string optionalFigure(const std::optional<double>& value) {
  return value ? percent(*value) : "-";
}

std::string channelList(const std::vector<std::int64_t>& channels) {
  std::string text;
  for (std::size_t i = 0; i < std::min(channels.size(), kListedChannels); ++i)
    text += (i == 0 ? "" : " ") + std::to_string(channels[i]);
  return channels.size() > kListedChannels ? text + " ..." : text;
}

class OutlierDimsCommand : public Command {
 public:
  std::string_view words() const override { return "outlier-dims"; }
  std::string_view sentence() const override {
    return "Activation channels that LLM.int8() keeps in 16 bits, and whether blocks share them.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    CLI::Option* statistics = app.add_option("--stats", m_statistics,
                                             "Statistics file with activations (qloupe analyze "
                                             "--calibration)")
                                  ->type_name("S.h5");
    app.add_option("--activations", m_activations,
                   "Take activations from this file instead (.safetensors, imatrix, ...)")
        ->excludes(statistics)
        ->type_name("F");
    app.add_option("--threshold", m_threshold, "|x| from which a channel is an outlier")
        ->check(CLI::PositiveNumber)
        ->capture_default_str()
        ->type_name("T");
    app.add_flag("--errors", m_withErrors,
                 "Also the output error in int8 with and without the decomposition (reads the weights)");
    m_selection.addTo(app);
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/outlier-dims.schema.json)")
        ->excludes(csv);
    app.footer(
        "One row for each distinct input. 16 bit: share of the multiplication that is done in fp16. Int8, "
        "decomposed:\noutput error with the activations in int8 by token, without and with outlier dims in "
        "16 "
        "bits. Overlap: mean\nJaccard index of the channels of two blocks. Emergent: in a quarter of the "
        "blocks and 6 % of the tokens.\n\nExample:\n"
        "  qloupe outlier-dims path/to/model --stats model.h5 --errors\n"
        "  qloupe outlier-dims path/to/model --stats model.h5 --threshold 3 --roles down --json");
  }

  int run() override {
    const auto workspace = openModel(m_model, m_statistics);
    std::vector<LinearId> ids = m_selection.resolve(workspace->model(), true);
    OutlierDims dims;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      dims = outlierDims(*workspace, ids, m_threshold, m_withErrors, job);
    });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    if (dims.missing > 0)
      warn("There are no activations of " + counted(dims.missing, "input") + ", which are not listed.");
    if (m_isJson)
      printJson(json(*workspace, dims));
    else
      print(m_isCsv ? csv(workspace->model(), dims) : text(dims));
    return kExitOk;
  }

 private:
  static Json siteJson(const Model& model, const OutlierSite& site) {
    Json json;
    json["name"] = site.name;
    json["role"] = std::string(roleName(site.role));
    json["block"] = site.block ? Json(*site.block) : Json(nullptr);
    json["width"] = site.width;
    json["channels"] = site.channels;
    json["token_shares"] = Json::array();
    for (const double share : site.tokenShares) json["token_shares"].push_back(jsonNumber(share));
    json["share"] = jsonNumber(site.share());
    json["readers"] = Json::array();
    for (const OutlierReader& reader : site.readers)
      json["readers"].push_back({{"layer", model.linears[reader.id].name},
                                 {"output_rel_a", optionalNumber(reader.a)},
                                 {"output_rel_a_decomposed", optionalNumber(reader.aDecomposed)},
                                 {"output_rel_wa", optionalNumber(reader.wa)},
                                 {"output_rel_wa_decomposed", optionalNumber(reader.waDecomposed)}});
    return json;
  }

  static Json overlapJson(const OutlierDims& dims, const OutlierOverlap& overlap) {
    Json json;
    json["role"] = std::string(roleName(overlap.role));
    json["sites"] = Json::array();
    json["jaccard"] = Json::array();
    const std::size_t n = overlap.sites.size();
    for (std::size_t a = 0; a < n; ++a) {
      json["sites"].push_back(dims.sites[overlap.sites[a]].name);
      Json row = Json::array();
      for (std::size_t b = 0; b < n; ++b) row.push_back(jsonNumber(overlap.jaccard[a * n + b]));
      json["jaccard"].push_back(std::move(row));
    }
    json["mean_jaccard"] = jsonNumber(overlap.meanJaccard);
    json["recurring"] = Json::array();
    for (const RecurringDim& dim : overlap.recurring)
      json["recurring"].push_back({{"channel", dim.channel},
                                   {"sites", dim.sites},
                                   {"site_share", jsonNumber(dim.siteShare)},
                                   {"token_share", jsonNumber(dim.tokenShare)},
                                   {"emergent", dim.isEmergent}});
    return json;
  }

  Json json(const Workspace& workspace, const OutlierDims& dims) const {
    Json json;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["threshold"] = jsonNumber(dims.threshold);
    json["sites"] = Json::array();
    for (const OutlierSite& site : dims.sites) json["sites"].push_back(siteJson(workspace.model(), site));
    json["overlaps"] = Json::array();
    for (const OutlierOverlap& overlap : dims.overlaps)
      json["overlaps"].push_back(overlapJson(dims, overlap));
    return json;
  }

  static std::string csv(const Model& model, const OutlierDims& dims) {
    const auto number = [](const std::optional<double>& value) {
      const Json json = optionalNumber(value);
      return json.is_null() ? std::string() : json.dump();
    };
    std::string text =
        csvRecord({"site", "role", "block", "width", "outlier_channels", "share", "layer", "output_rel_a",
                   "output_rel_a_decomposed", "output_rel_wa", "output_rel_wa_decomposed"});
    for (const OutlierSite& site : dims.sites)
      for (const OutlierReader& reader : site.readers)
        text += csvRecord({site.name, std::string(roleName(site.role)),
                           site.block ? std::to_string(*site.block) : "", std::to_string(site.width),
                           std::to_string(site.channels.size()), number(site.share()),
                           model.linears[reader.id].name, number(reader.a), number(reader.aDecomposed),
                           number(reader.wa), number(reader.waDecomposed)});
    return text;
  }

  std::string text(const OutlierDims& dims) const {
    std::vector<TableColumn> titles{
        {"input of"}, {"width", true}, {"outlier dims", true}, {"16 bit", true}, {"channels"}};
    if (m_withErrors) titles.insert(titles.end(), {{"int8", true}, {"decomposed", true}});
    TextTable table(titles);
    for (const OutlierSite& site : dims.sites) {
      std::vector<std::string> cells{site.name, thousands(site.width),
                                     thousands(static_cast<std::uint64_t>(site.channels.size())),
                                     percent(site.share()), channelList(site.channels)};
      if (m_withErrors) {
        cells.push_back(optionalFigure(site.readers.front().a));
        cells.push_back(optionalFigure(site.readers.front().aDecomposed));
      }
      table.addRow(cells);
    }
    std::string text = table.text();
    for (const OutlierOverlap& overlap : dims.overlaps) text += overlapText(overlap);
    return text;
  }

  static std::string overlapText(const OutlierOverlap& overlap) {
    std::string text = "inputs of " + std::string(roleName(overlap.role)) + ": overlap of two blocks " +
                       percent(overlap.meanJaccard);
    std::string dims;
    std::size_t listed = 0;
    for (const RecurringDim& dim : overlap.recurring) {
      if (listed++ == kListedDims) break;
      dims += (dims.empty() ? "" : ", ") + std::to_string(dim.channel) + " (" + std::to_string(dim.sites) +
              " of " + std::to_string(overlap.sites.size()) + (dim.isEmergent ? ", emergent)" : ")");
    }
    return text + (dims.empty() ? "\n" : "; channels in several: " + dims + "\n");
  }

  std::string m_model, m_statistics, m_activations;
  double m_threshold = kLlmInt8Threshold;
  SelectionOptions m_selection;
  JobOptions m_job;
  bool m_withErrors = false, m_isCsv = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeOutlierDimsCommand() {
  return std::make_unique<OutlierDimsCommand>();
}

}  // namespace ql::cli
