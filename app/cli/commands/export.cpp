// qloupe export: a plan in the words of the tool that will quantize or serve the model.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/text_table.h"
#include "core/base/error.h"
#include "core/export/exporter.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

/// The text of an option as the type of its default.
OptionValue optionValue(const OptionSpec& spec, const std::string& text) {
  const auto bad = [&](const char* expected) {
    return Error(ErrorCode::Usage, "--option " + spec.key + ": \"" + text + "\" is not " + expected + ".");
  };
  if (std::holds_alternative<std::string>(spec.defaultValue)) return text;
  if (std::holds_alternative<bool>(spec.defaultValue)) {
    if (text != "true" && text != "false") throw bad("true or false");
    return text == "true";
  }
  const char* end = text.data() + text.size();
  if (std::holds_alternative<std::int64_t>(spec.defaultValue)) {
    std::int64_t value = 0;
    const auto result = std::from_chars(text.data(), end, value);
    if (result.ec != std::errc() || result.ptr != end) throw bad("a whole number");
    return value;
  }
  double value = 0;
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) throw bad("a number");
  return value;
}

OptionValues parseOptions(const Exporter& exporter, const std::vector<std::string>& given) {
  OptionValues values;
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    const auto spec = std::find_if(exporter.options.begin(), exporter.options.end(),
                                   [&](const OptionSpec& s) { return s.key == key; });
    if (equals == std::string::npos)
      throw Error(ErrorCode::Usage, "--option \"" + text + "\" needs the form key=value.");
    // completeOptions words the complaint about an unknown key.
    values[key] = spec == exporter.options.end() ? OptionValue(text.substr(equals + 1))
                                                 : optionValue(*spec, text.substr(equals + 1));
  }
  return completeOptions(std::string(exporter.name), exporter.options, values);
}

class ExportCommand : public Command {
 public:
  std::string_view words() const override { return "export"; }
  std::string_view sentence() const override {
    return "Write a plan for the tool that quantizes or serves the model.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_plan, "Plan to export")->type_name("");
    app.add_option("--to", m_target, "Target; --list names them")->type_name("TARGET");
    app.add_option("-o,--output", m_output, "File to write, or folder (ending in / or existing)")
        ->type_name("PATH");
    app.add_option("--model", m_model, "Model of the plan, where the plan does not list its layers")
        ->type_name("MODEL|S.h5");
    app.add_option("--option", m_options, "Option of the target, key=value; may be given several times")
        ->allow_extra_args(false)
        ->type_name("K=V");
    app.add_flag("--leave-out", m_isLeaveOut, "Export although the target cannot express some of it");
    app.add_flag("--list", m_isList, "List the targets");
    app.add_flag("--json", m_isJson,
                 "JSON on standard output (resources/schemas/export.schema.json, export-list.schema.json)");
    app.footer("Example:\n  qloupe export my.qlplan.json --to llm-compressor -o recipe.yaml");
  }

  int run() override {
    if (m_isList) {
      listTargets();
      return kExitOk;
    }
    if (m_plan.empty()) throw missing("PLAN");
    if (m_target.empty()) throw missing("--to TARGET");
    if (m_output.empty()) throw missing("-o PATH");
    const Exporter& exporter = findExporter(m_target);
    const OptionValues options = parseOptions(exporter, m_options);
    const QuantizationPlan plan = loadPlan(m_plan);
    const ExportResult result = exporter.make(plan, modelOfPlan(plan, m_plan, m_model), options);
    for (const std::string& warning : result.loaderWarnings) warn(warning);
    const auto written = writeExport(result, m_output, m_isLeaveOut);
    report(result, written);
    return kExitOk;
  }

 private:
  static Error missing(const std::string& what) {
    return Error(ErrorCode::Usage, what + " is required; see 'qloupe export --help'.");
  }

  void listTargets() const {
    if (!m_isJson) {
      TextTable table({{"target", false}, {"file", false}, {"", false}});
      for (const Exporter* exporter : exporters())
        table.addRow({std::string(exporter->name), std::string(exporter->defaultFile),
                      std::string(exporter->sentence)});
      return print(table.text());
    }
    Json json = Json::array();
    for (const Exporter* exporter : exporters())
      json.push_back(
          {{"name", exporter->name}, {"file", exporter->defaultFile}, {"sentence", exporter->sentence}});
    printJson(json);
  }

  void report(const ExportResult& result, const std::vector<std::filesystem::path>& written) const {
    if (!m_isJson) {
      std::string text;
      for (const auto& path : written) text += printable(path.string()) + "\n";
      for (const NotExpressible& lost : result.notExpressible)
        text += "Left out: " + printable(lost.layer.empty() ? "the plan" : lost.layer) + ": " + lost.feature +
                "; " + lost.instead + "\n";
      return print(text);
    }
    Json json;
    json["target"] = m_target;
    json["files"] = Json::array();
    for (const auto& path : written) json["files"].push_back(path.string());
    json["left_out"] = Json::array();
    for (const NotExpressible& lost : result.notExpressible)
      json["left_out"].push_back({{"layer", lost.layer.empty() ? Json(nullptr) : Json(lost.layer)},
                                  {"feature", lost.feature},
                                  {"instead", lost.instead}});
    json["loader_warnings"] = result.loaderWarnings;
    printJson(json);
  }

  std::string m_plan, m_target, m_output, m_model;
  std::vector<std::string> m_options;
  bool m_isLeaveOut = false, m_isList = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeExportCommand() {
  return std::make_unique<ExportCommand>();
}

}  // namespace ql::cli
