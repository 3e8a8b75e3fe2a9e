// Measuring and deciding: the work of decideAutomatically().
#include "core/workspace_methods.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/adadim_block.h"
#include "core/evaluate/fewest_layers.h"
#include "core/workspace_state.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>

namespace ql {
namespace {

constexpr const char* kWeightFigure = "weight_rel_fro";
constexpr const char* kOutputW = "output_rel_w";
constexpr const char* kOutputWa = "output_rel_wa";
constexpr const char* kNormWeighted = "norm_weighted_rel";
constexpr const char* kBlockOutput = "block_output_rel";

/// A figure of a linear under a choice with its provenance.
struct Measured {
  std::optional<double> error;
  Evidence evidence;
};

/// "90.9 %", "1.85 %": the precision of errors everywhere.
std::string percentText(double fraction) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), fraction >= 0.1 ? "%.1f %%" : "%.2f %%", 100 * fraction);
  return text.data();
}

class Decider {
 public:
  Decider(Workspace& workspace, const QuantizationPlan& plan, const AutoRequest& request, JobContext& job)
      : m_workspace(workspace), m_model(workspace.model()), m_plan(plan), m_job(job), m_report{request, {}} {}

  AutoReport run() {
    collect();
    switch (request().method) {
      case AutoMethod::FewestLayers:
        decideFewest();
        break;
      case AutoMethod::Mofq:
        decideMofq();
        break;
      case AutoMethod::AdaDim:
        decideAdaDim();
        break;
    }
    requireFigures();
    return std::move(m_report);
  }

 private:
  const AutoRequest& request() const { return m_report.request; }
  std::vector<AutoDecision>& decisions() { return m_report.decisions; }
  const Linear& linear(const AutoDecision& decision) const { return m_model.linears[decision.id]; }
  bool isLocked(const AutoDecision& decision) const { return m_plan.isLocked(linear(decision).name); }

  /// One decision for each linear that the plan quantizes, fused siblings of the asked ones included.
  void collect() {
    std::set<LinearId> ids(request().linears.begin(), request().linears.end());
    for (const LinearId id : request().linears)
      if (const auto group = m_model.linears.at(id).fusedGroup)
        ids.insert(m_model.fusedGroups[*group].members.begin(), m_model.fusedGroups[*group].members.end());
    for (LinearId id = 0; id < m_model.linears.size(); ++id) {
      if (!request().linears.empty() && !ids.contains(id)) continue;
      AutoDecision decision;
      decision.id = id;
      decision.before = decision.after = m_plan.choiceFor(m_model.linears[id].name);
      if (decision.before.weight) decisions().push_back(std::move(decision));
    }
    if (decisions().empty())
      throw Error(ErrorCode::Usage,
                  "The plan leaves all of these layers as stored, so there is nothing to decide; give them a "
                  "scheme first, e.g. qloupe plan set PLAN w8a8.");
  }

  /// Measures choices of decisions; `ask` gives those of one decision. Decisions that ask the same go
  /// together.
  template <class Ask>
  void measure(bool needsWeightErrors, const Ask& ask) {
    std::vector<std::pair<std::vector<Choice>, std::vector<LinearId>>> batches;
    for (const AutoDecision& decision : decisions()) {
      std::vector<Choice> choices = ask(decision);
      if (choices.empty()) continue;
      const auto same = std::find_if(batches.begin(), batches.end(),
                                     [&](const auto& batch) { return batch.first == choices; });
      if (same == batches.end())
        batches.push_back({std::move(choices), {decision.id}});
      else
        same->second.push_back(decision.id);
    }
    for (const auto& [choices, ids] : batches) {
      if (needsWeightErrors) m_workspace.measure(ids, choices, m_job);
      m_workspace.measureOutputs(ids, choices, m_job);
    }
  }

  Measured figure(const AutoDecision& decision, const Choice& choice) const {
    const auto output = m_workspace.outputError(decision.id, choice);
    if (decision.figure == kOutputWa)
      return output ? Measured{output->wa, output->sampleEvidence} : Measured{};
    if (decision.figure == kOutputW) return output ? Measured{output->w, output->weightEvidence} : Measured{};
    const auto weights = m_workspace.errorFigures(decision.id, choice);
    if (!weights) return {};
    const bool isPlain = decision.figure == kWeightFigure;
    return {isPlain ? std::optional<double>(weights->weightRelFro) : weights->normWeightedRel,
            weights->evidence};
  }

  void addCandidate(AutoDecision& decision, const Choice& choice) const {
    Measured measured = figure(decision, choice);
    if (measured.error) decision.evidence = std::move(measured.evidence);
    decision.candidates.push_back({choice, measured.error});
  }

  /// The figure of a diagnosis: what the choice quantizes, measured where there are activations.
  void pickFewestFigure(AutoDecision& decision) const {
    const auto output = m_workspace.outputError(decision.id, decision.before);
    decision.figure = kNormWeighted;
    if (output && output->w) decision.figure = kOutputW;
    if (output && output->wa && decision.before.activation) decision.figure = kOutputWa;
  }

  bool isFlagged(const AutoDecision& decision) const {
    DiagnosisOptions options;
    options.target = request().target;
    options.choice = decision.before;
    const std::vector<Finding> findings = m_workspace.findings(decision.id, options);
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.code == "weight_outlier_columns"; });
  }

  // Fewest layers
  // ------------------------------------------------------------------------------------------------------
  void decideFewest() {
    measure(true, [](const AutoDecision& decision) { return std::vector<Choice>{decision.before}; });
    for (AutoDecision& decision : decisions()) {
      pickFewestFigure(decision);
      Measured measured = figure(decision, decision.before);
      decision.error = measured.error;
      decision.evidence = std::move(measured.evidence);
      decision.isFlagged = isFlagged(decision);
    }
    const std::set<LinearId> tried = inTrouble();
    const auto candidates = [&](const AutoDecision& decision) {
      if (!tried.contains(decision.id)) return std::vector<Choice>();
      return fewestCandidates(decision.before, linear(decision).in(), request().groupSizes);
    };
    measure(true, candidates);
    std::vector<FewestLayer> layers;
    for (AutoDecision& decision : decisions()) {
      FewestLayer layer{linear(decision).fusedGroup, decision.error, isLocked(decision), {}};
      for (const Choice& choice : candidates(decision)) {
        const std::optional<double> error = figure(decision, choice).error;
        decision.candidates.push_back({choice, error});
        layer.candidates.push_back({choice, error});
      }
      layers.push_back(std::move(layer));
    }
    const std::vector<FewestDecision> made = fewestLayers(layers, request().target);
    for (std::size_t i = 0; i < made.size(); ++i) takeFewest(made[i], decisions()[i]);
  }

  /// Linears over the target and their fused siblings.
  std::set<LinearId> inTrouble() {
    std::set<LinearId> ids;
    for (const AutoDecision& decision : decisions()) {
      if (!decision.error || *decision.error <= request().target) continue;
      ids.insert(decision.id);
      if (const auto group = linear(decision).fusedGroup)
        ids.insert(m_model.fusedGroups[*group].members.begin(), m_model.fusedGroups[*group].members.end());
    }
    return ids;
  }

  void takeFewest(const FewestDecision& made, AutoDecision& decision) const {
    constexpr std::array<AutoOutcome, 6> kOutcomes{AutoOutcome::Kept,        AutoOutcome::Changed,
                                                   AutoOutcome::WithSibling, AutoOutcome::OutOfReach,
                                                   AutoOutcome::Locked,      AutoOutcome::NotMeasured};
    decision.outcome = kOutcomes[static_cast<std::size_t>(made.outcome)];
    decision.verdict = made.candidate;
    if (made.candidate) decision.after = decision.candidates[*made.candidate].choice;
    if (decision.outcome == AutoOutcome::Locked) {
      decision.note = isLocked(decision) ? "locked" : "a fused sibling is locked";
    } else if (decision.outcome == AutoOutcome::OutOfReach) {
      decision.note = outOfReachClause(decision) + activationClause(decision);
    } else if (decision.outcome == AutoOutcome::Kept && decision.isFlagged) {
      decision.note = "a few columns set its scales, but it is under the target";
    } else if (decision.outcome == AutoOutcome::NotMeasured) {
      decision.note = "its weights are zero or were not measured";
    }
  }

  static std::string outOfReachClause(const AutoDecision& decision) {
    const AutoCandidate* best = nullptr;
    for (const AutoCandidate& candidate : decision.candidates)
      if (candidate.error && (!best || *candidate.error < *best->error)) best = &candidate;
    if (!best) return "no group size could be tried";
    return "over the target with every group size, least with " + specText(best->choice) + ": " +
           percentText(*best->error);
  }

  /// Groups of weights do nothing for what the activations cost.
  std::string activationClause(const AutoDecision& decision) const {
    const auto output = m_workspace.outputError(decision.id, decision.before);
    const bool isOfActivations = decision.figure == kOutputWa && output && output->a;
    return isOfActivations && *output->a > request().target ? "; activations alone are over it" : "";
  }

  // MoFQ
  // ------------------------------------------------------------------------------------------------------
  void decideMofq() {
    std::map<LinearId, MofqCandidates> pairs;
    for (AutoDecision& decision : decisions()) {
      decision.figure = request().loss == MofqLoss::Tensor   ? kWeightFigure
                        : request().loss == MofqLoss::Output ? kOutputW
                                                             : kOutputWa;
      try {
        pairs[decision.id] = mofqCandidates(decision.before, request().floatFormat);
      } catch (const Error& e) {
        if (e.code() != ErrorCode::Unsupported) throw;
        decision.note = e.what();
      }
    }
    const auto ask = [&](const AutoDecision& decision) {
      const auto pair = pairs.find(decision.id);
      if (pair == pairs.end()) return std::vector<Choice>();
      return std::vector<Choice>{measuredPart(pair->second.integer), measuredPart(pair->second.floating)};
    };
    measureLoss(ask);
    std::map<std::size_t, std::vector<MofqResult>> byGroup;
    std::map<LinearId, MofqResult> results;
    for (AutoDecision& decision : decisions()) {
      const auto pair = pairs.find(decision.id);
      if (pair == pairs.end()) continue;
      for (const Choice& choice : {pair->second.integer, pair->second.floating}) {
        addCandidate(decision, measuredPart(choice));
        decision.candidates.back().choice = choice;
      }
      const MofqResult result = mofqVerdict(decision.candidates[0].error, decision.candidates[1].error);
      results[decision.id] = result;
      if (const auto group = linear(decision).fusedGroup) byGroup[*group].push_back(result);
    }
    for (AutoDecision& decision : decisions())
      if (results.contains(decision.id)) takeMofq(results[decision.id], byGroup, decision);
  }

  /// Only the loss with activations depends on their scheme.
  Choice measuredPart(Choice choice) const {
    if (request().loss != MofqLoss::Wa) choice.activation.reset();
    return choice;
  }

  template <class Ask>
  void measureLoss(const Ask& ask) {
    if (request().loss != MofqLoss::Tensor) return measure(false, ask);
    for (const AutoDecision& decision : decisions()) {
      const std::vector<Choice> choices = ask(decision);
      const LinearId id = decision.id;
      if (!choices.empty()) m_workspace.measure(std::span(&id, 1), choices, m_job);
    }
  }

  void takeMofq(const MofqResult& result, const std::map<std::size_t, std::vector<MofqResult>>& byGroup,
                AutoDecision& decision) const {
    if (!result.isMeasured()) {
      decision.note = "there are no activations of its input";
      return;
    }
    const auto group = linear(decision).fusedGroup;
    const bool isJoint = group && !request().splitFused;
    const bool isFloat = isJoint ? mofqJointVerdict(byGroup.at(*group)) : result.isFloat;
    take(isFloat ? 1 : 0, isFloat != result.isFloat, decision, isJoint && hasLockedSibling(*group));
  }

  // AdaDim
  // ------------------------------------------------------------------------------------------------------
  void decideAdaDim() {
    std::map<LinearId, AdaDimCandidates> pairs;
    for (AutoDecision& decision : decisions()) {
      try {
        pairs[decision.id] = adaDimCandidates(decision.before);
      } catch (const Error& e) {
        decision.note = e.what();
      }
    }
    const std::map<LinearId, AdaDimResult> blocks = byBlock(pairs);
    measure(false, [&](const AutoDecision& decision) {
      const auto pair = pairs.find(decision.id);
      if (pair == pairs.end() || blocks.contains(decision.id)) return std::vector<Choice>();
      return std::vector<Choice>{{pair->second.oc.weight, std::nullopt},
                                 {pair->second.ic.weight, std::nullopt}};
    });
    for (AutoDecision& decision : decisions()) {
      const auto pair = pairs.find(decision.id);
      if (pair == pairs.end()) continue;
      const auto block = blocks.find(decision.id);
      if (block == blocks.end())
        takeOwn(pair->second, decision);
      else
        takeBlock(pair->second, block->second, decision);
    }
  }

  void takeOwn(const AdaDimCandidates& pair, AutoDecision& decision) const {
    decision.figure = kOutputW;
    for (const Choice& choice : {pair.oc, pair.ic}) {
      addCandidate(decision, {choice.weight, std::nullopt});
      decision.candidates.back().choice = choice;
    }
    const AdaDimResult result = adaDimVerdict(decision.candidates[0].error, decision.candidates[1].error);
    if (result.isMeasured())
      take(result.isInput ? 1 : 0, false, decision);
    else
      decision.note = "there are no activations of its input";
  }

  void takeBlock(const AdaDimCandidates& pair, const AdaDimResult& result, AutoDecision& decision) const {
    decision.figure = kBlockOutput;
    decision.candidates = {{pair.oc, result.ocError}, {pair.ic, result.icError}};
    decision.evidence = m_blockEvidence;
    if (result.isMeasured())
      take(result.isInput ? 1 : 0, false, decision);
    else
      decision.note = "the output of its block is zero";
  }

  std::map<LinearId, AdaDimResult> byBlock(const std::map<LinearId, AdaDimCandidates>& pairs) {
    if (!request().isBlockLoss) return {};
    auto& state = WorkspaceAccess::state(m_workspace);
    state.requireWeights("running the model");
    const auto plain = state.forwardModel(state.source);
    const TokenWindows windows = state.windowsOf(request().text, request().windows, *plain);
    AdaDimBlockRequest blocks;
    blocks.model = &m_model;
    blocks.weights = state.source;
    blocks.makeForward = [&](std::shared_ptr<const WeightSource> weights) {
      return state.forwardModel(std::move(weights));
    };
    for (const TokenWindow& window : windows.windows) blocks.windows.push_back(window.ids);
    blocks.candidates = pairs;
    m_blockEvidence.method = "output of the attention or MLP with the weights quantized, on text";
    m_blockEvidence.kind = Evidence::Kind::Sampled;
    m_blockEvidence.level = "activations";
    m_blockEvidence.n = windows.tokenCount();
    m_blockEvidence.data = windows.sha256;
    state.stamp(m_blockEvidence);
    return adaDimByBlock(blocks, m_job);
  }

  // All methods
  // ------------------------------------------------------------------------------------------------------
  bool hasLockedSibling(std::size_t group) const {
    const auto& members = m_model.fusedGroups[group].members;
    return std::any_of(members.begin(), members.end(),
                       [&](LinearId id) { return m_plan.isLocked(m_model.linears[id].name); });
  }

  void take(std::size_t verdict, bool isForSiblings, AutoDecision& decision, bool isHeld = false) const {
    decision.verdict = verdict;
    const Choice& choice = decision.candidates[verdict].choice;
    if (choice == decision.before) {
      decision.outcome = AutoOutcome::Kept;
    } else if (isLocked(decision) || isHeld) {
      decision.outcome = AutoOutcome::Locked;
      decision.note = isLocked(decision) ? "locked" : "a fused sibling is locked";
      return;
    } else {
      decision.outcome = isForSiblings ? AutoOutcome::WithSibling : AutoOutcome::Changed;
      decision.after = choice;
    }
    if (isForSiblings) decision.note = "alone it would be the other; fused siblings decide together";
  }

  /// A report without a single figure is no answer.
  void requireFigures() const {
    const auto& all = m_report.decisions;
    const bool hasFigure = std::any_of(all.begin(), all.end(), [](const AutoDecision& decision) {
      return decision.outcome != AutoOutcome::NotMeasured;
    });
    if (hasFigure) return;
    const AutoDecision& first = all.front();
    const std::string name = quotedText(m_model.linears[first.id].name);
    if (first.note == "there are no activations of its input")
      throw Error(ErrorCode::Unsupported,
                  "There are no activations of " + name +
                      " and of the others, and the method compares output errors; calibrate first (qloupe "
                      "analyze MODEL --calibration TEXT) and name the file with --stats.");
    throw Error(ErrorCode::Unsupported,
                "No layer can be decided on; the first, " + name + ": " + first.note + ".");
  }

  Workspace& m_workspace;
  const Model& m_model;
  const QuantizationPlan& m_plan;
  JobContext& m_job;
  AutoReport m_report;
  Evidence m_blockEvidence;
};

void requireSense(const AutoRequest& request) {
  if (!(request.target > 0))
    throw Error(ErrorCode::Usage, "The target must be an error above 0, e.g. 0.02 for 2 %.");
  if (request.method == AutoMethod::FewestLayers && request.groupSizes.empty())
    throw Error(ErrorCode::Usage, "There is no group size to try; give some, e.g. 128,64,32,16.");
  const bool hasText = !request.text.text.empty() || !request.text.ids.empty();
  if (request.method == AutoMethod::AdaDim && request.isBlockLoss && !hasText)
    throw Error(ErrorCode::Usage,
                "The output of a block needs a text to run the model on; give --text FILE, or judge by each "
                "layer's own output with --loss own.");
}

}  // namespace

AutoReport decideAutomatically(Workspace& workspace, const QuantizationPlan& plan, const AutoRequest& request,
                               JobContext& job) {
  requireSense(request);
  return Decider(workspace, plan, request, job).run();
}

}  // namespace ql
