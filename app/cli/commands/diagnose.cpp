// qloupe diagnose: what is wrong and what helps.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/wording.h"
#include "core/workspace_explain.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::size_t kFindingsShown = 5;

Json findingJson(const Finding& finding) {
  Json json;
  json["layer"] = finding.layer;
  json["code"] = finding.code;
  json["values"] = Json::object();
  for (const auto& [key, value] : finding.values) json["values"][key] = findingValueJson(value);
  json["remedies"] = Json::array();
  for (const Remedy& remedy : finding.remedies) {
    Json entry = {{"choice", choiceAsJson(remedy.choice)},
                  {"figure", remedy.figure},
                  {"before", jsonNumber(remedy.before)},
                  {"after", jsonNumber(remedy.after)}};
    if (remedy.smoothing)
      entry["smoothing"] = {{"method", remedy.smoothing->method},
                            {"statistic", remedy.smoothing->statistic},
                            {"alpha", jsonNumber(remedy.smoothing->alpha)}};
    json["remedies"].push_back(std::move(entry));
  }
  json["provenance"] = evidenceJson(finding.evidence);
  return json;
}

/// Breaks a paragraph at spaces into lines of at most 100 characters, each behind three spaces.
std::string paragraph(const std::string& text) {
  constexpr std::size_t kWidth = 97;
  std::string lines, line;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find(' ', begin);
    if (end == std::string::npos) end = text.size();
    if (!line.empty() && line.size() + 1 + end - begin > kWidth) {
      lines += "   " + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + text.substr(begin, end - begin);
    begin = end + 1;
  }
  return line.empty() ? lines : lines + "   " + line + "\n";
}

/// "12 weight_outlier_columns, 1 heavy_tails"
std::string countsText(const std::vector<Finding>& findings) {
  std::map<std::string, std::size_t> counts;
  for (const Finding& finding : findings) ++counts[finding.code];
  std::string text;
  for (const auto& [code, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + code;
  return text;
}

class DiagnoseCommand : public Command {
 public:
  std::string_view words() const override { return "diagnose"; }
  std::string_view sentence() const override { return "What is wrong with the layers, and what helps."; }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    app.add_option("--stats", m_statistics, "Statistics file with earlier results")->type_name("S.h5");
    app.add_option("--scheme", m_scheme, "Scheme under diagnosis")->capture_default_str()->type_name("SPEC");
    app.add_flag(
        "--explain", m_isExplained,
        "A paragraph for every layer: what dominates its error, which channels, what each remedy gives");
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "All findings as JSON (resources/schemas/diagnose.schema.json)");
    app.footer(
        "Exit code 1 when there are findings.\n\nExample:\n  qloupe diagnose path/to/model --scheme w8a8");
  }

  int run() override {
    DiagnosisOptions options;
    options.choice = parseSpec(m_scheme);
    const auto workspace = openModel(m_model, m_statistics);
    std::vector<Finding> findings;
    runJob(m_job, [&](JobContext& job) { findings = workspace->diagnose(options, job); });
    if (m_isJson) {
      Json json = Json::array();
      for (const Finding& finding : findings) {
        json.push_back(findingJson(finding));
        if (m_isExplained) json.back()["explanation"] = explanation(*workspace, finding.layer, options);
      }
      printJson(json);
    } else {
      print(m_isExplained ? explainedText(*workspace, options, findings)
                          : text(*workspace, options.choice, findings));
    }
    return findings.empty() ? kExitOk : kExitFound;
  }

 private:
  static std::string explanation(const Workspace& workspace, const std::string& layer,
                                 const DiagnosisOptions& options) {
    const auto id = workspace.model().find(layer);
    return id ? explainLinear(workspace, *id, options).text() : std::string();
  }

  /// Every layer: those with findings first, worst first, then the others in network order.
  std::string explainedText(const Workspace& workspace, const DiagnosisOptions& options,
                            const std::vector<Finding>& findings) const {
    std::vector<std::string> layers;
    const auto add = [&layers](const std::string& layer) {
      if (std::find(layers.begin(), layers.end(), layer) == layers.end()) layers.push_back(layer);
    };
    for (const Finding& finding : findings) add(finding.layer);
    const std::size_t flagged = layers.size();
    for (const Linear& linear : workspace.model().linears)
      if (linear.isQuantizable) add(linear.name);
    std::string text = printable(workspace.model().name) + " under " + m_scheme + ": " +
                       counted(flagged, "layer") + " of " + std::to_string(layers.size()) +
                       (flagged == 1 ? " has a finding.\n\n" : " have findings.\n\n");
    for (const std::string& layer : layers) {
      const std::string told = explanation(workspace, layer, options);
      text += printable(layer) + "\n" + paragraph(printable(told.empty() ? "Not measured." : told)) + "\n";
    }
    return text;
  }

  std::string text(const Workspace& workspace, const Choice& choice,
                   const std::vector<Finding>& findings) const {
    const std::string name = printable(workspace.model().name);
    if (findings.empty()) return name + ": nothing stands out under " + m_scheme + ".\n";
    const std::string plan = workspace.model().name + ".qlplan.json";
    std::string text = name + " under " + m_scheme + ": " + counted(findings.size(), "finding") + " (" +
                       countsText(findings) + ")\n\n";
    const std::size_t shown = std::min(findings.size(), kFindingsShown);
    for (std::size_t i = 0; i < shown; ++i)
      text += findingText(i + 1, findings[i], choice, workspace.model(), plan);
    if (findings.size() > shown)
      text += std::to_string(findings.size() - shown) + " more; --json lists them all.\n";
    return text + "The commands edit a plan made by: qloupe plan new " + shellQuoted(m_model) + " -o " +
           shellQuoted(plan) + (m_scheme == "w8a8" ? "" : " --scheme " + shellQuoted(m_scheme)) + "\n";
  }

  std::string findingText(std::size_t number, const Finding& finding, const Choice& choice,
                          const Model& model, const std::string& plan) const {
    std::string text =
        std::to_string(number) + ". " + printable(finding.layer) + "\n   " + findingSentence(finding) + "\n";
    if (finding.remedies.empty()) return text + "\n";
    const Remedy& best = recommendedRemedy(finding);
    return text + "   " + remedySentence(best) + "\n   " +
           printable(remedyCommand(best, finding, choice, model, plan, m_model, m_statistics)) + "\n\n";
  }

  std::string m_model, m_statistics, m_scheme = "w8a8";
  bool m_isJson = false, m_isExplained = false;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makeDiagnoseCommand() {
  return std::make_unique<DiagnoseCommand>();
}

}  // namespace ql::cli
