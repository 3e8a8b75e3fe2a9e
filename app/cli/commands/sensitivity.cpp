// qloupe sensitivity: what every part of a plan costs the model by itself.
#include "core/workspace_sensitivity.h"

#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_options.h"
#include "app/cli/text_table.h"
#include "core/quant/act_spec.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::int64_t kDefaultTokens = 4096;

Json resultJson(const PerplexityResult& result) {
  return {{"perplexity", jsonNumber(result.perplexity)},
          {"nll", jsonNumber(result.nll)},
          {"standard_error", jsonNumber(result.standardError)}};
}

Json comparedJson(const PerplexityResult& result) {
  Json json = resultJson(result);
  json["kl"] = jsonNumber(result.meanKl);
  json["top_agreement"] = jsonNumber(result.topAgreement);
  return json;
}

std::string plain(double value) {
  const Json json = jsonNumber(value);
  return json.is_null() ? std::string() : json.dump();
}

class SensitivityCommand : public Command {
 public:
  std::string_view words() const override { return "sensitivity"; }
  std::string_view sentence() const override {
    return "What each layer, role or tensor point of a plan costs the model by itself.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    app.add_option("--plan", m_plan, "Plan whose parts are measured")->required()->type_name("P");
    app.add_option("--text", m_text, "UTF-8 text, or token ids (see --ids)")->required()->type_name("F");
    app.add_option("--stats", m_statistics, "Statistics file with calibrated ranges, for static activations")
        ->type_name("S.h5");
    addParts(app);
    m_selection.addTo(app);
    m_options.addTo(app, kDefaultTokens);
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/sensitivity.schema.json)")
        ->excludes(csv);
    app.footer(
        "The model runs once for every part; blocks in front of it run once for all. The largest cost stands "
        "first.\nAlone: nats a token and logit KL that a part adds to the model as it is. Left out: what the "
        "plan gains when\nthe part stays in 16 bit.\n\nExample:\n"
        "  qloupe sensitivity path/to/model --plan my.qlplan.json --text held.txt --by role\n"
        "  qloupe sensitivity path/to/model --plan my.qlplan.json --text held.txt --points --leave-out");
  }

  int run() override {
    const QuantizationPlan plan = loadPlan(m_plan);
    SensitivityOptions options;
    if (!m_pointSpec.empty()) options.pointScheme = parseActSpec(m_pointSpec);
    const auto workspace = openModel(m_model, m_statistics);
    warnIfForeign(plan, *workspace);
    if (!m_selection.isEmpty()) options.linears = m_selection.resolve(workspace->model(), false);
    options.part = m_isPoints ? SensitivityPart::Point : *sensitivityPartFromName(m_by);
    options.mode = m_isLeaveOut ? SensitivityMode::LeaveOut : SensitivityMode::Only;
    options.text.source = m_options.source(m_text);
    options.text.windows = m_options.windows();
    options.text.memoryBytes = m_options.memoryBytes();
    options.text.planFolder = std::filesystem::path(m_plan).parent_path();
    Sensitivity result;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) { result = measureSensitivity(*workspace, plan, options, job); });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    for (const std::string& line : fallbackLines(result.fallbacks)) warn(line);
    sortByCost(result.rows);
    if (m_isJson)
      printJson(json(*workspace, result));
    else
      print(m_isCsv ? csv(result) : text(result));
    return kExitOk;
  }

 private:
  void addParts(CLI::App& app) {
    CLI::Option* by = app.add_option("--by", m_by, "What is measured by itself")
                          ->check(CLI::IsMember({"linear", "fused", "block", "role", "point"}))
                          ->capture_default_str()
                          ->type_name("linear|fused|block|role|point");
    app.add_flag("--points", m_isPoints, "The same as --by point: inputs of layers, residual sums and caches")
        ->excludes(by);
    CLI::Option* only =
        app.add_flag("--only", m_isOnly, "Each part as planned, everything else as stored (the default)");
    app.add_flag("--leave-out", m_isLeaveOut, "Everything as planned, but one part")->excludes(only);
    app.add_option("--point-scheme", m_pointSpec,
                   "With --points: also residual sums and caches without a scheme, under this one, e.g. "
                   "int8:token")
        ->type_name("SPEC");
  }

  /// What is no number is worst.
  static void sortByCost(std::vector<SensitivityRow>& rows) {
    std::stable_sort(rows.begin(), rows.end(), [](const SensitivityRow& a, const SensitivityRow& b) {
      const bool isA = std::isnan(a.klCost), isB = std::isnan(b.klCost);
      return isA || isB ? isA && !isB : a.klCost > b.klCost;
    });
  }

  Json json(const Workspace& workspace, const Sensitivity& result) const {
    Json json;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["plan"] = m_plan;
    json["mode"] = m_isLeaveOut ? "leave_out" : "only";
    json["by"] = m_isPoints ? "point" : m_by;
    json["context"] = result.context;
    json["tokens"] = result.reference.targets;
    json["reference"] = resultJson(result.reference);
    json["whole_plan"] = comparedJson(result.plan);
    json["parts"] = Json::array();
    for (const SensitivityRow& row : result.rows) {
      Json part;
      part["name"] = row.name;
      part["block"] = row.block ? Json(*row.block) : Json(nullptr);
      part["members"] = row.members;
      part["scheme"] = row.scheme;
      part["nll_cost"] = jsonNumber(row.nllCost);
      part["kl_cost"] = jsonNumber(row.klCost);
      part.update(comparedJson(row.result));
      json["parts"].push_back(std::move(part));
    }
    json["fallbacks"] = fallbackLines(result.fallbacks);
    json["provenance"] = evidenceJson(result.evidence);
    return json;
  }

  static std::string csv(const Sensitivity& result) {
    std::string text = csvRecord(
        {"name", "block", "scheme", "nll_cost", "kl_cost", "perplexity", "nll", "kl", "top_agreement"});
    for (const SensitivityRow& row : result.rows)
      text += csvRecord({row.name, row.block ? std::to_string(*row.block) : "", row.scheme,
                         plain(row.nllCost), plain(row.klCost), plain(row.result.perplexity),
                         plain(row.result.nll), plain(row.result.meanKl), plain(row.result.topAgreement)});
    return text;
  }

  std::string text(const Sensitivity& result) const {
    TextTable table({{m_isLeaveOut ? "left out" : "alone"},
                     {"scheme"},
                     {"KL (nats)", true},
                     {"change (nats)", true},
                     {"perplexity", true}});
    for (const SensitivityRow& row : result.rows)
      table.addRow({row.name, row.scheme, figure(row.klCost), figure(row.nllCost),
                    fixedText(row.result.perplexity, 4)});
    return counted(static_cast<std::uint64_t>(result.reference.targets), "token") + ": perplexity as it is " +
           fixedText(result.reference.perplexity, 4) + ", with the plan " +
           fixedText(result.plan.perplexity, 4) + ", logit KL " + figure(result.plan.meanKl) +
           " nats a token\n" + table.text();
  }

  std::string m_model, m_plan, m_text, m_statistics, m_by = "linear", m_pointSpec;
  SelectionOptions m_selection;
  TextOptions m_options;
  JobOptions m_job;
  bool m_isPoints = false, m_isOnly = false, m_isLeaveOut = false, m_isCsv = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeSensitivityCommand() {
  return std::make_unique<SensitivityCommand>();
}

}  // namespace ql::cli
