// Perplexity of one or two models side by side, batch by batch through all blocks.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/calibration.h"
#include "core/calib/logit_scores.h"
#include "core/calib/memory_plan.h"
#include "core/calib/score_items.h"
#include "core/jobs/parallel_for.h"
#include "core/stats/activation_kernel.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ql {
namespace {

using Sink = std::function<void(std::size_t, const WindowScore&, const std::optional<WindowScore>&)>;

constexpr std::uint64_t kLogitBytes = 64u << 20;  // of one tile of logits, each model
constexpr std::int64_t kMostLogitRows = 1024, kLeastLogitRows = 16;
constexpr std::int64_t kScoreRows = 4;  // rows of logits that a task scores
constexpr std::uint64_t kSlackBytes = 8u << 20;

std::int64_t logitRows(std::int64_t vocabulary) {
  const auto rows =
      static_cast<std::int64_t>(kLogitBytes / sizeof(float)) / std::max<std::int64_t>(1, vocabulary);
  return std::clamp(rows, kLeastLogitRows, kMostLogitRows);
}

bool isBroken(const HiddenBatch& batch) {
  constexpr std::uint32_t kLargestFinite = 0x7f7fffff;  // pattern of FLT_MAX
  const auto size = static_cast<std::int64_t>(batch.values.size());
  return largestMagnitude(batch.values.data(), size) > kLargestFinite;
}

/// Runs one window alone and throws the error that says where its values stop being numbers.
[[noreturn]] void explainNan(const PerplexityRun& run, const std::string& who, std::size_t window,
                             HiddenBatch batch, JobContext& job) {
  const std::string what = "The logits of " + who + " in window " + std::to_string(window + 1) +
                           " of the text are not numbers: NaN or infinite values first appear in ";
  const std::string remedy =
      ": look there for damaged weights with 'qloupe inspect --scan', or for a scheme that the "
      "weights or activations do not fit.";
  batch.values.clear();
  run.model->embed(batch, run.hook, job);
  if (isBroken(batch)) throw Error(ErrorCode::Numeric, what + "the embeddings" + remedy);
  for (int block = 0; block < run.model->blockCount(); ++block) {
    run.model->runBlock(block, batch, run.hook, job);
    if (isBroken(batch))
      throw Error(ErrorCode::Numeric, what + "the output of block " + std::to_string(block) + remedy);
  }
  throw Error(ErrorCode::Numeric, what + "the output head, behind the last block" + remedy);
}

/// One window (or masked copy) of a batch as a batch of its own.
HiddenBatch itemOfRow(const HiddenBatch& batch, std::int64_t row) {
  HiddenBatch item;
  const auto end = std::upper_bound(batch.begins.begin(), batch.begins.end(), row);
  const auto b = static_cast<std::ptrdiff_t>(*(end - 1)), e = static_cast<std::ptrdiff_t>(*end);
  item.ids.assign(batch.ids.begin() + b, batch.ids.begin() + e);
  item.positions.assign(batch.positions.begin() + b, batch.positions.begin() + e);
  item.windows.assign(batch.windows.begin() + b, batch.windows.begin() + e);
  item.begins = {0, e - b};
  return item;
}

/// Keeps the rows of the targets only, in their order: what the head is to read.
void keepTargets(HiddenBatch& batch, const std::vector<ScoreTarget>& targets) {
  std::size_t to = 0;
  const auto width = static_cast<std::size_t>(batch.width);
  for (const ScoreTarget& target : targets) {  // rows ascend, so that nothing is overwritten before it moves
    const auto from = static_cast<std::size_t>(target.row);
    std::copy_n(batch.values.begin() + static_cast<std::ptrdiff_t>(from * width), width,
                batch.values.begin() + static_cast<std::ptrdiff_t>(to * width));
    batch.ids[to] = batch.ids[from], batch.positions[to] = batch.positions[from];
    batch.windows[to] = batch.windows[from];
    ++to;
  }
  batch.ids.resize(to), batch.positions.resize(to), batch.windows.resize(to);
  batch.values.resize(to * width);
  batch.begins = {0, static_cast<std::int64_t>(to)};
}

struct TargetScore {
  double nll = 0, referenceNll = 0, kl = 0;
  bool isTop = false;
};

void addTarget(WindowScore& score, double nll) {
  score.nll += nll;
  score.nllSq += nll * nll;
  ++score.targets;
}

PerplexityResult resultOf(std::vector<WindowScore> windows) {
  PerplexityResult result;
  double sum = 0, sumSq = 0, kl = 0, top = 0;
  for (const WindowScore& window : windows) {
    sum += window.nll, sumSq += window.nllSq, kl += window.kl, top += window.topAgreement;
    result.targets += window.targets;
  }
  result.windows = std::move(windows);
  if (result.targets == 0) return result;
  const auto n = static_cast<double>(result.targets);
  result.nll = sum / n;
  result.perplexity = std::exp(result.nll);
  result.meanKl = kl / n;
  result.topAgreement = top / n;
  // llama.cpp, tools/perplexity: the error of the mean of -ln p, carried over to its exponential.
  const double variance = sumSq / n - result.nll * result.nll;
  if (variance > 0 && n > 1) result.standardError = std::sqrt(variance / (n - 1)) * result.perplexity;
  return result;
}

class Measurement {
 public:
  Measurement(const PerplexityRun& run, const std::optional<PerplexityRun>& reference,
              const TokenWindows& windows, const PerplexityOptions& options, JobContext& job,
              const Sink& sink)
      : m_run(run),
        m_reference(reference),
        m_windows(windows),
        m_job(job),
        m_sink(sink),
        m_vocabulary(run.model->vocabularySize()),
        m_items(windows, run.model->isCausal() ? std::nullopt : options.maskToken,
                batchTokens(remainingBudget(options.memoryBytes))),
        m_scores(windows.windows.size()),
        m_referenceScores(reference ? windows.windows.size() : 0) {}

  PerplexityPair measure() {
    expectWork();
    while (auto batch = m_items.next()) work(*batch);
    emit(m_scores.size());
    PerplexityPair pair;
    pair.result = resultOf(std::move(m_scores));
    if (m_reference) pair.reference = resultOf(std::move(m_referenceScores));
    return pair;
  }

 private:
  std::uint64_t runs() const { return m_reference ? 2 : 1; }

  /// The largest batch whose hidden states, temporaries and logits fit.
  std::int64_t batchTokens(std::uint64_t budget) const {
    const std::int64_t longest = m_windows.longest();
    const auto need = [&](std::int64_t limit) {
      const std::int64_t tokens = std::max(limit, longest);
      const auto hidden = static_cast<std::uint64_t>(tokens * m_run.model->hiddenSize()) * sizeof(float);
      const std::uint64_t logitBytes =
          static_cast<std::uint64_t>(std::min(tokens, logitRows(m_vocabulary)) * m_vocabulary) *
          sizeof(float);
      return kSlackBytes + runs() * (hidden + logitBytes) + m_run.model->workBytes(tokens, longest);
    };
    for (std::int64_t limit = kBatchTokens; limit >= 1; limit /= 2)
      if (need(limit) <= budget) return limit;
    const std::uint64_t used = residentBytes();
    std::string remedies = "allow " + memoryText(used + need(1));
    for (std::int64_t context = longest / 2; context >= 32; context /= 2) {
      if (m_run.model->workBytes(context, context) + need(1) - m_run.model->workBytes(longest, longest) >
          budget)
        continue;
      remedies += ", or choose a context of " + std::to_string(context) + " tokens";
      break;
    }
    throw Error(ErrorCode::Usage, "Perplexity does not fit into the memory allowed: one window of " +
                                      std::to_string(longest) + " tokens needs " + memoryText(need(1)) +
                                      " beside the " + memoryText(used) + " in use already, and " +
                                      memoryText(budget) + " are left: " + remedies + ".");
  }

  std::uint64_t headUnits(std::size_t targets) const {
    return static_cast<std::uint64_t>(targets) * static_cast<std::uint64_t>(m_run.model->hiddenSize()) *
           static_cast<std::uint64_t>(m_vocabulary) / 1024;
  }

  void expectWork() {
    std::uint64_t units = 0;
    while (const auto batch = m_items.next()) {
      m_job.step();
      for (int block = 0; block < m_run.model->blockCount(); ++block)
        units += m_run.model->blockUnits(block, batch->hidden.count(), longestWindow(batch->hidden));
      units += headUnits(batch->targets.size());
    }
    m_job.expect(units * runs());
    m_items.restart();
  }

  HiddenBatch runModel(const PerplexityRun& run, const ScoreBatch& batch) {
    HiddenBatch hidden = batch.hidden;
    run.model->embed(hidden, run.hook, m_job);
    for (int block = 0; block < run.model->blockCount(); ++block)
      run.model->runBlock(block, hidden, run.hook, m_job);
    run.model->finalNorm(hidden, run.hook, m_job);
    keepTargets(hidden, batch.targets);
    return hidden;
  }

  void work(const ScoreBatch& batch) {
    m_job.setStage("Window " + std::to_string(batch.targets.front().window + 1) + " of " +
                   std::to_string(m_windows.windows.size()));
    const HiddenBatch hidden = runModel(m_run, batch);
    HiddenBatch reference;
    if (m_reference) reference = runModel(*m_reference, batch);
    const auto count = static_cast<std::int64_t>(batch.targets.size());
    const std::int64_t rows = logitRows(m_vocabulary);
    for (std::int64_t begin = 0; begin < count; begin += rows)
      scoreRows(batch, hidden, reference, begin, std::min(count, begin + rows));
    emit(batch.windowsDone);
  }

  void scoreRows(const ScoreBatch& batch, const HiddenBatch& hidden, const HiddenBatch& reference,
                 std::int64_t begin, std::int64_t end) {
    const std::int64_t rows = end - begin;
    const auto size = static_cast<std::size_t>(rows * m_vocabulary);
    m_logits.resize(size);
    m_run.model->logits(hidden, begin, end, m_logits, m_job);
    if (m_reference) {
      m_referenceLogits.resize(size);
      m_reference->model->logits(reference, begin, end, m_referenceLogits, m_job);
    }
    const std::span targets = std::span(batch.targets).subspan(static_cast<std::size_t>(begin));
    std::vector<TargetScore> scores(static_cast<std::size_t>(rows));
    parallelFor(m_job, (rows + kScoreRows - 1) / kScoreRows, [&](std::int64_t chunk) {
      const std::int64_t last = std::min(rows, (chunk + 1) * kScoreRows);
      for (std::int64_t row = chunk * kScoreRows; row < last; ++row) {
        const auto i = static_cast<std::size_t>(row);
        scores[i] = scoreTarget(row, targets[i].token);
      }
    });
    for (std::size_t i = 0; i < scores.size(); ++i) addScore(batch, targets[i], scores[i]);
    m_job.step(runs() * headUnits(scores.size()));
  }

  std::span<const float> logitsOf(const std::vector<float>& logits, std::int64_t row) const {
    const auto n = static_cast<std::size_t>(m_vocabulary);
    return std::span(logits).subspan(static_cast<std::size_t>(row) * n, n);
  }

  // NaN as the mark of logits that are not numbers.
  TargetScore scoreTarget(std::int64_t row, std::int32_t token) const {
    TargetScore score;
    const auto at = static_cast<std::size_t>(token);
    const auto model = logitsOf(m_logits, row);
    const LogitScore own = scoreLogits(model);
    score.nll = own.isValid ? own.logSumExp - double{model[at]} : std::nan("");
    if (!m_reference) return score;
    const auto reference = logitsOf(m_referenceLogits, row);
    const LogitScore other = scoreLogits(reference);
    score.referenceNll = other.isValid ? other.logSumExp - double{reference[at]} : std::nan("");
    if (own.isValid && other.isValid) score.kl = klDivergence(reference, other, model, own);
    score.isTop = own.top == other.top;
    return score;
  }

  void addScore(const ScoreBatch& batch, const ScoreTarget& target, const TargetScore& score) {
    if (m_reference && std::isnan(score.referenceNll))
      explainNan(*m_reference, "the reference", target.window, itemOfRow(batch.hidden, target.row), m_job);
    if (std::isnan(score.nll))
      explainNan(m_run, m_reference ? "the changed model" : "the model", target.window,
                 itemOfRow(batch.hidden, target.row), m_job);
    WindowScore& window = m_scores[target.window];
    addTarget(window, score.nll);
    if (!m_reference) return;
    window.kl += score.kl;
    window.topAgreement += score.isTop ? 1 : 0;
    addTarget(m_referenceScores[target.window], score.referenceNll);
  }

  void emit(std::size_t windowsDone) {
    for (; m_emitted < windowsDone; ++m_emitted) {
      if (!m_sink) continue;
      m_sink(m_emitted, m_scores[m_emitted],
             m_reference ? std::optional(m_referenceScores[m_emitted]) : std::nullopt);
    }
  }

  const PerplexityRun& m_run;
  const std::optional<PerplexityRun>& m_reference;
  const TokenWindows& m_windows;
  JobContext& m_job;
  const Sink& m_sink;
  std::int64_t m_vocabulary;
  ScoreItems m_items;
  std::vector<WindowScore> m_scores, m_referenceScores;
  std::vector<float> m_logits, m_referenceLogits;  // of one tile
  std::size_t m_emitted = 0;
};

void checkTokens(const ForwardModel& model, const TokenWindows& windows, const PerplexityOptions& options) {
  if (!model.isCausal() && !options.maskToken) {
    throw Error(ErrorCode::Usage,
                "An encoder is scored by masking one token at a time, and no mask token is known: open the "
                "model with its tokenizer, whose special tokens name it.");
  }
  for (std::size_t w = 0; w < windows.windows.size(); ++w) {
    const TokenWindow& window = windows.windows[w];
    QL_ASSERT(window.firstTarget >= (model.isCausal() ? 1 : 0));
    QL_ASSERT(window.targetEnd <= static_cast<std::int64_t>(window.ids.size()));
    for (std::size_t i = 0; i < window.ids.size(); ++i) {
      if (window.ids[i] >= 0 && window.ids[i] < model.vocabularySize()) continue;
      throw Error(ErrorCode::Usage, "Token id " + std::to_string(window.ids[i]) + " at position " +
                                        std::to_string(i) + " of window " + std::to_string(w) +
                                        " is outside the vocabulary of " +
                                        withThousands(static_cast<std::uint64_t>(model.vocabularySize())) +
                                        " ids: give the text with this model's own tokenizer.");
    }
  }
}

}  // namespace

PerplexityPair measurePerplexity(const PerplexityRun& run, const std::optional<PerplexityRun>& reference,
                                 const TokenWindows& windows, const PerplexityOptions& options,
                                 JobContext& job, const Sink& sink) {
  QL_ASSERT(run.model != nullptr && (!reference || reference->model != nullptr));
  QL_ASSERT(!reference || reference->model->vocabularySize() == run.model->vocabularySize());
  if (windows.targetCount() == 0)
    throw Error(ErrorCode::Usage, "There is nothing to predict: give a text of at least one window.");
  checkTokens(*run.model, windows, options);
  return Measurement(run, reference, windows, options, job, sink).measure();
}

}  // namespace ql
