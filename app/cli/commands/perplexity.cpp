// qloupe perplexity: the model on text, as it is and under a plan.
#include "app/cli/command.h"
#include "app/cli/fallbacks.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/text_options.h"
#include "core/base/error.h"
#include "core/workspace_verify_plan.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

Json resultJson(const PerplexityResult& result) {
  return {{"perplexity", jsonNumber(result.perplexity)},
          {"nll", jsonNumber(result.nll)},
          {"standard_error", jsonNumber(result.standardError)}};
}

Json windowJson(const PerplexityPair& scores, std::size_t index) {
  const WindowScore& score = scores.result.windows[index];
  const double targets = static_cast<double>(score.targets);
  Json json;
  json["tokens"] = score.targets;
  json["nll"] = jsonNumber(score.nll / targets);
  json["reference_nll"] = nullptr;
  json["kl"] = nullptr;
  json["top_agreement"] = nullptr;
  if (!scores.reference) return json;
  json["reference_nll"] = jsonNumber(scores.reference->windows[index].nll / targets);
  json["kl"] = jsonNumber(score.kl / targets);
  json["top_agreement"] = jsonNumber(score.topAgreement / targets);
  return json;
}

class PerplexityCommand : public Command {
 public:
  std::string_view words() const override { return "perplexity"; }
  std::string_view sentence() const override { return "Run the model on text, as it is and under a plan."; }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    app.add_option("--text", m_text, "UTF-8 text, or token ids (see --ids)")->required()->type_name("F");
    app.add_option("--plan", m_plan, "Quantize as this plan says, and compare with the model as it is")
        ->type_name("P");
    app.add_option("--stats", m_statistics,
                   "Statistics file with activations, for static ranges and methods that need them")
        ->type_name("S.h5");
    m_strict.addTo(app);
    app.add_option("--protocol", m_protocol,
                   "full: every token predicted once; llama.cpp: the second half of each chunk")
        ->check(CLI::IsMember({"full", "llama.cpp"}))
        ->capture_default_str()
        ->type_name("full|llama.cpp");
    m_options.addTo(app, 0);
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/perplexity.schema.json)");
    app.footer(
        "Example:\n  qloupe perplexity path/to/model --text held.txt\n"
        "  qloupe perplexity path/to/model --text held.txt --plan model.qlplan.json --json");
  }

  int run() override {
    std::optional<QuantizationPlan> plan;
    if (!m_plan.empty()) plan = loadPlan(m_plan);
    const auto workspace = openModel(m_model, m_statistics);
    if (plan) warnIfForeign(*plan, *workspace);
    VerifyOptions options;
    options.source = m_options.source(m_text);
    options.windows = m_options.windows();
    options.windows.protocol = *windowProtocolFromName(m_protocol);
    options.memoryBytes = m_options.memoryBytes();
    options.planFolder = std::filesystem::path(m_plan).parent_path();
    PlanVerification verification;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) {
      verification = verifyPlan(*workspace, plan ? &*plan : nullptr, options, job);
    });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    if (m_isJson)
      printJson(json(*workspace, verification));
    else
      print(text(*workspace, verification));
    return m_strict.report(verification.fallbacks);
  }

 private:
  Json json(const Workspace& workspace, const PlanVerification& verification) const {
    const PerplexityResult& result = verification.result;
    Json json;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["plan"] = m_plan.empty() ? Json(nullptr) : Json(m_plan);
    json["protocol"] = m_protocol;
    json["context"] = verification.context;
    json["tokens"] = result.targets;
    json.update(resultJson(result));
    json["reference"] = nullptr;
    json["change"] = nullptr;
    json["kl"] = nullptr;
    json["top_agreement"] = nullptr;
    if (verification.reference) {
      json["reference"] = resultJson(*verification.reference);
      json["change"] = jsonNumber(result.perplexity / verification.reference->perplexity - 1);
      json["kl"] = jsonNumber(result.meanKl);
      json["top_agreement"] = jsonNumber(result.topAgreement);
    }
    json["windows"] = Json::array();
    for (std::size_t i = 0; i < result.windows.size(); ++i)
      json["windows"].push_back(windowJson(verification, i));
    json["provenance"] = evidenceJson(verification.evidence);
    json["fallbacks"] = fallbacksJson(verification.fallbacks);
    return json;
  }

  std::string text(const Workspace& workspace, const Verification& verification) const {
    const PerplexityResult& result = verification.result;
    std::string text = printable(workspace.model().name) + " on " + printable(m_text) + ": " +
                       counted(static_cast<std::uint64_t>(result.targets), "token") + " in " +
                       counted(result.windows.size(), "window") + " of " +
                       std::to_string(verification.context) + ", protocol " + m_protocol + "\n";
    const auto line = [](const PerplexityResult& scores) {
      return fixedText(scores.perplexity, 4) + " +/- " + fixedText(scores.standardError, 4);
    };
    if (!verification.reference) return text + "perplexity " + line(result) + "\n";
    const double change = result.perplexity / verification.reference->perplexity - 1;
    return text + "perplexity as it is      " + line(*verification.reference) + "\n" +
           "perplexity with the plan " + line(result) + "  (" + (change >= 0 ? "+" : "") +
           fixedText(100 * change, 2) + " %)\n" + "logit KL " + figure(result.meanKl) +
           " nats a token, same most likely token " + percent(result.topAgreement) + "\n";
  }

  std::string m_model, m_text, m_plan, m_statistics, m_protocol = "full";
  TextOptions m_options;
  JobOptions m_job;
  StrictOption m_strict;
  bool m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makePerplexityCommand() {
  return std::make_unique<PerplexityCommand>();
}

}  // namespace ql::cli
