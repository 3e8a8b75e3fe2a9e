#include "core/workspace_propagation.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/logit_scores.h"
#include "core/calib/memory_plan.h"
#include "core/linalg/linear.h"
#include "core/planned_inputs.h"
#include "core/propagation_sums.h"
#include "core/smoothed_ranges.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>

namespace ql {
namespace {

using State = WorkspaceAccess::State;

constexpr std::int64_t kLogitRows = 256;
constexpr std::uint64_t kLogitBytes = std::uint64_t{64} << 20;

/// Inputs of the sites of one block in the model as it is.
class CaptureHook : public ForwardHook {
 public:
  explicit CaptureHook(const Model& model) : m_model(model) {}
  void site(std::size_t site, const TokenRows&, std::span<const float> x, JobContext&) override {
    const LinearId first = m_model.sites.at(site).consumers.front();
    if (!m_model.linears[first].expert) inputs[site].assign(x.begin(), x.end());
  }
  std::map<std::size_t, std::vector<float>> inputs;

 private:
  const Model& m_model;
};

/// The planned model's hook, and comparisons of every linear as its input comes by.
class CompareHook : public ForwardHook {
 public:
  using Compare = std::function<void(std::size_t site, std::span<const float> x, JobContext& job)>;
  CompareHook(ForwardHook& inner, Compare compare) : m_inner(inner), m_compare(std::move(compare)) {}
  void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job) override {
    m_inner.site(site, rows, x, job);
    m_compare(site, x, job);
  }
  bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job) override {
    return m_inner.linearInput(id, x, out, job);
  }
  void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job) override {
    m_inner.point(point, rows, x, job);
  }
  void experts(int block, std::span<const std::uint64_t> tokens) override { m_inner.experts(block, tokens); }

 private:
  ForwardHook& m_inner;
  Compare m_compare;
};

class PropagationRun {
 public:
  PropagationRun(State& state, const QuantizationPlan& plan, const PropagateOptions& options, JobContext& job)
      : m_state(state), m_options(options), m_job(job), m_plain(state.forwardModel(state.source)) {
    if (plan.rotations != "[]")
      throw Error(
          ErrorCode::Plan,
          "The plan turns the hidden states (\"rotations\"), so they cannot be compared block by block; "
          "measure its perplexity instead.");
    m_windows = state.windowsOf(options.source, options.windows, *m_plain);
    m_batches = makeBatches(m_windows, kBatchTokens);
    requireMemory();
    job.setStage("Preparing the plan");
    requireActivations(state, plan);
    m_factors = state.planFactorsByGroup(plan, options.planFolder, job);
    std::shared_ptr<const WeightSource> weights = state.source;
    if (!m_factors.empty())
      weights = std::make_shared<const SmoothedSource>(weights, state.model, state.configJson, m_factors);
    m_source = std::make_shared<const PlannedSource>(weights, state.model, plan, job,
                                                     plannedInputs(state, m_factors));
    m_planned = state.forwardModel(m_source);
    const PlanStatistics statistics{
        [&state](std::size_t site) { return state.activations(site); },
        [&state](const std::string& point) { return state.pointActivations(point); }};
    m_hook = std::make_unique<PlanHook>(
        state.model, plan, behindSmoothing(statistics, state.model, state.configJson, m_factors));
  }

  Propagation run(const std::function<void(const BlockPropagation&)>& sink) {
    expectWork();
    for (HiddenBatch& batch : m_batches) {
      m_job.step();
      m_plain->embed(batch, m_job);
      HiddenBatch& planned = m_changed.emplace_back(batch);
      planned.values.clear();
      m_planned->embed(planned, m_hook.get(), m_job);
    }
    for (int block = 0; block < m_plain->blockCount(); ++block) {
      m_result.blocks.push_back(runBlock(block));
      if (sink) sink(m_result.blocks.back());
    }
    compareLogits();
    finish();
    return std::move(m_result);
  }

 private:
  void requireMemory() {
    std::int64_t widest = 0, largest = 0;
    for (const Site& site : m_state.model.sites) widest = std::max(widest, site.width);
    for (const Linear& linear : m_state.model.linears)
      if (linear.block) widest = std::max(widest, linear.out());
    for (const HiddenBatch& batch : m_batches) largest = std::max(largest, batch.count());
    const std::int64_t floats = (2 * m_windows.tokenCount() + 2 * largest) * m_plain->hiddenSize() +
                                (m_options.withLinears ? 6 * largest * widest : 0);
    const std::uint64_t needed = static_cast<std::uint64_t>(floats) * sizeof(float) +
                                 m_plain->workBytes(largest, m_windows.longest()) + 2 * kLogitBytes;
    const std::uint64_t left = remainingBudget(m_options.memoryBytes);
    if (needed <= left) return;
    throw Error(ErrorCode::Usage, "Hidden states of " +
                                      withThousands(static_cast<std::uint64_t>(m_windows.tokenCount())) +
                                      " tokens need " + memoryText(needed) + ", and " + memoryText(left) +
                                      " are left: take fewer tokens, or a smaller context.");
  }

  std::uint64_t unitsOf(int block, const HiddenBatch& batch) const {
    return m_plain->blockUnits(block, batch.count(), longestWindow(batch));
  }

  void expectWork() {
    std::uint64_t units = 0;
    for (int block = 0; block < m_plain->blockCount(); ++block)
      for (const HiddenBatch& batch : m_batches)
        units += (m_options.withLinears ? 6 : 3) * unitsOf(block, batch);
    m_job.expect(units);
  }

  BlockPropagation runBlock(int block) {
    m_job.setStage("Block " + std::to_string(block + 1) + " of " + std::to_string(m_plain->blockCount()));
    BlockSums sums;
    for (std::size_t i = 0; i < m_batches.size(); ++i) {
      HiddenBatch& plain = m_batches[i];
      const std::vector<float> input = plain.values;
      HiddenBatch alone = plain;
      m_planned->runBlock(block, alone, m_hook.get(), m_job);
      CaptureHook capture(m_state.model);
      m_plain->runBlock(block, plain, m_options.withLinears ? &capture : nullptr, m_job);
      CompareHook compare(*m_hook, [&](std::size_t site, std::span<const float> x, JobContext& job) {
        const auto found = capture.inputs.find(site);
        if (found == capture.inputs.end() || found->second.size() != x.size()) return;
        for (const LinearId id : m_state.model.sites[site].consumers)
          compareLinear(id, found->second, x, job);
        capture.inputs.erase(found);
      });
      m_planned->runBlock(block, m_changed[i], &compare, m_job);
      sums.add(plain, input, alone.values, m_changed[i].values);
      if (m_options.withLinears) m_job.step(3 * unitsOf(block, plain));
    }
    return sums.figures(block);
  }

  /// x: its input in the model as it is; planned: in the planned model, behind smoothing where there is any.
  void compareLinear(LinearId id, const std::vector<float>& x, std::span<const float> planned,
                     JobContext& job) {
    const Linear& linear = m_state.model.linears[id];
    const auto tokens = static_cast<std::int64_t>(x.size()) / std::max<std::int64_t>(linear.in(), 1);
    std::vector<float> smoothed = x;
    const std::vector<float>& s = factorsOf(m_state.model, id, m_factors);
    if (!s.empty())
      for (std::size_t i = 0; i < smoothed.size(); ++i) smoothed[i] /= s[i % s.size()];
    const auto outputs = [&](const WeightSource& source, std::span<const float> from, bool isPlanned) {
      std::vector<float> y(static_cast<std::size_t>(tokens * linear.out())), read(from.size());
      const bool isChanged = isPlanned && m_hook->linearInput(id, from, read, job);
      applyLinear(source, linear.matrix, {}, tokens, isChanged ? std::span<const float>(read) : from, y, job);
      return y;
    };
    const std::vector<float> y = outputs(*m_state.source, x, false);
    LinearSums& sums = m_linears[id];
    sums.energy += squaredNorm(y);
    sums.isolated += squaredDistance(outputs(*m_source, smoothed, true), y);
    sums.accumulated += squaredDistance(outputs(*m_source, planned, true), y);
  }

  /// Behind the final norm, rows at a time.
  void compareLogits() {
    if (!m_plain->isCausal()) return;
    m_job.setStage("Output head");
    double kl = 0, same = 0, tokens = 0;
    const std::int64_t vocabulary = m_plain->vocabularySize();
    const std::int64_t rows = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(kLogitBytes / sizeof(float)) / vocabulary, 1, kLogitRows);
    for (std::size_t i = 0; i < m_batches.size(); ++i) {
      m_plain->finalNorm(m_batches[i], nullptr, m_job);
      m_planned->finalNorm(m_changed[i], m_hook.get(), m_job);
      for (std::int64_t begin = 0; begin < m_batches[i].count(); begin += rows) {
        const std::int64_t end = std::min(m_batches[i].count(), begin + rows);
        std::vector<float> plain(static_cast<std::size_t>((end - begin) * vocabulary)), changed(plain.size());
        m_plain->logits(m_batches[i], begin, end, plain, m_job);
        m_planned->logits(m_changed[i], begin, end, changed, m_job);
        for (std::int64_t row = 0; row < end - begin; ++row) {
          const auto first = static_cast<std::size_t>(row * vocabulary);
          const auto p = std::span(plain).subspan(first, static_cast<std::size_t>(vocabulary));
          const auto q = std::span(changed).subspan(first, static_cast<std::size_t>(vocabulary));
          const LogitScore own = scoreLogits(p), other = scoreLogits(q);
          if (!own.isValid || !other.isValid) continue;
          kl += klDivergence(p, own, q, other);
          same += own.top == other.top ? 1 : 0;
          ++tokens;
          m_job.step();
        }
      }
    }
    if (tokens == 0) return;
    m_result.kl = kl / tokens;
    m_result.topAgreement = same / tokens;
  }

  void finish() {
    for (const auto& [id, sums] : m_linears) m_result.linears.push_back({id, sums.alone(), sums.all()});
    m_result.tokens = m_windows.tokenCount();
    m_result.windows = static_cast<std::int64_t>(m_windows.windows.size());
    m_result.context = m_windows.context;
    m_result.fallbacks = m_source->fallbacks();
    Evidence& evidence = m_result.evidence;
    evidence.method = "forward passes of the model as it is and under the plan, block by block";
    for (const std::string& line : fallbackLines(m_result.fallbacks)) evidence.method += "; " + line;
    evidence.level = "verified";
    evidence.n = m_result.tokens;
    evidence.data = m_windows.sha256;
    m_state.stamp(evidence);
  }

  State& m_state;
  const PropagateOptions& m_options;
  JobContext& m_job;
  std::unique_ptr<ForwardModel> m_plain, m_planned;
  TokenWindows m_windows;
  SmoothingFactorsByGroup m_factors;
  std::shared_ptr<const PlannedSource> m_source;
  std::unique_ptr<PlanHook> m_hook;
  std::vector<HiddenBatch> m_batches, m_changed;  // hidden states of both models
  std::map<LinearId, LinearSums> m_linears;
  Propagation m_result;
};

}  // namespace

Propagation propagate(Workspace& workspace, const QuantizationPlan& plan, const PropagateOptions& options,
                      JobContext& job, const std::function<void(const BlockPropagation&)>& sink) {
  State& state = WorkspaceAccess::state(workspace);
  state.requireWeights("following errors through the network");
  return PropagationRun(state, plan, options, job).run(sink);
}

}  // namespace ql
