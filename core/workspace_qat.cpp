#include "core/workspace_qat.h"

#include "core/base/error.h"
#include "core/calib/forward.h"
#include "core/evaluate/error_figures.h"
#include "core/evaluate/error_pass.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr std::array<std::size_t, 3> kTokenQuantiles{4, 7, 9};  // 50, 99 and 100 % in token_absmax_quantiles

void requireSound(const QatRequest& request) {
  const auto& rules = initialRules();
  if (std::find(rules.begin(), rules.end(), request.rule) == rules.end())
    static_cast<void>(withInitialRule({}, request.rule, request.percent));  // names those there are
  if (!(request.threshold > 0) || !std::isfinite(request.threshold))
    throw Error(ErrorCode::Usage, "The threshold for layers beyond repair is a fraction above 0, e.g. 0.1.");
  if (request.kvBits < 2 || request.kvBits > 8)
    throw Error(ErrorCode::Usage, "Caches are rounded to 2 to 8 bits.");
}

/// Empty when the scheme can be measured.
std::string problemOf(const WeightScheme& scheme) {
  try {
    requireMeasurable(scheme);
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

std::optional<std::array<double, 3>> tokenAbsmax(const ActivationStats& stats) {
  if (stats.tokenAbsmaxQuantiles.size() <= kTokenQuantiles.back()) return std::nullopt;
  std::array<double, 3> result{};
  for (std::size_t i = 0; i < 3; ++i)
    result[i] = static_cast<double>(stats.tokenAbsmaxQuantiles[kTokenQuantiles[i]]);
  return result;
}

double largestCode(const std::string& format) {
  if (const ElementFormat* element = findElementFormat(format)) return static_cast<double>(element->largest);
  const NumberFormatInfo* info = findNumberFormat(format);
  return info && info->isInteger ? (1 << (info->integerBits - 1)) - 1 : 0;
}

class QatRun {
 public:
  QatRun(Workspace& workspace, const QuantizationPlan& plan, const QatRequest& request, JobContext& job)
      : m_workspace(workspace),
        m_state(WorkspaceAccess::state(workspace)),
        m_plan(plan),
        m_source(m_state.requireWeights("first steps for training")),
        m_job(job) {
    m_report.request = request;
    m_report.fingerprint = workspace.fingerprint();
    if (!request.linears.empty()) return;
    const Model& model = workspace.model();
    for (LinearId id = 0; id < model.linears.size(); ++id)
      if (model.linears[id].isQuantizable) m_report.request.linears.push_back(id);
  }

  QatReport run() {
    for (const LinearId id : m_report.request.linears) {
      const Linear& linear = m_workspace.model().linears.at(id);
      const Choice choice = m_plan.choiceFor(linear.name);
      if (choice.weight) addWeight(id, choice);
      if (choice.activation) addActivation(id, *choice.activation);
      m_job.step();
    }
    addPoints();
    return std::move(m_report);
  }

 private:
  void addWeight(LinearId id, const Choice& choice) {
    const Linear& linear = m_workspace.model().linears[id];
    m_job.setStage("First steps of " + linear.name);
    QatWeight weight;
    weight.id = id;
    weight.choice = choice;
    const WeightScheme scheme =
        withInitialRule(*choice.weight, m_report.request.rule, m_report.request.percent);
    weight.note = problemOf(scheme);
    if (weight.note.empty()) setSteps(scheme, weight);
    if (m_report.request.triesRules) tryRules(weight);
    weight.evidence.method = "first steps by " + m_report.request.rule;
    weight.evidence.n = weight.steps ? static_cast<std::int64_t>(weight.steps->count) : 0;
    m_state.stamp(weight.evidence);
    m_report.weights.push_back(std::move(weight));
  }

  void setSteps(const WeightScheme& scheme, QatWeight& weight) {
    const std::array<WeightScheme, 1> schemes{scheme};
    const ErrorInput input = m_state.errorInputFor(weight.id, schemes);
    MatrixRange range;
    if (quantizerNeeds(scheme).range) range = measureRange(m_source, input.matrix, m_job);
    try {
      weight.steps = initialSteps(scheme, quantizerInput(m_source, input, &range, m_job));
    } catch (const Error& e) {
      if (e.code() != ErrorCode::Unsupported) throw;
      weight.note = e.what();
    }
  }

  void tryRules(QatWeight& weight) {
    const WeightScheme& planned = *weight.choice.weight;
    std::vector<std::pair<std::string, Choice>> trials;
    const auto add = [&](const std::string& name, WeightScheme scheme) {
      Choice choice{std::move(scheme), std::nullopt};
      const bool isKnown = std::any_of(trials.begin(), trials.end(),
                                       [&](const auto& trial) { return trial.second == choice; });
      if (!isKnown && problemOf(*choice.weight).empty()) trials.emplace_back(name, std::move(choice));
    };
    for (const std::string& rule : initialRules())
      add(rule, withInitialRule(planned, rule, m_report.request.percent));
    const bool hasInput = m_state.usableActivations(weight.id) != nullptr;
    WeightScheme gptq = withInitialRule(planned, "minmax", 0);
    gptq.algorithm = algorithmChoice("gptq");
    if (hasInput) add("gptq", gptq);
    if (hasInput || !quantizerNeedsOf(planned).activations) add("plan", planned);
    measure(weight, trials);
  }

  static QuantizerNeeds quantizerNeedsOf(const WeightScheme& scheme) {
    return problemOf(scheme).empty() ? quantizerNeeds(scheme) : QuantizerNeeds{false, false, true};
  }

  void measure(QatWeight& weight, const std::vector<std::pair<std::string, Choice>>& trials) {
    std::vector<Choice> choices;
    for (const auto& [name, choice] : trials) choices.push_back(choice);
    const std::array<LinearId, 1> ids{weight.id};
    m_workspace.measure(ids, choices, m_job);
    m_workspace.measureOutputs(ids, choices, m_job);
    std::vector<LayerError> errors;
    for (const Choice& choice : choices)
      errors.push_back(m_workspace.errorFigures(weight.id, choice).value_or(LayerError{}));
    const auto have = [&](std::optional<double> LayerError::*figure) {
      return !errors.empty() && std::all_of(errors.begin(), errors.end(),
                                            [&](const LayerError& e) { return (e.*figure).has_value(); });
    };
    const bool isOutput = have(&LayerError::outputRelW), isNorm = have(&LayerError::normWeightedRel);
    weight.figure = isOutput ? "output_rel_w" : isNorm ? "norm_weighted_rel" : "weight_rel_fro";
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const LayerError& e = errors[i];
      weight.trials.push_back({trials[i].first, isOutput ? *e.outputRelW
                                                : isNorm ? *e.normWeightedRel
                                                         : e.weightRelFro});
      if (!weight.best || weight.trials.back().error < weight.best->error) weight.best = weight.trials.back();
    }
    weight.isBeyondRepair = weight.best && weight.best->error > m_report.request.threshold;
  }

  void addActivation(LinearId id, const ActScheme& scheme) {
    QatActivation result;
    result.id = id;
    result.scheme = scheme;
    const Linear& linear = m_workspace.model().linears[id];
    const auto stats = linear.site ? m_workspace.activations(*linear.site) : nullptr;
    if (!stats)
      result.note = "There are no activations of this layer's input; calibrate first.";
    else if (scheme.dynamic)
      setTokenSteps(*stats, result);
    else
      setStaticSteps(*stats, result);
    m_report.activations.push_back(std::move(result));
  }

  static void setTokenSteps(const ActivationStats& stats, QatActivation& result) {
    result.rule = "minmax";
    result.note = "Dynamic: the step is that of each token, there is none to learn.";
    result.tokens = static_cast<std::int64_t>(stats.all.tokens);
    const auto absmax = tokenAbsmax(stats);
    const double most = largestCode(result.scheme.format);
    if (!absmax || !(most > 0)) return;
    result.tokenSteps = std::array<double, 3>{(*absmax)[0] / most, (*absmax)[1] / most, (*absmax)[2] / most};
  }

  void setStaticSteps(const ActivationStats& stats, QatActivation& result) const {
    result.rule = m_report.request.rule;
    try {
      result.steps = initialActivationSteps(result.scheme, stats, result.rule, m_report.request.percent);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::Unsupported) throw;
      result.note = e.what();
      return;
    }
    result.tokens =
        result.rule == "minmax" ? static_cast<std::int64_t>(stats.all.tokens) : stats.sample.count();
    if (result.rule != m_report.request.rule)
      result.note = "Set by the extremes: " + m_report.request.rule +
                    " has no meaning for this scheme, or there is no token sample.";
  }

  void addPoints() {
    for (const std::string& name : m_workspace.pointNames()) {
      const auto id = findPoint(m_workspace.model(), name);
      const auto stats = id ? m_workspace.pointActivations(name) : nullptr;
      if (!stats) continue;
      const bool isCache = id->kind == PointKind::KCache || id->kind == PointKind::VCache;
      if (isCache)
        addCache(name, *stats);
      else
        addResidual(name, *stats);
      m_job.step();
    }
  }

  void addCache(const std::string& name, const ActivationStats& stats) {
    const auto absmax = tokenAbsmax(stats);
    if (!absmax) return;
    QatCache cache{name, *absmax, {}};
    const int most = (1 << (m_report.request.kvBits - 1)) - 1;
    for (std::size_t i = 0; i < 3; ++i) cache.steps[i] = cache.absmax[i] / most;
    m_report.caches.push_back(cache);
  }

  void addResidual(const std::string& name, const ActivationStats& stats) {
    const ActivationSummary& summary = stats.summary;
    QatResidual residual{name, summary.absmax, summary.rms, summary.channelPeakRatio, 0, false};
    if (summary.rms > 0) residual.error8 = summary.absmax / 127 / std::sqrt(12.0) / summary.rms;
    residual.keeps16 = residual.error8 > m_report.request.threshold;
    m_report.residuals.push_back(residual);
  }

  Workspace& m_workspace;
  WorkspaceAccess::State& m_state;
  const QuantizationPlan& m_plan;
  const WeightSource& m_source;
  JobContext& m_job;
  QatReport m_report;
};

}  // namespace

QatReport qatReport(Workspace& workspace, const QuantizationPlan& plan, const QatRequest& request,
                    JobContext& job) {
  requireSound(request);
  return QatRun(workspace, plan, request, job).run();
}

std::string qatCriterion(const QatReport& report) {
  if (!report.request.triesRules) return "Not judged: no rules were tried.";
  std::string figure = "its error";
  if (!report.weights.empty() && !report.weights.front().figure.empty())
    figure = report.weights.front().figure;
  return "A layer is beyond repair by rounding when the least " + figure +
         " of all rules for its first range, of GPTQ (with activations) and of the plan's own choice is over "
         "the threshold.";
}

}  // namespace ql
