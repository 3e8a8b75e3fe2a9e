// What smoothing would do to each group of a model.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/smoothed_error.h"
#include "core/smooth_residual.h"
#include "core/smoothing_report.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr int kSearchSteps = 20;  // alpha = 0, 0.05 .. 1 (methods.md: the grid of the per-layer search)

/// Sums of squares over readers; a figure that one reader lacks is lacking in all.
class JointSums {
 public:
  void add(const OutputError& error, double energy) {
    m_energy += energy;
    add(m_w, error.w, energy);
    add(m_a, error.a, energy);
    add(m_wa, error.wa, energy);
  }
  JointError result() const { return {rootOf(m_w), rootOf(m_a), rootOf(m_wa)}; }

 private:
  struct Sum {
    double squares = 0;
    bool isKnown = true;
  };
  static void add(Sum& sum, const std::optional<double>& relative, double energy) {
    if (relative)
      sum.squares += *relative * *relative * energy;
    else if (energy > 0)
      sum.isKnown = false;
  }
  std::optional<double> rootOf(const Sum& sum) const {
    return sum.isKnown && m_energy > 0 ? std::optional<double>(std::sqrt(sum.squares / m_energy))
                                       : std::nullopt;
  }
  double m_energy = 0;
  Sum m_w, m_a, m_wa;
};

/// Measures one group. `Inputs` gives statistics of a site and the description of a linear.
class GroupMeasure {
 public:
  struct Inputs {
    std::shared_ptr<const WeightSource> source;
    const Model& model;
    std::string_view configJson;
    const std::map<std::string, DType>& dtypes;
    std::function<std::shared_ptr<const ActivationStats>(std::size_t)> site;
    std::function<ErrorInput(LinearId)> errorInput;
  };

  GroupMeasure(const Inputs& inputs, const SmoothingReportRequest& request, std::size_t group,
               JobContext& job)
      : m_inputs(inputs), m_request(request), m_job(job) {
    const SmoothingGroup& readers = inputs.model.smoothingGroups.at(group);
    m_result.group = group;
    m_result.producer = readers.producer;
    m_result.alpha = request.options.alpha;
    for (const LinearId id : readers.consumers) m_result.readers.push_back(inputs.model.linears[id].name);
    m_result.fold = foldTarget(inputs.model, group, inputs.configJson);
  }

  GroupSmoothing run() {
    m_job.setStage("Smoothing behind " + m_result.producer);
    m_result.problem = obstacle();
    if (!m_result.problem.empty()) return std::move(m_result);
    try {
      gather();
      if (m_request.isSearch) search();
      m_result.factors = factorsAt(m_result.alpha);
    } catch (const Error& e) {
      // evidence that one group lacks is said with that group; the others go on
      if (e.code() != ErrorCode::Unsupported) throw;
      m_result.problem = e.what();
      return std::move(m_result);
    }
    describeFactors();
    if (m_samples.empty()) return std::move(m_result);
    const std::vector<float> ones(m_result.factors.s.size(), 1.0f);
    m_result.before = jointError(ones);
    m_result.after = jointError(m_result.factors.s);
    m_result.residual = smoothingResidual(m_inputs.source, m_inputs.model, m_inputs.configJson, m_result,
                                          m_inputs.dtypes, m_samples, m_job);
    return std::move(m_result);
  }

 private:
  std::string obstacle() const {
    if (!m_result.fold.isFoldable) return "it cannot be folded into the weights: " + m_result.fold.reason;
    for (const std::string& reader : m_result.readers)
      if (m_request.locks.contains(reader)) return quotedText(reader) + " is locked in the plan";
    if (m_request.locks.contains(m_result.fold.producer))
      return quotedText(m_result.fold.producer) + " is locked in the plan";
    return {};
  }

  /// What S is computed from, and the samples that errors are measured on.
  void gather() {
    const Model& model = m_inputs.model;
    const auto site = smoothingSite(model, m_result.group);
    const auto stats = site ? m_inputs.site(*site) : nullptr;
    const SmoothingGroup& readers = model.smoothingGroups[m_result.group];
    m_input = smoothingInput(*m_inputs.source, model, m_result.group, stats.get(),
                             m_inputs.errorInput(readers.consumers.front()).gain,
                             m_request.options.statistic == "median", m_job);
    for (const LinearId id : readers.consumers) {
      const auto& own = model.linears[id].site;
      const auto sample = own ? m_inputs.site(*own) : nullptr;
      if (sample && sample->hasSample()) m_samples[id] = sample;
    }
    if (m_samples.empty()) {
      if (m_request.isSearch)
        throw Error(ErrorCode::Unsupported,
                    "The search for alpha needs a token sample, which is not known here; calibrate, import "
                    "activations that keep tokens, or give --alpha.");
      return;
    }
    m_energies = outputEnergies(*m_inputs.source, model, m_samples, m_job);
    const ActivationStats& first = stats && stats->hasSample() ? *stats : *m_samples.begin()->second;
    Evidence& evidence = m_result.evidence;
    evidence.method = "smoothed output error of all readers together, on the token sample";
    evidence.kind = Evidence::Kind::Sampled;
    evidence.level = "activations";
    evidence.n = first.sample.count();
    evidence.data = first.evidence.data;
  }

  SmoothingFactors factorsAt(double alpha) const {
    SmoothingOptions options = m_request.options;
    options.alpha = alpha;
    SmoothingFactors factors = smoothingFactors(m_input, options);
    shareAcrossHeads(m_result.fold, factors.s);
    return factors;
  }

  JointError jointError(const std::vector<float>& s) const {
    JointSums sums;
    for (const auto& [id, stats] : m_samples) {
      if (!m_inputs.model.linears[id].isQuantizable) continue;
      const ErrorInput input = m_inputs.errorInput(id);
      m_job.expect(smoothedOutputUnits(input, std::span(&m_request.choice, 1), *stats));
      const std::vector<OutputError> errors =
          smoothedOutputErrors(*m_inputs.source, input, std::span(&m_request.choice, 1), s, *stats, m_job);
      sums.add(errors.front(), m_energies.at(id) * sampleWeight(*stats));
    }
    return sums.result();
  }

  /// The alpha with the least joint error; the first of equal ones.
  void search() {
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= kSearchSteps; ++i) {
      const double alpha = static_cast<double>(i) / kSearchSteps;
      const JointError error = jointError(factorsAt(alpha).s);
      m_result.curve.push_back({alpha, error});
      if (!error.wa || !(*error.wa < least)) continue;
      least = *error.wa;
      m_result.alpha = alpha;
    }
  }

  void describeFactors() {
    std::vector<float> sorted = m_result.factors.s;
    if (sorted.empty()) return;
    std::sort(sorted.begin(), sorted.end());
    m_result.leastFactor = sorted.front();
    m_result.medianFactor = sorted[(sorted.size() - 1) / 2];
    m_result.largestFactor = sorted.back();
  }

  const Inputs& m_inputs;
  const SmoothingReportRequest& m_request;
  JobContext& m_job;
  GroupSmoothing m_result;
  SmoothingInput m_input;
  ReaderSamples m_samples;
  std::map<LinearId, double> m_energies;
};

}  // namespace

std::size_t SmoothingReport::usableCount() const {
  return static_cast<std::size_t>(
      std::count_if(groups.begin(), groups.end(), [](const auto& group) { return group.problem.empty(); }));
}

std::vector<std::size_t> smoothingGroupsOf(const Model& model, std::span<const LinearId> linears) {
  std::vector<std::size_t> groups;
  for (const LinearId id : linears) {
    const auto& group = model.linears.at(id).smoothingGroup;
    if (!group || std::find(groups.begin(), groups.end(), *group) != groups.end()) continue;
    const auto& readers = model.smoothingGroups[*group].consumers;
    const bool isQuantized = std::any_of(
        readers.begin(), readers.end(), [&](LinearId reader) { return model.linears[reader].isQuantizable; });
    if (isQuantized) groups.push_back(*group);
  }
  return groups;
}

QuantizationPlan withSmoothing(QuantizationPlan plan, const SmoothingReport& report,
                               const std::string& scales) {
  for (const GroupSmoothing& group : report.groups) {
    if (!group.problem.empty()) continue;
    PlanSmoothing entry;
    entry.producer = group.producer;
    entry.consumers = group.readers;
    entry.method = report.request.options.method;
    entry.statistic = report.request.options.statistic;
    entry.alpha = group.alpha;
    entry.powersOfTwo = report.request.options.powersOfTwo;
    if (const auto formula = report.request.options.options.find("formula");
        formula != report.request.options.options.end() && optionText(formula->second) != "official")
      entry.formula = optionText(formula->second);
    if (const auto dataFree = report.request.options.options.find("data_free");
        dataFree != report.request.options.options.end())
      entry.dataFree = dataFree->second == OptionValue(true);
    entry.scales = scales + "#" + group.producer;
    const auto same = std::find_if(plan.smoothing.begin(), plan.smoothing.end(),
                                   [&](const PlanSmoothing& old) { return old.producer == group.producer; });
    if (same == plan.smoothing.end())
      plan.smoothing.push_back(std::move(entry));
    else
      *same = std::move(entry);
  }
  return plan;
}

SmoothingReport Workspace::smoothingReport(const SmoothingReportRequest& request, JobContext& job) const {
  State& state = *m_state;
  state.requireWeights("smoothing");
  SmoothingReport report;
  report.request = request;
  if (report.request.options.statistic.empty())
    report.request.options.statistic = smoothingMethodFor(request.options.method).statistics.front();
  if (report.request.groups.empty()) {
    std::vector<LinearId> all(state.model.linears.size());
    for (LinearId id = 0; id < all.size(); ++id) all[id] = id;
    report.request.groups = smoothingGroupsOf(state.model, all);
  }
  std::map<std::string, DType> dtypes;
  for (const TensorInfo& tensor : state.tensors) dtypes[tensor.name] = tensor.dtype;
  const GroupMeasure::Inputs inputs{state.source,
                                    state.model,
                                    state.configJson,
                                    dtypes,
                                    [&state](std::size_t site) { return state.activations(site); },
                                    [&state](LinearId id) { return state.errorInput(id); }};
  for (const std::size_t group : report.request.groups) {
    report.groups.push_back(GroupMeasure(inputs, report.request, group, job).run());
    state.stamp(report.groups.back().evidence);
  }
  return report;
}

}  // namespace ql
