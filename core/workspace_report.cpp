#include "core/workspace_report.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/diagnosis_case.h"
#include "core/plan/plan_edit.h"
#include "core/report/finding_words.h"
#include "core/report/number_words.h"
#include "core/report/report_html.h"
#include "core/workspace_report_facts.h"
#include "core/workspace_smoothing.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <map>
#include <set>

namespace ql {

namespace {

constexpr std::size_t kMaxCurveGroups = 8;

std::string choiceText(const Choice& choice) {
  return weightSchemeText(choice) + ", activations " + actSchemeText(choice);
}

/// "SmoothQuant, alpha 0.5"
std::string smoothingText(const SmoothingRemedy& smoothing) {
  const bool isSmoothQuant = smoothing.method == "smoothquant";
  const std::string name = isSmoothQuant ? std::string("SmoothQuant") : "bi-smoothing " + smoothing.statistic;
  return name + ", alpha " + report::figure(smoothing.alpha);
}

/// Gathers what a report says, step by step.
class ReportCollector {
 public:
  ReportCollector(Workspace& workspace, const ReportOptions& options, JobContext& job)
      : m_workspace(workspace),
        m_model(workspace.model()),
        m_options(options),
        m_job(job),
        m_plan(options.plan ? *options.plan : workspace.newPlan(options.defaultChoice)) {
    for (LinearId id = 0; id < m_model.linears.size(); ++id)
      if (m_model.linears[id].isQuantizable) m_ids.push_back(id);
  }

  report::ReportData collect() {
    checkOptions();
    m_data.perplexity = perplexityFigures(m_options);
    findBase();
    diagnose();
    measure();
    measureSmoothed();
    dropRepaired();
    fillFacts();
    fillLayers();
    fillFindings();
    fillWorst();
    fillCurves();
    return std::move(m_data);
  }

 private:
  struct Value {
    std::string figure;
    double error = 0;
  };

  const std::string& name(LinearId id) const { return m_model.linears[id].name; }
  Choice choiceOf(LinearId id) const { return m_plan.choiceFor(name(id)); }
  bool hasWeights() const { return m_workspace.weights() != nullptr; }

  void checkOptions() const {
    if (m_options.worst < 1 || m_options.worst > kMaxWorstLayers)
      throw Error(ErrorCode::Usage, "The number of worst layers must be between 1 and " +
                                        std::to_string(kMaxWorstLayers) + ".");
    if (!(m_options.target > 0) || m_options.target > 10)
      throw Error(ErrorCode::Usage, "The target is a fraction above 0, for example 0.02 for 2 %.");
  }

  /// The choice of most layers: what the model is diagnosed under.
  void findBase() {
    std::map<std::string, std::size_t> counts;
    std::size_t most = 0;
    for (const LinearId id : m_ids) {
      const Choice choice = choiceOf(id);
      if (!choice.weight) continue;
      const std::size_t count = ++counts[choiceJson(choice)];
      if (count <= most) continue;
      most = count;
      m_base = choice;
    }
    m_data.scheme = choiceText(m_base.value_or(m_plan.defaultChoice));
  }

  void diagnose() {
    if (!m_base) return;
    DiagnosisOptions options;
    options.target = m_options.target;
    options.choice = *m_base;
    try {
      for (Finding& finding : m_workspace.diagnose(options, m_job)) {
        const auto id = m_model.find(finding.layer);
        if (id && choiceOf(*id) == *m_base) m_findings.push_back(std::move(finding));
      }
    } catch (const Error& e) {
      if (e.code() != ErrorCode::Unsupported) throw;
      m_data.notes.push_back("Nothing was diagnosed under " + choiceText(*m_base) + ": " + e.what());
    }
    for (const LinearId id : m_ids) {
      options.choice = choiceOf(id);
      if (!options.choice.weight || options.choice == *m_base) continue;
      m_later.push_back(id);
    }
  }

  /// Layers under other choices than the base, a choice at a time.
  void measure() {
    std::map<std::string, std::pair<Choice, std::vector<LinearId>>> parts;
    for (const LinearId id : m_later) {
      auto& part = parts[choiceJson(choiceOf(id))];
      part.first = choiceOf(id);
      part.second.push_back(id);
    }
    for (const auto& [key, part] : parts) {
      measurePart(part.first, part.second);
      DiagnosisOptions options;
      options.target = m_options.target;
      options.choice = part.first;
      for (const LinearId id : part.second)
        for (Finding& finding : m_workspace.findings(id, options)) m_findings.push_back(std::move(finding));
    }
    std::stable_sort(m_findings.begin(), m_findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  }

  void measurePart(const Choice& choice, const std::vector<LinearId>& ids) {
    if (!hasWeights()) return;
    try {
      m_workspace.measure(ids, std::span(&choice, 1), m_job);
      if (m_workspace.calibrationRecord()) m_workspace.measureOutputs(ids, std::span(&choice, 1), m_job);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::Unsupported) throw;
      m_data.notes.push_back("Layers under " + choiceText(choice) + " were not measured: " + e.what());
    }
  }

  /// Errors of readers that the plan smooths take the place of those without smoothing.
  void measureSmoothed() {
    for (const PlanSmoothing& smoothing : m_plan.smoothing) {
      try {
        measureSmoothed(smoothing);
      } catch (const Error& e) {
        if (e.code() == ErrorCode::Io) throw;
        m_data.notes.push_back("The smoothing behind " + quotedText(smoothing.producer) +
                               " is not in the errors: " + e.what());
      }
    }
  }

  /// Findings were made without smoothing: those about an error that the plan repairs are none.
  void dropRepaired() {
    const std::size_t before = m_findings.size();
    std::erase_if(m_findings, [&](const Finding& finding) {
      if (finding.code == "dead_rows" || finding.code == "non_finite") return false;
      const auto id = m_model.find(finding.layer);
      const auto smoothed = id ? m_smoothed.find(*id) : m_smoothed.end();
      return smoothed != m_smoothed.end() && smoothed->second <= m_options.target;
    });
    if (const std::size_t repaired = before - m_findings.size(); repaired > 0)
      m_data.notes.push_back("Left out: " + report::counted(std::uint64_t{repaired}, "finding") +
                             " that the plan's smoothing repairs.");
  }

  void measureSmoothed(const PlanSmoothing& smoothing) {
    const auto& groups = m_model.smoothingGroups;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const SmoothingGroup& candidate) {
      return candidate.producer == smoothing.producer;
    });
    if (group == groups.end() || !hasWeights())
      throw Error(ErrorCode::Unsupported, group == groups.end() ? "the model has no linears behind it."
                                                                : "only a statistics file is open.");
    const auto index = static_cast<std::size_t>(group - groups.begin());
    const auto folder = std::filesystem::path(m_options.planPath).parent_path();
    const SmoothingPoint point =
        plannedFigures(m_workspace, smoothing, index, folder, m_workspace.groupChoices(m_plan, index), m_job)
            .point;
    for (std::size_t i = 0; i < group->consumers.size() && i < point.error.readers.size(); ++i)
      if (point.error.readers[i].wa) m_smoothed[group->consumers[i]] = *point.error.readers[i].wa;
  }

  std::optional<Value> errorUnder(LinearId id, const Choice& choice) const {
    const std::optional<LayerError> error = m_workspace.errorFigures(id, choice);
    if (!error) return std::nullopt;
    const DiagnosisFigure figure = diagnosisFigure(*error, choice);
    if (const std::optional<double> value = (*error).*figure.member) return Value{figure.key, *value};
    return Value{"weight_rel_fro", error->weightRelFro};
  }

  std::optional<Value> plannedError(LinearId id) const {
    const auto smoothed = m_smoothed.find(id);
    if (smoothed != m_smoothed.end()) return Value{"output_rel_wa", smoothed->second};
    return errorUnder(id, choiceOf(id));
  }

  void fillFacts() {
    m_data.model = m_model.name;
    m_data.date = m_options.date.empty() ? todayText() : m_options.date;
    m_data.target = m_options.target;
    m_data.facts = modelFacts(m_workspace);
    m_data.evidence = evidenceFacts(m_workspace);
    m_data.blocks = m_model.blockCount;
    if (m_options.plan)
      m_data.planName = m_options.planPath.empty()
                            ? "The plan in the window"
                            : std::filesystem::path(m_options.planPath).filename().string();
    const PlanTotals totals = planTotals(m_plan, m_model, static_cast<double>(m_workspace.sizeBytes()));
    m_data.totals = report::Totals{totals.linears,     totals.changed,      totals.locked,     totals.ignored,
                                   totals.storedBytes, totals.plannedBytes, totals.averageBits};
    for (const std::string& warning : m_workspace.warnings()) m_data.notes.push_back(warning);
    if (!m_smoothed.empty())
      m_data.notes.push_back("Errors of " + report::counted(std::uint64_t{m_smoothed.size()}, "layer") +
                             " are those with the plan's smoothing.");
  }

  void fillLayers() {
    std::set<std::string> flagged;
    std::size_t missing = 0;
    for (const Finding& finding : m_findings) flagged.insert(finding.layer);
    for (const LinearId id : m_ids) {
      const Linear& linear = m_model.linears[id];
      const Choice choice = choiceOf(id);
      report::Layer layer;
      layer.name = linear.name;
      layer.role = std::string(roleName(linear.role));
      layer.block = linear.block;
      layer.expert = linear.expert;
      layer.out = linear.out();
      layer.in = linear.in();
      layer.weights = weightSchemeText(choice);
      layer.activations = actSchemeText(choice);
      if (const std::optional<Value> value = plannedError(id)) {
        layer.error = value->error;
        layer.isOnData = value->figure.starts_with("output_rel");
      }
      missing += choice.weight && !layer.error ? 1 : 0;
      layer.bits = bitsPerWeight(choice, layer.out, layer.in, dtypeInfo(linear.dtype).bits);
      layer.isFlagged = flagged.contains(layer.name);
      layer.isChanged = m_plan.layers.contains(layer.name);
      layer.isLocked = m_plan.isLocked(layer.name);
      layer.isIgnored = m_plan.isIgnored(layer.name);
      m_data.layers.push_back(std::move(layer));
      m_job.step();
    }
    for (const TensorRole role : m_model.rolesPresent) m_data.roles.emplace_back(roleName(role));
    if (missing > 0)
      m_data.notes.push_back(report::counted(std::uint64_t{missing}, "layer") +
                             " could not be measured under the plan" +
                             (hasWeights() ? "." : ": only a statistics file is open, without weights."));
  }

  report::FindingText inWords(const Finding& finding) const {
    report::FindingText text{finding.layer, finding.code, report::findingSentence(finding), {}, {}};
    if (finding.remedies.empty()) return text;
    const std::string plan = m_options.planPath.empty() ? m_model.name + ".qlplan.json" : m_options.planPath;
    const std::string model = m_options.modelPath.empty() ? m_workspace.path().string() : m_options.modelPath;
    const Remedy& best = report::recommendedRemedy(finding);
    text.remedy = report::remedySentence(best);
    text.command = report::remedyCommand(best, finding, m_plan.choiceFor(finding.layer), m_model, plan, model,
                                         m_options.statisticsPath);
    return text;
  }

  void fillFindings() {
    m_data.findingCount = m_findings.size();
    for (std::size_t i = 0; i < m_findings.size() && i < report::kMaxFindings; ++i)
      m_data.findings.push_back(inWords(m_findings[i]));
  }

  void fillWorst() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < m_data.layers.size(); ++i)
      if (m_data.layers[i].error) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return *m_data.layers[a].error > *m_data.layers[b].error;
    });
    order.resize(std::min(order.size(), m_options.worst));
    for (const std::size_t i : order) {
      m_job.step();
      m_data.worst.push_back(closeLook(i));
    }
  }

  report::WorstLayer closeLook(std::size_t index) const {
    const LinearId id = m_ids[index];
    report::WorstLayer worst;
    worst.layer = index;
    if (const auto stats = m_workspace.weightStats(id)) worst.weightAbsmax = stats->columns.absmax;
    const std::optional<std::size_t> site = m_model.linears[id].site;
    if (site && m_workspace.activationSummary(*site)) {
      const auto activations = m_workspace.activations(*site);
      if (activations && activations->hasExtremes()) worst.inputAbsmax = activations->all.absmax;
    }
    for (const Finding& finding : m_findings)
      if (finding.layer == name(id)) worst.findings.push_back(inWords(finding));
    worst.bars = barsOf(id);
    return worst;
  }

  /// The planned choice, then what was measured beside it on the same figure, best first.
  std::vector<report::Bar> barsOf(LinearId id) const {
    const Choice choice = choiceOf(id);
    const std::optional<Value> planned = plannedError(id);
    if (!planned) return {};
    std::vector<report::Bar> others;
    const auto add = [&](const std::string& label, const std::optional<Value>& value) {
      if (value && value->figure == planned->figure) others.push_back({label, value->error, false});
    };
    std::vector<Choice> candidates = m_base ? std::vector{*m_base} : std::vector<Choice>();
    for (const Choice& candidate : remedyCandidates(choice, m_model.linears[id].in()))
      candidates.push_back(candidate);
    for (const Choice& candidate : activationRemedyCandidates(choice, m_model.linears[id].in()))
      candidates.push_back(candidate);
    for (const Choice& candidate : candidates) {
      if (candidate == choice && !m_smoothed.contains(id)) continue;
      const bool isGroupedToo =
          candidate.activation && candidate.activation->granularity == Granularity::Group;
      add(weightSchemeText(candidate) + (isGroupedToo ? ", X too" : ""), errorUnder(id, candidate));
    }
    for (const Finding& finding : m_findings)
      for (const Remedy& remedy : finding.remedies)
        if (finding.layer == name(id) && remedy.smoothing)
          add(smoothingText(*remedy.smoothing), Value{remedy.figure, remedy.after});
    std::stable_sort(others.begin(), others.end(),
                     [](const report::Bar& a, const report::Bar& b) { return a.error < b.error; });
    const auto same = [](const report::Bar& a, const report::Bar& b) { return a.label == b.label; };
    others.erase(std::unique(others.begin(), others.end(), same), others.end());
    const std::string label = weightSchemeText(choice) + (m_smoothed.contains(id) ? ", smoothed" : "");
    others.insert(others.begin(), report::Bar{label, planned->error, true});
    return others;
  }

  /// Curves over alpha that are known, of groups that the plan smooths and of the worst layers.
  void fillCurves() {
    std::vector<std::size_t> groups;
    for (const auto& [id, error] : m_smoothed) groups.push_back(*m_model.linears[id].smoothingGroup);
    for (const report::WorstLayer& worst : m_data.worst)
      if (const auto group = m_model.linears[m_ids[worst.layer]].smoothingGroup) groups.push_back(*group);
    std::set<std::size_t> seen;
    for (const std::size_t group : groups) {
      if (m_data.smoothing.size() >= kMaxCurveGroups || !seen.insert(group).second) continue;
      if (auto picture = curvesOf(group)) m_data.smoothing.push_back(std::move(*picture));
    }
  }

  std::optional<report::SmoothingPicture> curvesOf(std::size_t group) const {
    report::SmoothingPicture picture;
    picture.producer = m_model.smoothingGroups[group].producer;
    for (const LinearId id : m_model.smoothingGroups[group].consumers)
      if (picture.readers.size() < 8) picture.readers.push_back(name(id));
    for (const auto& [method, statistic, label] : {std::tuple("bismooth", "median", "bi-smoothing"),
                                                   std::tuple("smoothquant", "max", "SmoothQuant")}) {
      CurveRequest request;
      request.group = group;
      request.choices = m_workspace.groupChoices(m_plan, group);
      request.curve.smoothing.method = method;
      request.curve.smoothing.statistic = statistic;
      request.curve.withParts = false;
      const auto known = m_workspace.knownSmoothingCurve(request);
      if (!known || !known->best() || !known->none.error.together.wa) continue;
      picture.none = *known->none.error.together.wa;
      report::AlphaCurve curve{label, {}, known->best()->alpha, *known->best()->error.together.wa};
      for (const SmoothingPoint& point : known->grid)
        if (point.error.together.wa) curve.points.emplace_back(point.alpha, *point.error.together.wa);
      picture.curves.push_back(std::move(curve));
    }
    return picture.curves.empty() ? std::nullopt : std::optional(std::move(picture));
  }

  Workspace& m_workspace;
  const Model& m_model;
  const ReportOptions& m_options;
  JobContext& m_job;
  const QuantizationPlan m_plan;
  std::vector<LinearId> m_ids;      // quantizable, in network order; parallel to m_data.layers
  std::optional<Choice> m_base;     // of most layers; nothing when the plan quantizes none
  std::vector<LinearId> m_later;    // layers under other choices
  std::vector<Finding> m_findings;  // worst first
  std::map<LinearId, double> m_smoothed;
  report::ReportData m_data;
};

}  // namespace

report::ReportData collectReport(Workspace& workspace, const ReportOptions& options, JobContext& job) {
  job.setStage("Gathering the report");
  return ReportCollector(workspace, options, job).collect();
}

void writeReport(Workspace& workspace, const ReportOptions& options, const std::filesystem::path& path,
                 JobContext& job) {
  std::error_code ignored;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, ignored))
    throw Error(ErrorCode::Io, "The report cannot be written to " + quotedPath(path) + ": the folder " +
                                   quotedPath(folder) + " does not exist; choose another or create it.");
  if (std::filesystem::is_directory(path, ignored))
    throw Error(ErrorCode::Io, quotedPath(path) + " is a folder; name a file, for example " +
                                   quotedPath(path / "report.html") + ".");
  const report::ReportData data = collectReport(workspace, options, job);
  job.setStage("Writing the report");
  writeFileAtomically(path, report::reportHtml(data));
}

}  // namespace ql
