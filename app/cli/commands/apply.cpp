// qloupe apply: the checkpoint that a plan makes.
#include "app/cli/command.h"
#include "app/cli/fallbacks.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "core/applied_checkpoint.h"
#include "core/base/error.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

Json sumsJson(const RoundingSums& sums) {
  return {{"relative_frobenius", jsonNumber(sums.relativeFrobenius())},
          {"largest_change", jsonNumber(sums.largestChange)},
          {"values", sums.values},
          {"underflows", sums.underflows}};
}

Json roundedJson(const RoundedTensor& tensor) {
  Json json = {{"layer", tensor.name}, {"tensor", tensor.tensor}};
  json.update(sumsJson(tensor.sums));
  return json;
}

class ApplyCommand : public Command {
 public:
  std::string_view words() const override { return "apply"; }
  std::string_view sentence() const override {
    return "Write the checkpoint a plan makes: rotated, smoothed, or with fake-quantized weights.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file (safetensors)")->required()->type_name("");
    app.add_option("PLAN", m_plan, "The plan to apply")->required()->type_name("");
    app.add_option("-o,--output", m_output, "Folder to make: new, empty, or made by an earlier apply")
        ->required()
        ->type_name("DIR");
    app.add_option("--as", m_kind,
                   "rotated, smoothed: the plan's rotations or smoothing folded in, weights not quantized; "
                   "fake-quantized: then every weight replaced by its quantized value")
        ->required()
        ->check(CLI::IsMember({"rotated", "smoothed", "fake-quantized"}))
        ->type_name("rotated|smoothed|fake-quantized");
    CLI::Option* statistics =
        app.add_option(
               "--stats", m_statistics,
               "Statistics file with activations, for methods that need them and for smoothing without a "
               "file of factors")
            ->type_name("S.h5");
    app.add_option("--activations", m_activations,
                   "Take activations from this file instead (.safetensors, ...)")
        ->excludes(statistics)
        ->type_name("F");
    app.add_flag("--pow2", m_isPowersOfTwo,
                 "Round every smoothing factor to a power of two: folding then rounds nothing");
    app.add_flag("--resume", m_isResumed, "Keep the finished shards of an interrupted run of the same plan");
    m_strict.addTo(app);
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/apply.schema.json)");
    app.footer(
        "Names, dtypes, shapes, shards and index stay as they are (but for the head that a rotation gives "
        "to\n"
        "models which share it with the embedding); config, tokenizer and other small files "
        "are\n"
        "copied; tensors the plan leaves alone are copied byte for byte. The folder appears when all of it "
        "is "
        "there.\n\nExample:\n"
        "  qloupe smooth path/to/model --stats model.h5 --method smoothquant --plan my.qlplan.json\n"
        "  qloupe apply path/to/model my.qlplan.json -o path/to/smoothed --as smoothed");
  }

  int run() override {
    const QuantizationPlan plan = loadPlan(m_plan);
    const auto workspace = openModel(m_model, m_statistics);
    warnIfForeign(plan, *workspace);
    ApplyOptions options;
    for (const ApplyKind kind : {ApplyKind::Rotated, ApplyKind::Smoothed, ApplyKind::FakeQuantized})
      if (applyKindName(kind) == m_kind) options.kind = kind;
    options.output = m_output;
    options.planFolder = std::filesystem::path(m_plan).parent_path();
    options.powersOfTwo = m_isPowersOfTwo;
    options.resume = m_isResumed;
    ApplyReport report;
    const std::size_t told = workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      report = workspace->apply(plan, options, job);
    });
    const std::vector<std::string> warnings = workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
    if (m_isJson)
      printJson(json(*workspace, report));
    else
      print(text(report));
    return m_strict.report(report.fallbacks);
  }

 private:
  Json json(const Workspace& workspace, const ApplyReport& report) const {
    Json json;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["plan"] = m_plan;
    json["kind"] = m_kind;
    json["pow2"] = m_isPowersOfTwo;
    json["output"] = report.output.string();
    json["shards"] = Json::array();
    json["changed"] = Json::array();
    for (const AppliedShard& shard : report.shards) {
      json["shards"].push_back({{"name", shard.name},
                                {"bytes", shard.sizeBytes},
                                {"sha256", shard.sha256},
                                {"kept", shard.isKept}});
      for (const RoundedTensor& tensor : shard.rounded) json["changed"].push_back(roundedJson(tensor));
    }
    json["changed_tensors"] = report.changedTensors;
    json["copied_tensors"] = report.copiedTensors;
    json["added_tensors"] = report.addedTensors;
    json["rounding"] = sumsJson(report.rounding());
    json["exact"] = report.isExact();
    json["worst"] = report.worst() ? Json(roundedJson(*report.worst())) : Json(nullptr);
    json["files"] = report.copiedFiles;
    json["skipped_files"] = Json::array();
    for (const SkippedFile& file : report.skippedFiles)
      json["skipped_files"].push_back({{"name", file.name}, {"reason", file.reason}});
    json["notes"] = report.notes;
    json["fallbacks"] = fallbacksJson(report.fallbacks);
    return json;
  }

  std::string roundingText(const ApplyReport& report) const {
    const RoundingSums sums = report.rounding();
    const std::string subject = "the " + (m_kind == "fake-quantized" ? "quantized" : m_kind) + " weights";
    std::string text = report.isExact() ? "rounding " + subject + " to the file's dtype changed nothing\n"
                                        : "rounding " + subject + " to the file's dtype moved them by " +
                                              figure(sums.relativeFrobenius()) + " (relative Frobenius)";
    if (!report.isExact())
      text += ", most in " + printable(report.worst()->name) + ": " +
              figure(report.worst()->sums.relativeFrobenius()) + "\n";
    if (sums.underflows > 0)
      text += counted(static_cast<std::uint64_t>(sums.underflows), "weight") + " became zero\n";
    if (m_isPowersOfTwo && !report.isExact() && m_kind == "smoothed")
      text +=
          "factors are powers of two, but some weights or norms underflow or are stored with an offset, so "
          "the fold is not exact\n";
    return text;
  }

  std::string text(const ApplyReport& report) const {
    std::uint64_t bytes = 0, kept = 0;
    for (const AppliedShard& shard : report.shards) {
      bytes += shard.sizeBytes;
      kept += shard.isKept;
    }
    std::string text = printable(report.output.string()) + ": " + counted(report.shards.size(), "shard") +
                       ", " + bytesText(static_cast<double>(bytes)) + ", " +
                       counted(report.changedTensors, "tensor") + " changed, " +
                       std::to_string(report.copiedTensors) + " copied";
    if (!report.addedTensors.empty()) text += ", " + std::to_string(report.addedTensors.size()) + " added";
    if (kept > 0) text += ", " + counted(kept, "shard") + " kept from the interrupted run";
    text += "\n" + roundingText(report);
    std::string files;
    for (const std::string& file : report.copiedFiles) files += (files.empty() ? "" : ", ") + printable(file);
    if (!files.empty()) text += "copied beside them: " + files + "\n";
    for (const SkippedFile& file : report.skippedFiles)
      text += "left behind: " + printable(file.name) + " (" + file.reason + ")\n";
    for (const std::string& note : report.notes) text += note + "\n";
    return text;
  }

  std::string m_model, m_plan, m_output, m_kind, m_statistics, m_activations;
  JobOptions m_job;
  StrictOption m_strict;
  bool m_isPowersOfTwo = false, m_isResumed = false, m_isJson = false;
};

}  // namespace

std::unique_ptr<Command> makeApplyCommand() {
  return std::make_unique<ApplyCommand>();
}

}  // namespace ql::cli
