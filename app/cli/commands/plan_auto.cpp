// qloupe plan auto: a method decides for many layers of a plan, and says why.
#include "app/cli/command.h"
#include "app/cli/json_output.h"
#include "app/cli/numbers.h"
#include "app/cli/open_model.h"
#include "app/cli/output.h"
#include "app/cli/run_job.h"
#include "app/cli/selection.h"
#include "app/cli/text_options.h"
#include "app/cli/text_table.h"
#include "core/base/error.h"
#include "core/workspace_methods.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace ql::cli {
namespace {

constexpr std::int64_t kBlockTokens = 2048;

std::string errorText(const std::optional<double>& error) {
  return error ? percent(*error) : "-";
}

class PlanAutoCommand : public Command {
 public:
  std::string_view words() const override { return "plan auto"; }
  std::string_view sentence() const override {
    return "Let a method decide for the layers of a plan: fewest-layers, mofq, adadim.";
  }

  void setUp(CLI::App& app) override {
    app.add_option("PLAN", m_plan, "Plan to decide on")->required()->type_name("");
    app.add_option("--model", m_model, "Folder, weight file or statistics file")
        ->required()
        ->type_name("MODEL");
    app.add_option("--method", m_method, "fewest-layers, mofq or adadim")->required()->type_name("NAME");
    app.add_option("--stats", m_statistics, "Statistics file with earlier results and activations")
        ->type_name("S.h5");
    app.add_option("-o,--output", m_output, "Write the plan there instead of over PLAN")->type_name("P");
    app.add_flag("--dry-run", m_isDryRun, "Print the decisions and leave the plan as it is");
    addMethodOptions(app);
    m_selection.addTo(app);
    m_job.addTo(app);
    app.add_flag("--json", m_isJson, "JSON on standard output (resources/schemas/plan-auto.schema.json)");
    app.footer(
        "fewest-layers  every layer over the target gets the largest group size that brings it under\n"
        "mofq           integers or floats of the same bits, whichever has the smaller error\n"
        "adadim         scales by output or by input channel, whichever has the smaller output error\n\n"
        "Layers that a runtime stores as one (q, k, v; gate, up) get the same group size or number format;\n"
        "locked layers are passed over. Example:\n"
        "  qloupe plan auto my.qlplan.json --method fewest-layers --model path/to/model --target 0.02");
  }

  int run() override {
    const AutoRequest asked = request();
    QuantizationPlan plan = loadPlan(m_plan);
    const auto workspace = openModel(m_model, m_statistics);
    warnIfForeign(plan, *workspace);
    warnIfSmoothed(plan);
    AutoRequest complete = asked;
    if (!m_selection.isEmpty()) complete.linears = m_selection.resolve(workspace->model(), true);
    AutoReport report;
    runJob(m_job, [&](JobContext& job) { report = decideAutomatically(*workspace, plan, complete, job); });
    const EditResult made = applyDecisions(plan, workspace->model(), report.decisions);
    const std::string target = m_output.empty() ? m_plan : m_output;
    const bool isWritten = !m_isDryRun && (!m_output.empty() || made.plan != plan);
    if (isWritten) savePlan(made.plan, target);
    if (m_isJson)
      printJson(json(report, workspace->model(), isWritten ? target : std::string()));
    else
      print(text(report, workspace->model(), isWritten ? target : std::string()));
    warnAboutFused(made.plan, workspace->model());
    return kExitOk;
  }

 private:
  void addMethodOptions(CLI::App& app) {
    app.add_option("--target", m_target, "fewest-layers: error that no layer shall exceed, a fraction")
        ->capture_default_str()
        ->type_name("F");
    app.add_option("--groups", m_groups, "fewest-layers: group sizes to try (128,64,32,16)")
        ->delimiter(',')
        ->type_name("N,N,...");
    app.add_option("--loss", m_loss,
                   "mofq: tensor (weights alone, the default), output, wa; adadim: own (the default), block")
        ->type_name("NAME");
    app.add_option("--float", m_float, "mofq: float format to compare with (default fp8_e4m3, fp4_e2m1)")
        ->type_name("FORMAT");
    app.add_flag("--split-fused", m_isSplit, "mofq: a verdict for each of q, k, v and gate, up");
    app.add_option("--text", m_text, "adadim --loss block: UTF-8 text or token ids to run the model on")
        ->type_name("F");
    m_textOptions.addTo(app, kBlockTokens);
    app.remove_option(app.get_option("--memory"));  // the tokens are few; all of them are in memory at once
  }

  AutoRequest request() const {
    AutoRequest request;
    const auto method = autoMethodFromName(m_method);
    if (!method)
      throw Error(ErrorCode::Usage, "\"" + m_method + "\" is no method; use fewest-layers, mofq or adadim.");
    request.method = *method;
    request.target = m_target;
    for (const std::int64_t size : m_groups)
      if (size < 1)
        throw Error(ErrorCode::Usage, "A group size of " + std::to_string(size) +
                                          " cannot be tried; give whole numbers from 1, e.g. 128,64,32,16.");
    if (!m_groups.empty()) request.groupSizes = m_groups;
    request.floatFormat = m_float;
    request.splitFused = m_isSplit;
    takeLoss(request);
    if (!m_text.empty()) request.text = m_textOptions.source(m_text);
    request.windows = m_textOptions.windows();
    return request;
  }

  void takeLoss(AutoRequest& request) const {
    if (m_loss.empty()) return;
    if (request.method == AutoMethod::Mofq) {
      const auto loss = mofqLossFromName(m_loss);
      if (!loss)
        throw Error(ErrorCode::Usage, "\"" + m_loss + "\" is no loss of mofq; use tensor, output or wa.");
      request.loss = *loss;
      return;
    }
    if (request.method != AutoMethod::AdaDim || (m_loss != "own" && m_loss != "block"))
      throw Error(ErrorCode::Usage, "--loss " + m_loss + " does not go with --method " + m_method +
                                        "; adadim has own and block, mofq has tensor, output and wa.");
    request.isBlockLoss = m_loss == "block";
  }

  std::string targetClause() const {
    return m_method == "fewest-layers" ? " at a target of " + percent(m_target) : std::string();
  }

  /// Only what is worth a line: fewest-layers lists the layers in trouble.
  bool isListed(const AutoReport& report, const AutoDecision& decision) const {
    return report.request.method != AutoMethod::FewestLayers || decision.outcome != AutoOutcome::Kept ||
           decision.isFlagged;
  }

  std::string text(const AutoReport& report, const Model& model, const std::string& written) const {
    std::string text = std::string(autoMethodSentence(report.request.method)) + "\n\n";
    text += report.request.method == AutoMethod::FewestLayers ? fewestTable(report, model)
                                                              : pairTable(report, model);
    text += counted(report.decisions.size(), "layer") + targetClause() + ": " +
            std::to_string(report.changes()) + " changed";
    const auto add = [&](AutoOutcome outcome, const char* words) {
      if (const std::size_t count = report.count(outcome); count > 0)
        text += ", " + std::to_string(count) + " " + words;
    };
    add(AutoOutcome::WithSibling, "of them with a sibling");
    add(AutoOutcome::OutOfReach, "out of reach (try qloupe smooth)");
    add(AutoOutcome::Locked, "locked");
    add(AutoOutcome::NotMeasured, "not decided");
    text += "\n";
    if (!written.empty()) text += "plan written to " + printable(written) + "\n";
    return text;
  }

  std::string fewestTable(const AutoReport& report, const Model& model) const {
    TextTable table({{"layer"}, {"from"}, {"to"}, {"error"}, {"before", true}, {"after", true}, {""}});
    for (const AutoDecision& decision : report.decisions) {
      if (!isListed(report, decision)) continue;
      table.addRow({model.linears[decision.id].name, specText(decision.before),
                    decision.after == decision.before ? "-" : specText(decision.after), decision.figure,
                    errorText(decision.error),
                    decision.verdict ? errorText(decision.candidates[*decision.verdict].error) : "-",
                    noteText(decision)});
    }
    return table.isEmpty() ? std::string() : table.text() + "\n";
  }

  /// Two candidates and the better one.
  std::string pairTable(const AutoReport& report, const Model& model) const {
    const bool isMofq = report.request.method == AutoMethod::Mofq;
    TextTable table({{"layer"},
                     {"error"},
                     {isMofq ? "integers" : "output channel", true},
                     {isMofq ? "floats" : "input channel", true},
                     {"ratio", true},
                     {"verdict"},
                     {""}});
    for (const AutoDecision& decision : report.decisions) {
      const bool hasPair = decision.candidates.size() == 2;
      std::string ratio = "-", verdict = "-";
      if (hasPair && decision.candidates[0].error && decision.candidates[1].error &&
          *decision.candidates[0].error > 0)
        ratio = fixedText(*decision.candidates[1].error / *decision.candidates[0].error, 3);
      if (decision.verdict) verdict = specText(decision.candidates[*decision.verdict].choice);
      table.addRow({model.linears[decision.id].name, decision.figure.empty() ? "-" : decision.figure,
                    hasPair ? errorText(decision.candidates[0].error) : "-",
                    hasPair ? errorText(decision.candidates[1].error) : "-", ratio, verdict,
                    noteText(decision)});
    }
    return table.text() + "\n";
  }

  static std::string noteText(const AutoDecision& decision) {
    switch (decision.outcome) {
      case AutoOutcome::Changed:
      case AutoOutcome::Kept:
        return decision.note;
      case AutoOutcome::WithSibling:
        return decision.note.empty() ? "with a fused sibling" : decision.note;
      default:
        return decision.note.empty() ? std::string(autoOutcomeName(decision.outcome)) : decision.note;
    }
  }

  static Json numberOrNull(const std::optional<double>& number) {
    return number ? jsonNumber(*number) : Json(nullptr);
  }

  Json json(const AutoReport& report, const Model& model, const std::string& written) const {
    Json json;
    json["plan"] = m_plan;
    json["written"] = written.empty() ? Json(nullptr) : Json(written);
    json["method"] = autoMethodName(report.request.method);
    json["source"] = autoMethodSource(report.request.method);
    json["target"] = jsonNumber(report.request.target);
    json["changed"] = report.changes();
    json["decisions"] = Json::array();
    for (const AutoDecision& decision : report.decisions) {
      Json entry = layerJson(model.linears[decision.id]);
      entry["outcome"] = autoOutcomeName(decision.outcome);
      entry["before"] = specText(decision.before);
      entry["after"] = specText(decision.after);
      entry["figure"] = decision.figure;
      entry["error"] = numberOrNull(decision.error);
      entry["candidates"] = Json::array();
      for (const AutoCandidate& candidate : decision.candidates)
        entry["candidates"].push_back(
            {{"scheme", specText(candidate.choice)}, {"error", numberOrNull(candidate.error)}});
      entry["verdict"] = decision.verdict ? Json(*decision.verdict) : Json(nullptr);
      entry["flagged"] = decision.isFlagged;
      entry["note"] = decision.note;
      entry["provenance"] = evidenceJson(decision.evidence);
      json["decisions"].push_back(std::move(entry));
    }
    return json;
  }

  void warnAboutFused(const QuantizationPlan& plan, const Model& model) const {
    const std::vector<FusedConflict> conflicts = fusedConflicts(plan, model);
    if (conflicts.empty()) return;
    warn("In " + counted(conflicts.size(), "place") + " a runtime stores layers as one (" +
         conflicts.front().group + ") that have different schemes now.");
  }

  std::string m_plan, m_model, m_method, m_statistics, m_output, m_loss, m_float, m_text;
  double m_target = 0.02;
  std::vector<std::int64_t> m_groups;
  bool m_isDryRun = false, m_isSplit = false, m_isJson = false;
  TextOptions m_textOptions;
  SelectionOptions m_selection;
  JobOptions m_job;
};

}  // namespace

std::unique_ptr<Command> makePlanAutoCommand() {
  return std::make_unique<PlanAutoCommand>();
}

}  // namespace ql::cli
