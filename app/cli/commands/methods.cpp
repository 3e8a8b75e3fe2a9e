// qloupe methods: everything this version knows, from the registries.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/output.h"
#include "app/cli/text_table.h"
#include "core/calib/activation_import.h"
#include "core/calib/forward.h"
#include "core/export/exporter.h"
#include "core/io/format_registry.h"
#include "core/model/architecture.h"
#include "core/quant/quantizer.h"
#include "core/smooth/rotation.h"
#include "core/smooth/smoothing.h"
#include "core/workspace_methods.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace ql::cli {
namespace {

Json specsJson(const std::vector<OptionSpec>& specs) {
  Json list = Json::array();
  for (const OptionSpec& spec : specs)
    list.push_back({{"key", spec.key},
                    {"default", optionJson(spec.defaultValue)},
                    {"minimum", spec.minimum ? Json(*spec.minimum) : Json(nullptr)},
                    {"maximum", spec.maximum ? Json(*spec.maximum) : Json(nullptr)},
                    {"choices", spec.choices},
                    {"unit", spec.unit},
                    {"sentence", spec.sentence}});
  return list;
}

Json formatsJson() {
  Json list = Json::array();
  for (const NumberFormatInfo& format : numberFormats())
    list.push_back({{"name", format.name},
                    {"bits", format.bits},
                    {"measurable", isMeasurableFormat(format.name)},
                    {"sentence", format.sentence}});
  return list;
}

Json algorithmsJson() {
  Json list = Json::array();
  for (const Quantizer* quantizer : quantizers())
    list.push_back({{"name", quantizer->name},
                    {"sentence", quantizer->sentence},
                    {"source", quantizer->source},
                    {"formats", quantizer->formats},
                    {"flavours", quantizer->flavours},
                    {"clips", quantizer->clips},
                    {"options", specsJson(quantizer->options)}});
  return list;
}

Json decidersJson() {
  Json list = Json::array();
  for (const AutoMethod method : autoMethods())
    list.push_back({{"name", autoMethodName(method)},
                    {"sentence", autoMethodSentence(method)},
                    {"source", autoMethodSource(method)}});
  return list;
}

Json smoothingJson() {
  Json list = Json::array();
  for (const SmoothingMethod* method : smoothingMethods())
    list.push_back({{"name", method->name},
                    {"sentence", method->sentence},
                    {"source", method->source},
                    {"statistics", method->statistics},
                    {"options", specsJson(method->options)}});
  return list;
}

Json rotationsJson() {
  Json list = Json::array();
  for (const RotationMethod* method : rotationMethods())
    list.push_back({{"name", method->name}, {"sentence", method->sentence}, {"source", method->source}});
  return list;
}

Json methodsJson() {
  Json json;
  json["formats"] = formatsJson();
  json["algorithms"] = algorithmsJson();
  json["deciders"] = decidersJson();
  json["smoothing"] = smoothingJson();
  json["rotations"] = rotationsJson();
  json["targets"] = Json::array();
  for (const Exporter* target : exporters())
    json["targets"].push_back({{"name", target->name},
                               {"sentence", target->sentence},
                               {"default_file", target->defaultFile},
                               {"options", specsJson(target->options)}});
  json["checkpoints"] = Json::array();
  for (const CheckpointFormat& format : checkpointFormats())
    json["checkpoints"].push_back({{"name", format.name}, {"sentence", format.sentence}});
  json["architectures"] = Json::array();
  for (const ArchitectureTable* table : architectures())
    json["architectures"].push_back({{"family", table->family}, {"classes", table->architectures}});
  json["forward_families"] = forwardFamilies();
  json["activation_files"] = activationImportSentences();
  return json;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "-" : text;
}

std::string optionsText(const std::vector<OptionSpec>& specs) {
  std::string text;
  for (const OptionSpec& spec : specs)
    text += "    " + spec.key + " = " + optionText(spec.defaultValue) +
            (spec.unit.empty() ? "" : " " + spec.unit) + "  " + spec.sentence + "\n";
  return text;
}

std::string algorithmsText() {
  std::string text;
  for (const Quantizer* quantizer : quantizers())
    text += "  " + std::string(quantizer->name) + "  " + std::string(quantizer->sentence) + "\n    formats " +
            joined(quantizer->formats) + "; flavours " + joined(quantizer->flavours) + "; clips " +
            joined(quantizer->clips) + "\n    source: " + std::string(quantizer->source) + "\n" +
            optionsText(quantizer->options);
  return text;
}

std::string decidersText() {
  std::string text;
  for (const AutoMethod method : autoMethods())
    text += "  " + std::string(autoMethodName(method)) + "  " + std::string(autoMethodSentence(method)) +
            "\n    source: " + std::string(autoMethodSource(method)) + "\n";
  return text;
}

std::string smoothingText() {
  std::string text;
  for (const SmoothingMethod* method : smoothingMethods())
    text += "  " + std::string(method->name) + "  " + std::string(method->sentence) + "\n    statistics " +
            joined(method->statistics) + "\n    source: " + std::string(method->source) + "\n" +
            optionsText(method->options);
  return text;
}

std::string rotationsText() {
  std::string text;
  for (const RotationMethod* method : rotationMethods())
    text += "  " + std::string(method->name) + "  " + std::string(method->sentence) +
            "\n    source: " + std::string(method->source) + "\n";
  return text;
}

/// What can be opened and run.
std::string inputsText() {
  std::string text = "\nCheckpoint formats\n";
  for (const CheckpointFormat& format : checkpointFormats())
    text += "  " + std::string(format.name) + "  " + std::string(format.sentence) + "\n";
  text += "\nArchitectures\n ";
  for (const ArchitectureTable* table : architectures()) text += " " + std::string(table->family);
  text +=
      "; others open too, with blocks guessed from the names\n\nForward pass (calibration, perplexity)\n ";
  for (const std::string_view family : forwardFamilies()) text += " " + std::string(family);
  text += "\n\nActivation files (--activations)\n";
  for (const std::string_view sentence : activationImportSentences())
    text += "  " + std::string(sentence) + "\n";
  return text;
}

std::string methodsText() {
  TextTable formats({{"format", false}, {"bits", true}, {"measurable", false}, {"", false}});
  for (const NumberFormatInfo& format : numberFormats())
    formats.addRow({std::string(format.name), figure(format.bits),
                    isMeasurableFormat(format.name) ? "yes" : "plan only", std::string(format.sentence)});
  std::string text = formats.text() + "\nAlgorithms\n" + algorithmsText() +
                     "\nDecisions for many layers (plan auto --method)\n" + decidersText() + "\nSmoothing\n" +
                     smoothingText() + "\nRotations (plan rotate)\n" + rotationsText() + "\nExport targets\n";
  for (const Exporter* target : exporters())
    text += "  " + std::string(target->name) + "  " + std::string(target->sentence) + "\n" +
            optionsText(target->options);
  return text + inputsText();
}

class MethodsCommand : public Command {
 public:
  std::string_view words() const override { return "methods"; }
  std::string_view sentence() const override {
    return "Every format, algorithm, deciding and smoothing method, rotation, export target, family and file "
           "kind.";
  }

  void setUp(CLI::App& app) override {
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/methods.schema.json)");
    app.footer("Example:\n  qloupe methods --json");
  }

  int run() override {
    if (m_isJson)
      printJson(methodsJson());
    else
      print(methodsText());
    return kExitOk;
  }

 private:
  bool m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeMethodsCommand() {
  return std::make_unique<MethodsCommand>();
}

}  // namespace ql::cli
