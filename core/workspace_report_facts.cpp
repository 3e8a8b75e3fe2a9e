#include "core/workspace_report_facts.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/report/number_words.h"
#include "core/workspace_report.h"

#include <nlohmann/json.hpp>

#include <ctime>
#include <map>

namespace ql {

namespace {

using Json = nlohmann::json;

/// "BF16 (84 tensors), F32 (3 tensors)"
std::string dtypesText(const Workspace& workspace) {
  std::map<std::string, std::uint64_t> counts;
  for (const TensorInfo& tensor : workspace.tensors()) ++counts[std::string(dtypeInfo(tensor.dtype).name)];
  std::string text;
  for (const auto& [name, count] : counts)
    text += (text.empty() ? "" : ", ") + name + " (" + report::counted(count, "tensor") + ")";
  return text;
}

std::optional<double> numberAt(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

std::string measuredOn(const Json& json) {
  std::string text;
  if (const auto tokens = numberAt(json, "tokens"); tokens && *tokens >= 1 && *tokens < 1e15)
    text = report::counted(static_cast<std::uint64_t>(*tokens), "token");
  if (const auto context = numberAt(json, "context"); context && *context >= 1 && *context < 1e15)
    text += (text.empty() ? "" : " in ") + std::string("windows of ") +
            report::thousands(static_cast<std::uint64_t>(*context));
  if (const auto protocol = json.find("protocol"); protocol != json.end() && protocol->is_string())
    text += (text.empty() ? "" : ", ") + std::string("protocol ") + protocol->get<std::string>();
  return text;
}

report::PerplexityFigures figuresFrom(const Json& json, const std::string& where) {
  const std::optional<double> planned = json.is_object() ? numberAt(json, "perplexity") : std::nullopt;
  if (!planned)
    throw Error(ErrorCode::Format,
                where +
                    " has no number at \"perplexity\"; give the output of `qloupe perplexity "
                    "MODEL --text F --plan P --json`.");
  report::PerplexityFigures figures;
  figures.planned = *planned;
  if (const auto reference = json.find("reference"); reference != json.end() && reference->is_object())
    figures.reference = numberAt(*reference, "perplexity");
  figures.kl = numberAt(json, "kl");
  figures.topAgreement = numberAt(json, "top_agreement");
  figures.text = measuredOn(json);
  return figures;
}

}  // namespace

std::vector<report::Fact> modelFacts(const Workspace& workspace) {
  const Model& model = workspace.model();
  std::size_t quantizable = 0;
  for (const Linear& linear : model.linears) quantizable += linear.isQuantizable ? 1 : 0;
  return {{"Name", model.name},
          {"Architecture", model.architecture + " (" + model.family + ")"},
          {"Blocks", std::to_string(model.blockCount)},
          {"Linears", report::thousands(std::uint64_t{quantizable}) + " that can be quantized, of " +
                          report::thousands(std::uint64_t{model.linears.size()})},
          {"Parameters", report::thousands(model.parameterCount)},
          {"Size", report::bytesText(static_cast<double>(workspace.sizeBytes()))},
          {"Stored as", dtypesText(workspace)},
          {"Fingerprint", workspace.fingerprint()}};
}

std::vector<report::Fact> evidenceFacts(const Workspace& workspace) {
  std::vector<report::Fact> facts{
      {"Tool", std::string(kToolId)},
      {"Weights", workspace.weights() ? "read from the checkpoint" : "from a statistics file alone"}};
  const std::optional<CalibrationRecord> record = workspace.calibrationRecord();
  if (!record) {
    facts.push_back({"Activations", "none: errors are of the weights alone"});
    return facts;
  }
  facts.push_back({"Activations", std::string(activationOriginName(record->origin)) + ", " + record->source});
  facts.push_back({"Tokens", report::thousands(record->tokens) +
                                 (record->context > 0 ? " in windows of " + report::thousands(record->context)
                                                      : std::string()) +
                                 (record->isComplete ? "" : "; not finished")});
  facts.push_back({"Covered", report::counted(std::uint64_t{record->sites}, "site") + " of " +
                                  report::thousands(std::uint64_t{workspace.model().sites.size()})});
  facts.push_back({"Data, SHA-256", record->data});
  return facts;
}

std::optional<report::PerplexityFigures> perplexityFigures(const ReportOptions& options) {
  try {
    if (!options.perplexityJson.empty())
      return figuresFrom(Json::parse(options.perplexityJson), "The perplexity file");
    if (!options.plan) return std::nullopt;
    const Json evidence = Json::parse(options.plan->evidence);
    if (!evidence.is_object() || !evidence.contains("perplexity")) return std::nullopt;
    return figuresFrom(evidence.at("perplexity"), "The plan's evidence");
  } catch (const Json::exception& e) {
    throw Error(
        ErrorCode::Format,
        "The perplexity file is no JSON; give the output of `qloupe perplexity MODEL --text F --json`.");
  }
}

std::string todayText() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

}  // namespace ql
