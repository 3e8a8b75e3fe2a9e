// qloupe analyze: statistics and errors of every layer into one file.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "core/base/error.h"
#include "core/store/statistics_file.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <filesystem>
#include <string>

namespace ql::cli {
namespace {

/// Whose statistics a file or its parts hold; empty when they cannot be read: those are measured anew.
std::string fingerprintOf(const std::filesystem::path& path) {
  try {
    return StatisticsFile::open(path)->header().fingerprint;
  } catch (const Error&) {
    return {};
  }
}

/// A slip such as `-o model.safetensors` must not cost a checkpoint, nor another model's results.
void requireReplaceable(const std::filesystem::path& path, const std::string& fingerprint) {
  std::error_code problem;
  if (path.empty()) throw Error(ErrorCode::Usage, "-o needs the name of a file, e.g. -o statistics.h5.");
  if (std::filesystem::is_directory(path, problem))
    throw Error(ErrorCode::Io, path.string() + " is a folder; name a file for the statistics, e.g. " +
                                   (path / "statistics.h5").string() + ".");
  if (looksLikeStatistics(path)) {
    const std::string measured = fingerprintOf(path);
    if (measured.empty() || measured == fingerprint) return;
    throw Error(ErrorCode::Store, path.string() + " holds the statistics of another model (fingerprint " +
                                      measured.substr(0, 12) +
                                      "); choose another name with -o, or delete it.");
  }
  if (!std::filesystem::exists(path, problem)) return;
  throw Error(ErrorCode::Io,
              path.string() + " exists and is not a statistics file; choose another name with -o.");
}

class AnalyzeCommand : public Command {
 public:
  std::string_view words() const override { return "analyze"; }
  std::string_view sentence() const override { return "Measure every layer and write one statistics file."; }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    app.add_option("-o,--output", m_output, "Statistics file to write (*.h5)")->required()->type_name("S.h5");
    app.add_flag("--resume", m_isResume, "Continue an analysis that was stopped; finished layers are kept");
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/analyze.schema.json)");
    app.footer(
        "Weights only: no calibration data is needed.\n\nExample:\n  qloupe analyze path/to/model -o "
        "model.h5 --resume");
  }

  int run() override {
    const auto workspace = openModel(m_model);
    if (!workspace->weights())
      throw Error(ErrorCode::Usage,
                  m_model + " is a statistics file; analyze reads weights: name the model's folder.");
    requireReplaceable(m_output, workspace->fingerprint());
    AnalyzeOptions options;
    options.output = m_output;
    options.resume = m_isResume;
    std::atomic<std::uint64_t> layers = 0;
    double seconds = 0;
    try {
      runJob(m_job, [&](JobContext& job) {
        workspace->analyze(options, job, [&](LinearId) { ++layers; });
        seconds = job.elapsedSeconds();
      });
    } catch (const Cancelled&) {
      complain("Cancelled after " + counted(layers, "layer") +
               "; run the same command with --resume to continue.");
      return kExitCancelled;
    }
    report(*workspace, layers, seconds);
    return kExitOk;
  }

 private:
  void report(const Workspace& workspace, std::uint64_t layers, double seconds) const {
    const std::uint64_t bytes = std::filesystem::file_size(m_output);
    if (!m_isJson) {
      print(counted(layers, "layer") + " of " + printable(workspace.model().name) + " measured in " +
            fixedText(seconds, 1) + " s -> " + printable(m_output) + " (" +
            bytesText(static_cast<double>(bytes)) + ")\n");
      return;
    }
    Json json;
    json["output"] = m_output;
    json["bytes"] = bytes;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["layers"] = layers;
    json["seconds"] = jsonNumber(seconds);
    printJson(json);
  }

  std::string m_model, m_output;
  bool m_isResume = false, m_isJson = false;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makeAnalyzeCommand() {
  return std::make_unique<AnalyzeCommand>();
}

}  // namespace ql::cli
