#pragma once
// Handing a plan to the tools that quantize and serve. A new target is one file in targets/ and one line in
// targets.inc.
#include "core/base/option_spec.h"
#include "core/model/model.h"
#include "core/plan/plan.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Something the target cannot express.
struct NotExpressible {
  std::string layer;    // linear, or "" for the whole plan
  std::string feature;  // "per input channel scales"
  std::string instead;  // what is written when it is left out: "the layer stays in 16 bit"
};

struct ExportFile {
  std::string name;  // "recipe.yaml"
  std::string content;
};

struct ExportResult {
  std::vector<ExportFile> files;
  std::vector<NotExpressible> notExpressible;
  std::vector<std::string> loaderWarnings;  // who cannot load this plan, or runs it otherwise
};

struct Exporter {
  std::string_view name;  // "llm-compressor"
  std::string_view sentence;
  std::string_view defaultFile;  // "recipe.yaml"
  std::vector<OptionSpec> options;
  /// Pure: makes the files' content; writes nothing. `model` gives the names the patterns are tested against.
  ExportResult (*make)(const QuantizationPlan& plan, const Model& model, const OptionValues& options);
};

const std::vector<const Exporter*>& exporters();
const Exporter& findExporter(std::string_view name);  // throws Error(Usage) with the list

/// Writes atomically: to `path` itself when it names a file (one file), into the folder when it exists or
/// ends in '/'. Throws Error(Plan) listing what is not expressible unless `leaveOut`. Returns the paths
/// written.
std::vector<std::filesystem::path> writeExport(const ExportResult& result, const std::filesystem::path& path,
                                               bool leaveOut);

}  // namespace ql
