// qloupe error: what schemes or a plan cost, layer by layer.
#include "core/base/error.h"
#include "app/cli/command.h"
#include "app/cli/fallbacks.h"
#include "app/cli/figure_rows.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "core/base/shape.h"
#include "core/quant/quantizer.h"
#include "core/workspace_more_metrics.h"
#include "core/workspace_planned_errors.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ql::cli {
namespace {

/// The figures of --json and --csv, in the documented order.
const std::vector<std::string> kAllKeys = {"weight_rel_fro",    "weight_rel_l1",  "sqnr_db",
                                           "norm_weighted_rel", "dead_code",      "dead_code_gaussian",
                                           "column_peak_ratio", "output_rel_w",   "output_rel_a",
                                           "output_rel_wa",     "bits_per_weight"};
const std::vector<std::string> kTableKeys = {"norm_weighted_rel", "weight_rel_fro", "sqnr_db", "dead_code",
                                             "bits_per_weight"};

/// The table with activations at hand.
const std::vector<std::string> kOutputKeys = {"output_rel_wa",     "output_rel_w",   "output_rel_a",
                                              "norm_weighted_rel", "weight_rel_fro", "bits_per_weight"};

/// One layer under one choice.
struct Question {
  LinearId id = 0;
  Choice choice;
  bool isFolded = false;  // as the plan leaves it, its smoothing or rotations folded in
};

class ErrorCommand : public Command {
 public:
  std::string_view words() const override { return "error"; }
  std::string_view sentence() const override { return "What schemes or a plan cost, layer by layer."; }

  void setUp(CLI::App& app) override {
    app.add_option("MODEL", m_model, "Folder, weight file or statistics file")->required()->type_name("");
    app.add_option("--scheme", m_schemes, "Scheme to measure; may be given several times")
        ->allow_extra_args(false)
        ->type_name("SPEC");
    app.add_option("--plan", m_plan, "Measure each layer under the choice of this plan")->type_name("P");
    CLI::Option* statistics =
        app.add_option("--stats", m_statistics, "Statistics file with earlier results and activations")
            ->type_name("S.h5");
    app.add_option(
           "--activations", m_activations,
           "Measure output errors on these activations: .safetensors or .npz with NAME.input, imatrix, "
           "act_scales, a capture (.h5)")
        ->excludes(statistics)
        ->type_name("F");
    app.add_option(
           "--metrics", m_metrics,
           "all: also cosine, kurtosis, GPTQ loss, imatrix-weighted error and others, in another pass")
        ->check(CLI::IsMember({"usual", "all"}))
        ->type_name("usual|all");
    m_strict.addTo(app);
    m_selection.addTo(app);
    m_job.addTo(app);
    CLI::Option* csv = app.add_flag("--csv", m_isCsv, "CSV with a header on standard output");
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/error.schema.json)")
        ->excludes(csv);
    app.footer(
        "SPEC is PRESET[:OPT,...]: w8a8, w4a16:group=128,asym, w8a8:act=tensor,static, fp4_e2m1:group=32,\n"
        "fp8_e4m3/fp8_e4m3 (weights/activations), bf16/int8 (activations alone); qloupe methods has all "
        "formats.\n\nExample:\n"
        "  qloupe error path/to/model --scheme w8a8 --scheme w8a8:group=32 --blocks 0-2 --roles q,k,v\n"
        "  qloupe error path/to/model --scheme w8a8 --stats model.h5     (output errors too)");
  }

  int run() override {
    if (m_schemes.empty() && m_plan.empty())
      throw Error(ErrorCode::Usage,
                  "Nothing to measure; give --scheme SPEC or --plan P, e.g. --scheme w8a8.");
    std::vector<Choice> choices;
    for (const std::string& scheme : m_schemes) choices.push_back(parseSpec(scheme));
    if (!m_plan.empty()) m_planContent = loadPlan(m_plan);
    m_workspace = openModel(m_model, m_statistics);
    if (!m_activations.empty()) useActivations();
    if (!m_plan.empty()) warnIfForeign(m_planContent, *m_workspace);
    measurePlanned();
    const std::vector<Question> questions = withData(ask(choices));
    measure(questions);
    if (m_metrics == "all") measureMore(questions);
    printAnswers(questions);
    return m_strict.report(fallbacksOf(questions));
  }

 private:
  /// Layers in network order, each with the schemes as given and then the plan's where it is another one.
  std::vector<Question> ask(const std::vector<Choice>& choices) const {
    std::vector<Question> questions;
    std::size_t skipped = 0;
    for (const LinearId id : m_selection.resolve(m_workspace->model(), true)) {
      for (const Choice& choice : choices) questions.push_back({id, choice});
      if (m_plan.empty()) continue;
      Choice choice = m_planContent.choiceFor(m_workspace->model().linears[id].name);
      const bool isAsked = std::find(choices.begin(), choices.end(), choice) != choices.end();
      if (!choice.weight && !choice.activation)
        ++skipped;
      else if (m_planned.contains(id))
        questions.push_back({id, std::move(choice), true});
      else if (!isAsked)
        questions.push_back({id, std::move(choice)});
    }
    if (skipped > 0)
      warn("The plan leaves " + counted(skipped, "layer") +
           " as stored; they have no error and are not listed.");
    return questions;
  }

  static bool needsActivations(const Question& question) {
    if (!question.choice.weight) return false;
    requireMeasurable(*question.choice.weight);
    return quantizerNeeds(*question.choice.weight).activations;
  }

  /// Layers whose method needs activations are left out where there are none, unless nothing would be left.
  std::vector<Question> withData(const std::vector<Question>& questions) const {
    std::vector<Question> kept;
    std::string first;
    for (const Question& question : questions) {
      const auto& site = m_workspace->model().linears[question.id].site;
      const bool hasData = site && m_workspace->activationSummary(*site);
      const bool isKnown = m_workspace->errorFigures(question.id, question.choice).has_value();
      if (hasData || isKnown || question.isFolded || !m_workspace->weights() || !needsActivations(question))
        kept.push_back(question);
      else if (first.empty())
        first = m_workspace->model().linears[question.id].name;
    }
    const std::size_t skipped = questions.size() - kept.size();
    if (skipped == 0 || kept.empty()) return questions;
    warn(counted(skipped, "error") + " cannot be measured for want of activations, the first of " +
         printable(first) + "; they are not listed.");
    return kept;
  }

  std::vector<LayerFallback> fallbacksOf(const std::vector<Question>& questions) const {
    std::vector<LayerFallback> all;
    for (const Question& question : questions)
      for (const Fallback& fallback : answer(question).fallbacks)
        all.push_back({m_workspace->model().linears[question.id].name, fallback});
    return all;
  }

  void measureMore(const std::vector<Question>& questions) {
    if (!m_planContent.smoothing.empty() || m_planContent.rotations != "[]")
      warn(
          "The further metrics leave the plan's smoothing and rotations out: they are of the weights as "
          "stored.");
    runJob(m_job, [&](JobContext& job) {
      for (const Question& question : questions)
        m_more.push_back(moreMetrics(*m_workspace, question.id, question.choice, job));
    });
  }

  /// What the plan's smoothing or rotations change is measured with it, where it is known what S is.
  void measurePlanned() {
    if (m_planContent.smoothing.empty() && m_planContent.rotations == "[]") return;
    if (!m_workspace->weights()) return warnIfSmoothed(m_planContent);
    const std::vector<LinearId> linears = m_selection.resolve(m_workspace->model(), true);
    try {
      runJob(m_job, [&](JobContext& job) {
        m_planned = plannedErrors(*m_workspace, m_planContent, std::filesystem::path(m_plan).parent_path(),
                                  linears, job);
      });
    } catch (const Error& e) {
      if (e.code() != ErrorCode::Unsupported) throw;
      warn(e.what());
      warnIfSmoothed(m_planContent);
    }
  }

  void useActivations() const {
    const std::size_t told = m_workspace->warnings().size();
    runJob(m_job, [&](JobContext& job) { m_workspace->useActivations(m_activations, job); });
    const std::vector<std::string> warnings = m_workspace->warnings();
    for (std::size_t i = told; i < warnings.size(); ++i) warn(warnings[i]);
  }

  bool isMissing(const Question& question) const {
    if (question.choice.weight && !m_workspace->errorFigures(question.id, question.choice)) return true;
    const auto& site = m_workspace->model().linears[question.id].site;
    return m_workspace->weights() && site && m_workspace->activationSummary(*site) &&
           !m_workspace->outputError(question.id, question.choice);
  }

  /// Measures what is missing: layers that share the same set of missing choices go together.
  void measure(const std::vector<Question>& questions) const {
    std::vector<std::pair<std::vector<Choice>, std::vector<LinearId>>> batches;
    for (std::size_t i = 0; i < questions.size();) {
      const LinearId id = questions[i].id;
      std::vector<Choice> missing;
      for (; i < questions.size() && questions[i].id == id; ++i)
        if (!questions[i].isFolded && isMissing(questions[i])) missing.push_back(questions[i].choice);
      if (missing.empty()) continue;
      const auto same =
          std::find_if(batches.begin(), batches.end(), [&](const auto& b) { return b.first == missing; });
      if (same == batches.end())
        batches.push_back({std::move(missing), {id}});
      else
        same->second.push_back(id);
    }
    if (batches.empty()) return;
    runJob(m_job, [&](JobContext& job) {
      for (const auto& batch : batches) {
        m_workspace->measure(batch.second, batch.first, job);
        m_workspace->measureOutputs(batch.second, batch.first, job);
      }
    });
  }

  LayerError answer(const Question& question) const {
    if (question.isFolded) return m_planned.at(question.id).error;
    const auto error = m_workspace->errorFigures(question.id, question.choice);
    if (!error)
      throw Error(ErrorCode::Store, "There is no error of " + m_workspace->model().linears[question.id].name +
                                        " under " + specText(question.choice) + " in " + m_model +
                                        "; name the checkpoint itself.");
    return *error;
  }

  std::vector<Metric> moreOf(std::size_t index) const {
    return index < m_more.size() ? metricsOf(m_more[index]) : std::vector<Metric>();
  }

  Json jsonOf(const Question& question, std::size_t index) const {
    const LayerError error = answer(question);
    Json json = layerJson(m_workspace->model().linears[question.id]);
    json["scheme"] = specText(question.choice);
    for (const Metric& metric : pickMetrics(metricsOf(error), kAllKeys))
      json[std::string(metric.info.key)] = metricJson(metric);
    for (const Metric& metric : moreOf(index)) json[std::string(metric.info.key)] = metricJson(metric);
    json["fallbacks"] = fallbacksJson(error.fallbacks);
    json["provenance"] = evidenceJson(error.evidence);
    json["output_provenance"] = nullptr;
    json["smoothing"] = smoothingJson(question);
    json["rotated"] = isRotated(question);
    if (const auto output = outputOf(question)) {
      Json provenance = Json::object();
      provenance["weights"] = evidenceJson(output->weightEvidence);
      provenance["sample"] = evidenceJson(output->sampleEvidence);
      json["output_provenance"] = std::move(provenance);
    }
    return json;
  }

  std::optional<OutputError> outputOf(const Question& question) const {
    return question.isFolded ? m_planned.at(question.id).output
                             : m_workspace->outputError(question.id, question.choice);
  }

  /// Of its input; null for a producer alone, and without.
  Json smoothingJson(const Question& question) const {
    const PlanSmoothing* entry = question.isFolded ? m_planned.at(question.id).smoothing : nullptr;
    if (!entry) return nullptr;
    return {{"method", entry->method}, {"statistic", entry->statistic}, {"alpha", entry->alpha}};
  }

  bool isRotated(const Question& question) const {
    return question.isFolded && m_planned.at(question.id).isRotated;
  }

  std::string schemeText(const Question& question) const {
    const char* const folded = !question.isFolded ? "" : isRotated(question) ? " rotated" : " smoothed";
    return specText(question.choice) + folded;
  }

  FigureRow csvRow(const Question& question) const {
    const Linear& linear = m_workspace->model().linears[question.id];
    const auto numberOrNothing = [](const std::optional<int>& n) {
      return n ? std::to_string(*n) : std::string();
    };
    return {{{"layer", linear.name},
             {"block", numberOrNothing(linear.block)},
             {"role", std::string(roleName(linear.role))},
             {"expert", numberOrNothing(linear.expert)},
             {"out", std::to_string(linear.out())},
             {"in", std::to_string(linear.in())},
             {"scheme", schemeText(question)}},
            pickMetrics(metricsOf(answer(question)), kAllKeys)};
  }

  FigureRow tableRow(const Question& question) const {
    const Linear& linear = m_workspace->model().linears[question.id];
    return {{{"layer", linear.name},
             {"shape", shapeText({linear.out(), linear.in()})},
             {"scheme", schemeText(question)}},
            pickMetrics(metricsOf(answer(question)),
                        m_workspace->calibrationRecord() ? kOutputKeys : kTableKeys)};
  }

  void printAnswers(const std::vector<Question>& questions) const {
    if (m_isJson) {
      Json json = Json::array();
      for (std::size_t i = 0; i < questions.size(); ++i) json.push_back(jsonOf(questions[i], i));
      return printJson(json);
    }
    std::vector<FigureRow> rows;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      rows.push_back(m_isCsv ? csvRow(questions[i]) : tableRow(questions[i]));
      for (Metric& metric : moreOf(i)) rows.back().metrics.push_back(std::move(metric));
    }
    print(m_isCsv ? figureCsv(rows) : figureTable(rows));
  }

  std::string m_model, m_plan, m_statistics, m_activations, m_metrics = "usual";
  std::vector<std::string> m_schemes;
  SelectionOptions m_selection;
  JobOptions m_job;
  StrictOption m_strict;
  std::vector<MoreMetrics> m_more;  // as the questions; empty unless asked for
  bool m_isCsv = false, m_isJson = false;
  QuantizationPlan m_planContent;
  std::map<LinearId, PlannedError> m_planned;  // those that its smoothing or rotations change
  std::shared_ptr<Workspace> m_workspace;
};

}  // namespace

std::unique_ptr<Command> makeErrorCommand() {
  return std::make_unique<ErrorCommand>();
}

}  // namespace ql::cli
