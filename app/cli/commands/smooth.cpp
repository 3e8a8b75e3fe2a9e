// qloupe smooth: smoothing factors for groups of linears, what they buy, and into a plan with them.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_table.h"
#include "core/base/error.h"
#include "core/smooth/factors_file.h"
#include "core/smoothing_report.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace ql::cli {
namespace fs = std::filesystem;
namespace {

Json numberOrNull(const std::optional<double>& value) {
  return value ? jsonNumber(*value) : Json(nullptr);
}

Json errorJson(const std::optional<JointError>& error) {
  if (!error) return nullptr;
  return {{"w", numberOrNull(error->w)}, {"a", numberOrNull(error->a)}, {"wa", numberOrNull(error->wa)}};
}

Json groupJson(const GroupSmoothing& group) {
  Json json;
  json["producer"] = group.producer;
  json["readers"] = group.readers;
  json["foldable"] = group.fold.isFoldable;
  json["folds_into"] = group.fold.isFoldable ? Json(group.fold.producer) : Json(nullptr);
  json["problem"] = group.problem.empty() ? Json(nullptr) : Json(group.problem);
  const bool isUsable = group.problem.empty();
  json["alpha"] = isUsable ? jsonNumber(group.alpha) : Json(nullptr);
  json["factors"] = nullptr;
  if (isUsable)
    json["factors"] = {
        {"channels", group.factors.s.size()},          {"least", jsonNumber(group.leastFactor)},
        {"median", jsonNumber(group.medianFactor)},    {"largest", jsonNumber(group.largestFactor)},
        {"dead_channels", group.factors.deadChannels}, {"clamped_channels", group.factors.clampedChannels}};
  json["before"] = errorJson(group.before);
  json["after"] = errorJson(group.after);
  json["curve"] = Json::array();
  for (const AlphaError& point : group.curve) {
    Json entry = {{"alpha", point.alpha}};
    entry.update(errorJson(point.error));
    json["curve"].push_back(std::move(entry));
  }
  json["residual"] = nullptr;
  if (group.residual)
    json["residual"] = {{"float32", jsonNumber(group.residual->exact)},
                        {"rounded", numberOrNull(group.residual->rounded)},
                        {"producer_rounding", numberOrNull(group.residual->producer)}};
  json["provenance"] = group.before ? evidenceJson(group.evidence) : Json(nullptr);
  return json;
}

/// "q_proj, k_proj, v_proj"; experts are many and are counted.
std::string readersText(const GroupSmoothing& group) {
  constexpr std::size_t kShown = 4;
  std::string text;
  for (std::size_t i = 0; i < group.readers.size() && i < kShown; ++i) {
    const std::string& name = group.readers[i];
    text += (i == 0 ? "" : ", ") + name.substr(name.rfind('.') + 1);
  }
  if (group.readers.size() > kShown)
    text += " and " + std::to_string(group.readers.size() - kShown) + " more";
  return text;
}

std::string errorText(const std::optional<JointError>& error, std::optional<double> JointError::*member) {
  return error && (*error).*member ? percent(*((*error).*member)) : "-";
}

class SmoothCommand : public Command {
 public:
  std::string_view words() const override { return "smooth"; }
  std::string_view sentence() const override {
    return "Smoothing factors by group, what they buy, and whether they can be folded in.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder or weight file")->required()->type_name("");
    CLI::Option* statistics =
        app.add_option("--stats", m_statistics,
                       "Statistics file with activations (qloupe analyze --calibration)")
            ->type_name("S.h5");
    app.add_option("--activations", m_activations,
                   "Take activations from this file instead (.safetensors, ...)")
        ->excludes(statistics)
        ->type_name("F");
    addMethodOptions(app);
    app.add_option("--scheme", m_scheme, "Scheme that errors are measured under")
        ->capture_default_str()
        ->type_name("SPEC");
    m_selection.addTo(app);
    app.add_option("--plan", m_plan, "Write the entries into this plan, and their factors beside it")
        ->type_name("P");
    app.add_option(
           "-o,--output", m_output,
           "File for the factors (with --plan: default is the plan's name with .smoothing.safetensors)")
        ->type_name("F.safetensors");
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/smooth.schema.json)");
    app.footer(
        "All readers of a producer share its factors S: their columns are multiplied, the producer is "
        "divided.\n"
        "--layers, --blocks and --roles choose groups by their readers; SmoothQuant as published smooths "
        "behind "
        "norms\nonly (--roles q,k,v,gate,up). Errors are of all readers of a group together.\n\nExample:\n"
        "  qloupe analyze path/to/model -o model.h5 --calibration text.txt\n"
        "  qloupe smooth path/to/model --stats model.h5 --method smoothquant --search --plan my.qlplan.json");
  }

  int run() override {
    SmoothingReportRequest request = requestOf();
    std::optional<QuantizationPlan> plan;
    if (!m_plan.empty()) plan = loadPlan(m_plan);
    if (plan) request.locks = plan->locks;
    const auto workspace = openModel(m_model, m_statistics);
    if (plan) warnIfForeign(*plan, *workspace);
    request.groups = smoothingGroupsOf(workspace->model(), m_selection.resolve(workspace->model(), true));
    if (request.groups.empty())
      throw Error(ErrorCode::Usage,
                  "No producer that smoothing could divide feeds the selected layers; widen the selection.");
    SmoothingReport report;
    runJob(m_job, [&](JobContext& job) {
      if (!m_activations.empty()) workspace->useActivations(m_activations, job);
      report = workspace->smoothingReport(request, job);
    });
    requireFactors(report);
    const fs::path factors = writeResults(plan, report, workspace->model().name);
    if (m_isJson)
      printJson(json(*workspace, report, factors));
    else
      print(text(report, factors));
    return kExitOk;
  }

 private:
  void addMethodOptions(CLI::App& app) {
    std::vector<std::string> methods;
    for (const SmoothingMethod* method : smoothingMethods()) methods.emplace_back(method->name);
    app.add_option("--method", m_method, "How S is computed")
        ->check(CLI::IsMember(methods))
        ->capture_default_str()
        ->type_name("smoothquant|bismooth|awq");
    app.add_option("--statistic", m_statistic,
                   "Of |x| and |w| by channel; default: smoothquant max, bismooth median, awq mean")
        ->check(CLI::IsMember({"max", "median", "mean"}))
        ->type_name("max|median|mean");
    CLI::Option* alpha =
        app.add_option("--alpha", m_alpha, "0: all difficulty on the activations, 1: on the weights")
            ->check(CLI::Range(0.0, 1.0))
            ->capture_default_str()
            ->type_name("A");
    app.add_flag("--search", m_isSearch,
                 "Take the best alpha of 0, 0.05 .. 1 for each group, by the W+A error")
        ->excludes(alpha);
    app.add_option("--formula", m_formula, "SmoothQuant as published or as llm-compressor has it")
        ->check(CLI::IsMember({"official", "llm-compressor"}))
        ->type_name("official|llm-compressor");
    app.add_flag("--data-free", m_isDataFree, "Bi-smoothing from the norm's gain, without activations");
    app.add_flag("--pow2", m_isPowersOfTwo,
                 "Round every factor to a power of two: folding then rounds nothing");
  }

  SmoothingReportRequest requestOf() const {
    SmoothingReportRequest request;
    request.options.method = m_method;
    request.options.statistic =
        m_statistic.empty() ? smoothingMethodFor(m_method).statistics.front() : m_statistic;
    request.options.alpha = m_alpha;
    request.options.powersOfTwo = m_isPowersOfTwo;
    if (!m_formula.empty()) request.options.options["formula"] = m_formula;
    if (m_isDataFree) request.options.options["data_free"] = true;
    request.options.options =
        completeOptions(m_method, smoothingMethodFor(m_method).options, request.options.options);
    request.isSearch = m_isSearch;
    request.choice = parseSpec(m_scheme);
    return request;
  }

  /// One reason that keeps every group from having factors is the answer to the command.
  static void requireFactors(const SmoothingReport& report) {
    if (report.usableCount() > 0) return;
    const GroupSmoothing* foldable = nullptr;
    for (const GroupSmoothing& group : report.groups)
      if (!foldable && group.fold.isFoldable) foldable = &group;
    if (foldable) {
      const bool isSentence = foldable->problem.ends_with('.');
      throw Error(ErrorCode::Unsupported, isSentence ? foldable->problem
                                                     : "Nothing is smoothed behind " + foldable->producer +
                                                           ": " + foldable->problem + ".");
    }
  }

  /// Factors first, then the plan that names them. Returns the file of the factors, or nothing.
  fs::path writeResults(const std::optional<QuantizationPlan>& plan, const SmoothingReport& report,
                        const std::string& model) const {
    if ((!plan && m_output.empty()) || report.usableCount() == 0) return {};
    fs::path file = m_output;
    if (file.empty()) {
      std::string name = fs::path(m_plan).filename().string();
      for (const char* suffix : {".json", ".qlplan"})
        if (name.ends_with(suffix)) name.resize(name.size() - std::string_view(suffix).size());
      file = fs::path(m_plan).parent_path() / (name + ".smoothing.safetensors");
    }
    NamedFactors factors = readFactorsFile(file);  // also refuses a file of something else
    if (!plan) factors.clear();                    // earlier entries of the plan may still need theirs
    for (const GroupSmoothing& group : report.groups)
      if (group.problem.empty()) factors[group.producer] = group.factors.s;
    writeFactorsFile(file, factors,
                     {{"format", "pt"},
                      {"content", "smoothing factors: readers' columns times S, producer divided by S"},
                      {"model", model}});
    if (plan) savePlan(withSmoothing(*plan, report, spelledInPlan(file)), m_plan);
    return file;
  }

  /// Names in a plan count from its folder.
  std::string spelledInPlan(const fs::path& file) const {
    const fs::path folder = fs::absolute(m_plan).parent_path();
    const fs::path relative =
        fs::absolute(file).lexically_normal().lexically_relative(folder.lexically_normal());
    return relative.empty() ? fs::absolute(file).string() : relative.generic_string();
  }

  Json json(const Workspace& workspace, const SmoothingReport& report, const fs::path& factors) const {
    const SmoothingOptions& options = report.request.options;
    Json json;
    json["model"] = workspace.model().name;
    json["fingerprint"] = workspace.fingerprint();
    json["method"] = options.method;
    json["statistic"] = options.statistic;
    json["options"] = Json::object();
    for (const auto& [key, value] : options.options) json["options"][key] = optionJson(value);
    json["alpha"] = m_isSearch ? Json(nullptr) : jsonNumber(options.alpha);
    json["search"] = m_isSearch;
    json["pow2"] = options.powersOfTwo;
    json["scheme"] = specText(report.request.choice);
    json["plan"] = m_plan.empty() ? Json(nullptr) : Json(m_plan);
    json["factors_file"] = factors.empty() ? Json(nullptr) : Json(factors.string());
    json["groups"] = Json::array();
    for (const GroupSmoothing& group : report.groups) json["groups"].push_back(groupJson(group));
    return json;
  }

  std::string text(const SmoothingReport& report, const fs::path& factors) const {
    TextTable table({{"producer"},
                     {"readers"},
                     {"alpha", true},
                     {"S least", true},
                     {"S largest", true},
                     {"W+A before", true},
                     {"W+A after", true},
                     {"W after", true},
                     {"A after", true},
                     {"fold float32", true},
                     {"fold rounded", true}});
    std::string problems;
    for (const GroupSmoothing& group : report.groups) {
      if (!group.problem.empty()) {
        problems += "not smoothed: " + printable(group.producer) + ": " + printable(group.problem) + "\n";
        continue;
      }
      table.addRow({group.producer, readersText(group), fixedText(group.alpha, 2), figure(group.leastFactor),
                    figure(group.largestFactor), errorText(group.before, &JointError::wa),
                    errorText(group.after, &JointError::wa), errorText(group.after, &JointError::w),
                    errorText(group.after, &JointError::a),
                    group.residual ? figure(group.residual->exact) : "-",
                    group.residual && group.residual->rounded ? figure(*group.residual->rounded) : "-"});
    }
    const SmoothingOptions& options = report.request.options;
    std::string text = options.method + " (" + options.statistic +
                       "), output errors of all readers together under " + specText(report.request.choice) +
                       "\n";
    if (options.method == "bismooth" && options.statistic == "max")
      text += "Bi-smoothing with the largest magnitudes is SmoothQuant at the same alpha.\n";
    text += (table.isEmpty() ? std::string() : table.text()) + guardsText(report) + problems;
    if (!factors.empty()) text += "factors written to " + printable(factors.string()) + "\n";
    if (!m_plan.empty() && !factors.empty())
      text += std::to_string(report.usableCount()) + (report.usableCount() == 1 ? " entry" : " entries") +
              " in " + printable(m_plan) + "\n";
    return text;
  }

  static std::string guardsText(const SmoothingReport& report) {
    std::int64_t dead = 0, clamped = 0;
    for (const GroupSmoothing& group : report.groups) {
      dead += group.factors.deadChannels;
      clamped += group.factors.clampedChannels;
    }
    std::string text;
    if (dead > 0)
      text += counted(static_cast<std::uint64_t>(dead), "channel") +
              " kept S = 1 because activations or weights are zero there\n";
    if (clamped > 0)
      text += counted(static_cast<std::uint64_t>(clamped), "channel") + " hit the limits of S, 1e-5 to 1e5\n";
    return text;
  }

  std::string m_model, m_statistics, m_activations, m_method = "smoothquant", m_statistic, m_formula;
  std::string m_scheme = "w8a8", m_plan, m_output;
  double m_alpha = 0.5;
  bool m_isSearch = false, m_isDataFree = false, m_isPowersOfTwo = false, m_isJson = false;
  SelectionOptions m_selection;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makeSmoothCommand() {
  return std::make_unique<SmoothCommand>();
}

}  // namespace ql::cli
