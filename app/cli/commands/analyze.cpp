// qloupe analyze: statistics and errors of every layer into one file.
#include "app/cli/activations_record.h"
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/text_options.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/store/statistics_file.h"
#include "core/workspace_sequential.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>

namespace ql::cli {
namespace {

constexpr std::int64_t kDefaultTokens = 16384;

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
    app.add_flag("--resume", m_isResume,
                 "Continue an analysis that was stopped; finished layers and blocks are kept");
    CLI::Option* calibration =
        app.add_option("--calibration", m_calibration, "Also run the model on this text (or token ids)")
            ->type_name("F");
    app.add_option(
           "--plan", m_plan,
           "Calibrate each block behind blocks quantized by this plan (GPTQ's order); second moments are "
           "written")
        ->needs(calibration)
        ->type_name("P");
    app.add_option(
           "--activations", m_activations,
           "Also take activations from a file: .safetensors or .npz with NAME.input, imatrix (.gguf, .dat), "
           "act_scales (.pt, .safetensors), a capture (.h5)")
        ->excludes(calibration)
        ->type_name("F");
    m_text.addTo(app, kDefaultTokens);
    app.add_option("--sample", m_sampleTokens, "Tokens kept whole at each site")
        ->check(CLI::Range(0, 65536))
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--seed", m_seed, "Seed of sample and sketch")
        ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()).description(""))
        ->capture_default_str()
        ->type_name("N");
    app.add_flag("--keep-moments", m_keepMoments, "Write the second moments into the file (large)");
    app.add_flag("--points", m_withPoints,
                 "Also measure the residual sums and the K and V cache of every block");
    app.add_flag("--expert-moments", m_expertMoments,
                 "A second moment for each expert instead of one a block");
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/analyze.schema.json)");
    app.footer(
        "Without --calibration or --activations: weights only, no data is needed.\n\nExample:\n"
        "  qloupe analyze path/to/model -o model.h5 --resume\n"
        "  qloupe analyze path/to/model -o model.h5 --calibration text.txt --tokens 16384\n"
        "  qloupe analyze path/to/model -o gptq.h5 --calibration text.txt --plan gptq.qlplan.json");
  }

  int run() override {
    const auto workspace = openModel(m_model);
    if (!workspace->weights())
      throw Error(ErrorCode::Usage,
                  m_model + " is a statistics file; analyze reads weights: name the model's folder.");
    requireReplaceable(m_output, workspace->fingerprint());
    if (!m_plan.empty()) {
      m_planContent = loadPlan(m_plan);
      warnIfForeign(m_planContent, *workspace);
      checkSequential(*workspace, m_planContent);
    }
    AnalyzeOptions options;
    options.output = m_output;
    options.resume = m_isResume;
    std::atomic<std::uint64_t> layers = 0, blocks = 0;
    const std::size_t told = workspace->warnings().size();
    double seconds = 0;
    try {
      runJob(m_job, [&](JobContext& job) {
        if (!m_calibration.empty()) workspace->checkCalibration(calibrateOptions());
        workspace->analyze(options, job, [&](LinearId) { ++layers; });
        options.resume = true;  // what was just measured is kept
        if (!m_calibration.empty()) calibrate(*workspace, job, blocks);
        if (!m_activations.empty()) workspace->importActivations(m_activations, m_output, job);
        seconds = job.elapsedSeconds();
      });
    } catch (const Cancelled&) {
      complain("Cancelled after " + counted(layers, "layer") +
               (blocks > 0 ? " and " + counted(blocks, "calibrated block") : std::string()) +
               "; run the same command with --resume to continue.");
      return kExitCancelled;
    }
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    report(*workspace, layers, seconds);
    return kExitOk;
  }

 private:
  void calibrate(Workspace& workspace, JobContext& job, std::atomic<std::uint64_t>& blocks) const {
    const auto done = [&blocks](int) { ++blocks; };
    if (m_plan.empty()) return workspace.calibrate(calibrateOptions(), job, done);
    calibrateSequentially(workspace, calibrateOptions(), m_planContent,
                          std::filesystem::path(m_plan).parent_path(), job, done);
  }

  CalibrateOptions calibrateOptions() const {
    CalibrateOptions options;
    options.source = m_text.source(m_calibration);
    options.windows = m_text.windows();
    options.memoryBytes = m_text.memoryBytes();
    options.accumulator.sampleTokens = m_sampleTokens;
    options.accumulator.seed = static_cast<std::uint64_t>(m_seed);
    options.keepMoments = m_keepMoments;
    options.expertMoments = m_expertMoments;
    options.withPoints = m_withPoints;
    options.output = m_output;
    return options;
  }

  void report(const Workspace& workspace, std::uint64_t layers, double seconds) const {
    const std::uint64_t bytes = std::filesystem::file_size(m_output);
    const auto record = workspace.calibrationRecord();
    if (!m_isJson) {
      print(counted(layers, "layer") + " of " + printable(workspace.model().name) + " measured in " +
            fixedText(seconds, 1) + " s -> " + printable(m_output) + " (" +
            bytesText(static_cast<double>(bytes)) + ")\n");
      if (record) print(activationsText(*record));
      return;
    }
    Json json;
    json["output"] = m_output;
    json["bytes"] = bytes;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["layers"] = layers;
    json["seconds"] = jsonNumber(seconds);
    json["activations"] = record ? activationsJson(*record) : Json(nullptr);
    printJson(json);
  }

  std::string m_model, m_output, m_calibration, m_activations, m_plan;
  QuantizationPlan m_planContent;
  TextOptions m_text;
  std::int64_t m_sampleTokens = AccumulatorOptions{}.sampleTokens, m_seed = 0;
  bool m_isResume = false, m_isJson = false, m_keepMoments = false, m_expertMoments = false,
       m_withPoints = false;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makeAnalyzeCommand() {
  return std::make_unique<AnalyzeCommand>();
}

}  // namespace ql::cli
