#include "core/calib/calibration.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/collector.h"
#include "core/calib/hidden_store.h"
#include "core/calib/memory_plan.h"
#include "core/calib/sequential.h"
#include "core/stats/activation_kernel.h"

#include <malloc.h>
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace ql {
namespace {

constexpr std::uint32_t kLargestFinite = 0x7f7fffff;  // pattern of FLT_MAX

std::string identityOf(const ForwardModel& model, const Model& structure, const TokenWindows& windows,
                       const CalibrationOptions& options) {
  Sha256 sha;
  for (const std::string& part :
       {std::string("hidden states 1"), windows.sha256, options.identity, structure.architecture}) {
    sha.add(static_cast<std::uint64_t>(part.size()));
    sha.add(part);
  }
  sha.add(static_cast<std::uint64_t>(model.blockCount()));
  sha.add(static_cast<std::uint64_t>(model.hiddenSize()));
  for (const TokenWindow& window : windows.windows) sha.add(std::as_bytes(std::span(window.ids)));
  return sha.finish();
}

void requireText(const TokenWindows& windows) {
  if (windows.windows.empty())
    throw Error(ErrorCode::Usage, "There is no text to calibrate with: give at least one window of tokens.");
}

std::uint64_t brokenTokens(const HiddenBatch& batch) {
  std::uint64_t broken = 0;
  for (std::int64_t row = 0; row < batch.count(); ++row)
    broken += largestMagnitude(batch.values.data() + row * batch.width, batch.width) > kLargestFinite ? 1 : 0;
  return broken;
}

class Calibration {
 public:
  /// `quantized` null: every block reads what the model itself makes of the text.
  Calibration(const ForwardModel& model, const ForwardModel* quantized, const Model& structure,
              const TokenWindows& windows, const CalibrationOptions& options,
              const std::function<bool(int)>& done, const std::function<void(BlockActivations)>& sink,
              JobContext& job)
      : m_model(model),
        m_quantized(quantized),
        m_structure(structure),
        m_options(options),
        m_sink(sink),
        m_job(job),
        m_table(siteTable(structure)),
        m_plan(planCalibration(model, structure, m_table, windows, options,
                               remainingBudget(options.memoryBytes))),
        m_store(makeBatches(windows, m_plan.batchTokens), model.hiddenSize(),
                {options.spillFolder, m_plan.isSpilled, identityOf(model, structure, windows, options)}),
        m_tokens(windows.tokenCount()) {
    for (int stage = 0; stage <= blocks(); ++stage) {
      const bool isWanted = stage < blocks() || m_table.byBlock.count(blocks()) != 0;
      m_isWanted.push_back(isWanted && !(done && done(stage)));
    }
  }

  void run() {
    const auto first = std::find(m_isWanted.begin(), m_isWanted.end(), true);
    if (first != m_isWanted.end()) {
      const auto last = std::find(m_isWanted.rbegin(), m_isWanted.rend(), true);
      runStages(static_cast<int>(first - m_isWanted.begin()), static_cast<int>(m_isWanted.rend() - last) - 1);
    }
    m_store.removeFiles();
  }

 private:
  int blocks() const { return m_model.blockCount(); }
  std::vector<std::size_t> sitesOf(int stage) const {
    const auto found = m_table.byBlock.find(stage);
    return found == m_table.byBlock.end() ? std::vector<std::size_t>() : found->second;
  }
  bool isWanted(int stage) const { return m_isWanted[static_cast<std::size_t>(stage)]; }

  void runStages(int first, int last) {
    const auto resumed = m_options.resume ? m_store.resume(first, m_job) : std::nullopt;
    const int begin = resumed ? *resumed + 1 : 0;
    expectWork(begin, last);
    std::unique_ptr<SiteCollector> collector = collectorFor(begin);
    if (!resumed) embed(collector.get());
    for (int stage = begin; stage <= std::min(last, blocks() - 1); ++stage) {
      if (stage > begin) collector = collectorFor(stage);
      if (m_quantized) {
        if (collector) observeBlock(stage, *collector);
        finish(stage, std::move(collector));
        if (stage == last) break;
      }
      runBlock(stage, collector.get());
      finish(stage, std::move(collector));
      endPass();
    }
    if (last == blocks()) runHead(begin == last ? std::move(collector) : collectorFor(last));
  }

  void expectWork(int begin, int last) {
    std::uint64_t units = 0;
    for (int stage = begin; stage <= last; ++stage) {
      const auto collector = collectorFor(stage);
      for (std::size_t i = 0; i < m_store.batchCount(); ++i) {
        const HiddenBatch& batch = m_store.layout(i);
        const std::uint64_t passes = m_quantized && collector && stage < last ? 2 : 1;
        if (stage < blocks())
          units += passes * m_model.blockUnits(stage, batch.count(), longestWindow(batch));
        if (!collector) continue;
        for (const std::size_t site : sitesOf(stage)) units += collector->units(site, batch.count());
        if (stage < blocks()) units += collector->pointUnits(batch.count(), m_model.hiddenSize());
      }
    }
    m_job.expect(units);
  }

  /// Null for a stage whose results exist.
  std::unique_ptr<SiteCollector> collectorFor(int stage) {
    if (!isWanted(stage)) return nullptr;
    CollectorOptions options{m_options, m_model.hiddenSize(),
                             chooseMoments(m_structure, m_table, stage, m_options, m_plan.momentBytes),
                             m_plan.expertSample};
    return std::make_unique<SiteCollector>(m_structure, m_table, std::move(options));
  }

  void embed(SiteCollector* collector) {
    m_job.setStage("Embedding " + withThousands(static_cast<std::uint64_t>(m_tokens)) + " tokens");
    m_store.beginPass(-1);
    std::uint64_t broken = 0;
    for (std::size_t i = 0; i < m_store.batchCount(); ++i) {
      HiddenBatch& batch = m_store.load(i);
      m_model.embed(batch, collector, m_job);
      broken += brokenTokens(batch);
      m_store.store(i, m_job);
    }
    judge("The embedding", broken);
    endPass();
  }

  /// The sites of a block on its inputs, by its weights as they are; the outputs are thrown away.
  void observeBlock(int block, SiteCollector& collector) {
    m_job.setStage("Block " + std::to_string(block + 1) + " of " + std::to_string(blocks()));
    for (std::size_t i = 0; i < m_store.batchCount(); ++i) {
      HiddenBatch batch = m_store.load(i);
      m_store.unload(i);
      m_model.runBlock(block, batch, &collector, m_job);
    }
  }

  void runBlock(int block, SiteCollector* collector) {
    const ForwardModel& model = m_quantized ? *m_quantized : m_model;
    m_job.setStage("Block " + std::to_string(block + 1) + " of " + std::to_string(blocks()));
    m_store.beginPass(block);
    std::uint64_t broken = 0;
    for (std::size_t i = 0; i < m_store.batchCount(); ++i) {
      HiddenBatch& batch = m_store.load(i);
      model.runBlock(block, batch, collector, m_job);
      broken += brokenTokens(batch);
      m_store.store(i, m_job);
    }
    judge("Block " + std::to_string(block), broken);
  }

  void runHead(std::unique_ptr<SiteCollector> collector) {
    m_job.setStage("Output head");
    for (std::size_t i = 0; i < m_store.batchCount(); ++i) {
      m_model.finalNorm(m_store.load(i), collector.get(), m_job);
      m_store.drop(i);
    }
    finish(blocks(), std::move(collector));
  }

  /// Throws when a part of the model leaves nothing to work with; else remembers a warning where it got
  /// worse.
  void judge(const std::string& part, std::uint64_t broken) {
    const auto all = static_cast<std::uint64_t>(m_tokens);
    if (broken == all) {
      throw Error(ErrorCode::Numeric,
                  part + " gives NaN or infinite values for all " + withThousands(all) +
                      " tokens, so there is nothing to measure behind it: look for damaged "
                      "weights there with 'qloupe inspect --scan', or open the original checkpoint.");
    }
    if (broken > m_broken)
      m_warnings.push_back(part + " gives NaN or infinite values for " + withThousands(broken) + " of " +
                           withThousands(all) + " tokens; they are left out of the statistics behind it.");
    m_broken = broken;
  }

  void finish(int stage, std::unique_ptr<SiteCollector> collector) {
    if (!collector) return;
    BlockActivations result = collector->finish(stage, m_job);
    collector.reset();
    ::malloc_trim(0);  // the block's temporaries lie in the heap's free lists, and count as ours
    warnAboutMemory(stage, result.warnings);
    result.warnings.insert(result.warnings.end(), m_warnings.begin(), m_warnings.end());
    m_warnings.clear();
    m_sink(std::move(result));
  }

  void endPass() {
    if (auto warning = m_store.endPass(m_job)) m_warnings.push_back(std::move(*warning));
  }

  void warnAboutMemory(int stage, std::vector<std::string>& warnings) {
    const auto kept = chooseMoments(m_structure, m_table, stage, m_options, m_plan.momentBytes);
    std::uint64_t expertBytes = 0, experts = 0;
    for (const std::size_t site : sitesOf(stage)) {
      if (!wantsMoment(m_table, site, m_options) || kept.count(site) != 0) continue;
      const std::uint64_t bytes = SecondMoment::bytesFor(m_structure.sites[site].width);
      if (m_table.isExpert[site]) {
        expertBytes += bytes, ++experts;
        continue;
      }
      warnings.push_back(m_structure.sites[site].name + ": second moment left out: it needs " +
                         memoryText(bytes) + ", and the budget has " + memoryText(m_plan.momentBytes) +
                         " for those of a block; the sketch stands in.");
    }
    if (experts > 0)
      warnings.push_back("Block " + std::to_string(stage) + ": second moments of " + withThousands(experts) +
                         " expert inputs left out: they need " + memoryText(expertBytes) +
                         ", and the budget has " + memoryText(m_plan.momentBytes) +
                         " for those of a block; the sketches stand in.");
    if (m_plan.expertSample < m_options.accumulator.sampleTokens && stage == 0)
      warnings.push_back("Token samples of experts hold " + std::to_string(m_plan.expertSample) +
                         " tokens instead of " + std::to_string(m_options.accumulator.sampleTokens) +
                         ": the budget allows no more.");
  }

  const ForwardModel& m_model;
  const ForwardModel* m_quantized;
  const Model& m_structure;
  const CalibrationOptions& m_options;
  const std::function<void(BlockActivations)>& m_sink;
  JobContext& m_job;
  SiteTable m_table;
  MemoryPlan m_plan;
  HiddenStore m_store;
  std::int64_t m_tokens;
  std::vector<bool> m_isWanted;  // by stage: block 0.., and the head
  std::uint64_t m_broken = 0;    // tokens that are not finite, at the last part that ran
  std::vector<std::string> m_warnings;
};

}  // namespace

void calibrate(const ForwardModel& model, const Model& structure, const TokenWindows& windows,
               const CalibrationOptions& options, const std::function<bool(int)>& done,
               const std::function<void(BlockActivations)>& sink, JobContext& job) {
  requireText(windows);
  Calibration(model, nullptr, structure, windows, options, done, sink, job).run();
}

void calibrateSequentially(const ForwardModel& model, const ForwardModel& quantized, const Model& structure,
                           const TokenWindows& windows, const CalibrationOptions& options,
                           const std::function<bool(int)>& done,
                           const std::function<void(BlockActivations)>& sink, JobContext& job) {
  QL_ASSERT(model.blockCount() == quantized.blockCount() && model.hiddenSize() == quantized.hiddenSize());
  requireText(windows);
  Calibration(model, &quantized, structure, windows, options, done, sink, job).run();
}

}  // namespace ql
