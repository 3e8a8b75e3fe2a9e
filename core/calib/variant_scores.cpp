#include "core/calib/variant_scores.h"

#include "core/base/error.h"
#include "core/calib/logit_scores.h"
#include "core/calib/memory_plan.h"
#include "core/calib/score_items.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace ql {
namespace {

constexpr std::uint64_t kLogitBytes = 64u << 20;  // of one tile of logits, each model
constexpr std::int64_t kMostLogitRows = 1024, kLeastLogitRows = 16, kScoreRows = 4;
constexpr std::uint64_t kSlackBytes = 8u << 20;

std::int64_t logitRows(std::int64_t vocabulary) {
  const auto rows =
      static_cast<std::int64_t>(kLogitBytes / sizeof(float)) / std::max<std::int64_t>(1, vocabulary);
  return std::clamp(rows, kLeastLogitRows, kMostLogitRows);
}

/// The rows of the targets, behind finalNorm().
HiddenBatch targetRows(const HiddenBatch& batch, const std::vector<ScoreTarget>& targets) {
  HiddenBatch rows;
  rows.width = batch.width;
  for (const ScoreTarget& target : targets) {
    const auto row = static_cast<std::size_t>(target.row);
    const auto begin = batch.values.begin() + target.row * batch.width;
    rows.ids.push_back(batch.ids[row]);
    rows.positions.push_back(batch.positions[row]);
    rows.windows.push_back(batch.windows[row]);
    rows.values.insert(rows.values.end(), begin, begin + batch.width);
  }
  rows.begins = {0, rows.count()};
  return rows;
}

/// One target: of the model, and against the reference.
struct TargetScore {
  double nll = 0, kl = 0;
  bool isTop = false;
};

class VariantRunner {
 public:
  VariantRunner(const VariantRuns& runs, const std::vector<ModelVariant>& variants,
                const TokenWindows& windows, const PerplexityOptions& options, JobContext& job,
                const VariantSink& sink)
      : m_runs(runs),
        m_variants(variants),
        m_windows(windows),
        m_job(job),
        m_sink(sink),
        m_blocks(runs.changing.model->blockCount()),
        m_vocabulary(runs.changing.model->vocabularySize()),
        m_budget(remainingBudget(options.memoryBytes)),
        m_items(windows, runs.changing.model->isCausal() ? std::nullopt : options.maskToken, batchTokens()) {
    m_scores.variants.resize(variants.size());
    chooseStops();
  }

  VariantScores run() {
    expectWork();
    std::size_t left = countBatches();
    while (auto batch = m_items.next()) work(*batch, --left == 0);
    return std::move(m_scores);
  }

 private:
  std::uint64_t hiddenBytes(std::int64_t tokens) const {
    return static_cast<std::uint64_t>(tokens * m_runs.changing.model->hiddenSize()) * sizeof(float);
  }

  /// Of a batch of at most `limit` tokens, without kept hidden states.
  std::uint64_t need(std::int64_t limit) const {
    const std::int64_t longest = m_windows.longest(), tokens = std::max(limit, longest);
    const std::uint64_t logits =
        static_cast<std::uint64_t>(std::min(tokens, logitRows(m_vocabulary)) * m_vocabulary) * sizeof(float);
    return kSlackBytes + 4 * hiddenBytes(tokens) + 2 * logits +
           m_runs.changing.model->workBytes(tokens, longest);
  }

  std::int64_t batchTokens() {
    for (m_batchTokens = kBatchTokens; m_batchTokens > 1; m_batchTokens /= 2)
      if (need(m_batchTokens) <= m_budget) return m_batchTokens;
    if (need(1) <= m_budget) return 1;
    throw Error(ErrorCode::Usage, "Sensitivity does not fit into the memory allowed: one window of " +
                                      std::to_string(m_windows.longest()) + " tokens needs " +
                                      memoryText(need(1)) + " beside the " + memoryText(residentBytes()) +
                                      " in use already; allow " + memoryText(residentBytes() + need(1)) +
                                      " or choose a shorter context.");
  }

  /// Blocks in front of which the hidden states of the base are kept: where variants begin, as many as fit.
  void chooseStops() {
    std::set<int> wanted{0};
    for (const ModelVariant& variant : m_variants) wanted.insert(std::clamp(variant.firstBlock, 0, m_blocks));
    const std::vector<int> all(wanted.begin(), wanted.end());
    const std::uint64_t each =
        std::max<std::uint64_t>(hiddenBytes(std::max(m_batchTokens, m_windows.longest())), 1);
    const std::uint64_t rest = m_budget - std::min(m_budget, need(m_batchTokens));
    const std::size_t most =
        std::max<std::size_t>(1, static_cast<std::size_t>(std::min<std::uint64_t>(rest / each, all.size())));
    for (std::size_t i = 0; i < most; ++i) m_stops.insert(all[i * all.size() / most]);
  }

  int stopFor(const ModelVariant& variant) const {
    return *std::prev(m_stops.upper_bound(std::clamp(variant.firstBlock, 0, m_blocks)));
  }

  std::uint64_t headUnits(std::size_t targets) const {
    return static_cast<std::uint64_t>(targets) *
           static_cast<std::uint64_t>(m_runs.changing.model->hiddenSize()) *
           static_cast<std::uint64_t>(m_vocabulary) / 1024;
  }

  std::uint64_t blockUnits(const HiddenBatch& batch, int begin) const {
    std::uint64_t units = 0;
    for (int block = begin; block < m_blocks; ++block)
      units += m_runs.changing.model->blockUnits(block, batch.count(), longestWindow(batch));
    return units;
  }

  bool isBaseReference() const {
    return m_runs.base.model == m_runs.reference.model && m_runs.base.hook == m_runs.reference.hook;
  }

  void expectWork() {
    std::uint64_t units = 0;
    while (const auto batch = m_items.next()) {
      m_job.step();
      const std::uint64_t base = blockUnits(batch->hidden, 0) - blockUnits(batch->hidden, *m_stops.rbegin());
      units += blockUnits(batch->hidden, 0) + (isBaseReference() ? 0 : base);
      for (const ModelVariant& variant : m_variants)
        units += blockUnits(batch->hidden, stopFor(variant)) + 2 * headUnits(batch->targets.size());
    }
    m_job.expect(units);
    m_items.restart();
  }

  std::size_t countBatches() {
    std::size_t count = 0;
    while (m_items.next()) ++count;
    m_items.restart();
    return count;
  }

  /// Embeds and runs all blocks, keeping hidden states at the stops; back come the rows that the head reads.
  HiddenBatch runWhole(const PerplexityRun& run, const ScoreBatch& batch, bool keepsStops, bool isFinished) {
    HiddenBatch hidden = batch.hidden;
    run.model->embed(hidden, run.hook, m_job);
    const int last = isFinished ? m_blocks : *m_stops.rbegin();
    for (int block = 0; block <= last; ++block) {
      if (keepsStops && m_stops.contains(block)) m_kept[block] = hidden;
      if (block < last) run.model->runBlock(block, hidden, run.hook, m_job);
    }
    return isFinished ? finish(run, std::move(hidden), batch) : HiddenBatch();
  }

  HiddenBatch finish(const PerplexityRun& run, HiddenBatch hidden, const ScoreBatch& batch) {
    run.model->finalNorm(hidden, run.hook, m_job);
    return targetRows(hidden, batch.targets);
  }

  void work(const ScoreBatch& batch, bool isLast) {
    m_kept.clear();
    m_job.setStage("Running the model as it is");
    const HiddenBatch reference = runWhole(m_runs.reference, batch, isBaseReference(), true);
    if (m_runs.selectBase) m_runs.selectBase();
    if (!isBaseReference()) runWhole(m_runs.base, batch, true, false);
    scoreReference(batch, reference);
    for (std::size_t v = 0; v < m_variants.size(); ++v) {
      m_job.setStage("Variant " + std::to_string(v + 1) + " of " + std::to_string(m_variants.size()));
      m_variants[v].select();
      const int stop = stopFor(m_variants[v]);
      HiddenBatch hidden = stop == 0 ? batch.hidden : m_kept.at(stop);
      const PerplexityRun& run = m_runs.changing;
      if (stop == 0) run.model->embed(hidden, run.hook, m_job);
      for (int block = stop; block < m_blocks; ++block) run.model->runBlock(block, hidden, run.hook, m_job);
      score(batch, finish(run, std::move(hidden), batch), reference, m_scores.variants[v]);
      if (m_sink) m_sink(v, m_scores, isLast);
    }
  }

  void scoreReference(const ScoreBatch& batch, const HiddenBatch& reference) {
    score(batch, reference, {}, m_scores.reference);
    if (!std::isnan(m_scores.reference.nll)) return;
    throw Error(
        ErrorCode::Numeric,
        "The logits of the model as it is are not numbers on this text; look for damaged weights with "
        "'qloupe inspect --scan'.");
  }

  /// Adds the targets of a batch; `reference` empty = nothing to compare with.
  void score(const ScoreBatch& batch, const HiddenBatch& hidden, const HiddenBatch& reference,
             WindowScore& sums) {
    const auto count = static_cast<std::int64_t>(batch.targets.size());
    for (std::int64_t begin = 0; begin < count; begin += logitRows(m_vocabulary)) {
      const std::int64_t end = std::min(count, begin + logitRows(m_vocabulary));
      const bool isCompared = !reference.ids.empty();
      logitsOf(isCompared ? m_runs.changing : m_runs.reference, hidden, begin, end, m_logits);
      if (isCompared) logitsOf(m_runs.reference, reference, begin, end, m_referenceLogits);
      std::vector<TargetScore> scores(static_cast<std::size_t>(end - begin));
      parallelFor(m_job, (end - begin + kScoreRows - 1) / kScoreRows, [&](std::int64_t chunk) {
        for (std::int64_t row = chunk * kScoreRows; row < std::min(end - begin, (chunk + 1) * kScoreRows);
             ++row)
          scores[static_cast<std::size_t>(row)] =
              scoreTarget(row, batch.targets[static_cast<std::size_t>(begin + row)].token, isCompared);
      });
      for (const TargetScore& target : scores) {
        sums.nll += target.nll, sums.nllSq += target.nll * target.nll, sums.kl += target.kl;
        sums.topAgreement += target.isTop ? 1 : 0;
        ++sums.targets;
      }
      if (isCompared) m_job.step(2 * headUnits(scores.size()));
    }
  }

  void logitsOf(const PerplexityRun& run, const HiddenBatch& hidden, std::int64_t begin, std::int64_t end,
                std::vector<float>& logits) {
    logits.resize(static_cast<std::size_t>((end - begin) * m_vocabulary));
    run.model->logits(hidden, begin, end, logits, m_job);
  }

  TargetScore scoreTarget(std::int64_t row, std::int32_t token, bool isCompared) const {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    const auto n = static_cast<std::size_t>(m_vocabulary), at = static_cast<std::size_t>(row) * n;
    const auto own = std::span(m_logits).subspan(at, n);
    const LogitScore score = scoreLogits(own);
    TargetScore result;
    result.nll = score.isValid ? score.logSumExp - double{own[static_cast<std::size_t>(token)]} : kNan;
    if (!isCompared) return result;
    const auto other = std::span(m_referenceLogits).subspan(at, n);
    const LogitScore reference = scoreLogits(other);
    result.kl = score.isValid && reference.isValid ? klDivergence(other, reference, own, score) : kNan;
    result.isTop = score.top == reference.top;
    return result;
  }

  const VariantRuns& m_runs;
  const std::vector<ModelVariant>& m_variants;
  const TokenWindows& m_windows;
  JobContext& m_job;
  const VariantSink& m_sink;
  int m_blocks;
  std::int64_t m_vocabulary, m_batchTokens = 0;
  std::uint64_t m_budget;
  ScoreItems m_items;
  std::set<int> m_stops;
  std::map<int, HiddenBatch> m_kept;  // hidden states of the base by stop, of the batch at hand
  std::vector<float> m_logits, m_referenceLogits;
  VariantScores m_scores;
};

}  // namespace

VariantScores scoreVariants(const VariantRuns& runs, const std::vector<ModelVariant>& variants,
                            const TokenWindows& windows, const PerplexityOptions& options, JobContext& job,
                            const VariantSink& sink) {
  QL_ASSERT(runs.reference.model && runs.base.model && runs.changing.model);
  if (windows.targetCount() == 0)
    throw Error(ErrorCode::Usage, "There is nothing to predict: give a text of at least one window.");
  if (!runs.changing.model->isCausal() && !options.maskToken)
    throw Error(ErrorCode::Usage,
                "An encoder is scored by masking one token at a time, and no mask token is known: open the "
                "model with its tokenizer, whose special tokens name it.");
  return VariantRunner(runs, variants, windows, options, job, sink).run();
}

PerplexityResult resultOfSums(const WindowScore& sums) {
  PerplexityResult result;
  result.targets = sums.targets;
  if (sums.targets == 0) return result;
  const auto n = static_cast<double>(sums.targets);
  result.nll = sums.nll / n;
  result.perplexity = std::exp(result.nll);
  result.meanKl = sums.kl / n;
  result.topAgreement = sums.topAgreement / n;
  // as measurePerplexity() reports it
  const double variance = sums.nllSq / n - result.nll * result.nll;
  if (variance > 0 && n > 1) result.standardError = std::sqrt(variance / (n - 1)) * result.perplexity;
  return result;
}

}  // namespace ql
