#include "core/calib/memory_plan.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/collector.h"

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

namespace ql {
namespace {

constexpr std::uint64_t kSlackBytes = 8u << 20;  // heap fragments, stacks, file buffers
constexpr std::int64_t kGoodBatch = 512;         // the GEMM is at its full speed from here on
constexpr std::int64_t kLeastExpertSample = 16;
constexpr std::uint64_t kLanczosVectors = 66;  // doubles a channel while a second moment is conditioned

const Linear& firstConsumer(const Model& model, std::size_t site) {
  return model.linears.at(model.sites.at(site).consumers.front());
}

/// What one setting needs at its worst block.
class Needs {
 public:
  Needs(const ForwardModel& model, const Model& structure, const SiteTable& table,
        const TokenWindows& windows, const CalibrationOptions& options)
      : m_model(model), m_structure(structure), m_table(table), m_windows(windows), m_options(options) {}

  std::uint64_t hiddenBytes(std::int64_t tokens) const {
    return static_cast<std::uint64_t>(tokens * m_model.hiddenSize()) * sizeof(float);
  }
  std::int64_t tokens() const { return m_windows.tokenCount(); }

  /// Everything but second moments.
  std::uint64_t least(std::int64_t batchTokens, bool isSpilled, std::int64_t expertSample) const {
    const std::int64_t batch = largestBatch(batchTokens), longest = m_windows.longest();
    return kSlackBytes + static_cast<std::uint64_t>(tokens()) * 3 * sizeof(std::int32_t) +
           hiddenBytes(isSpilled ? batch : tokens()) + statisticsBytes(expertSample) +
           std::max(m_model.workBytes(batch, longest), finishBytes());
  }

  /// Second moments of the block that wants most.
  std::uint64_t moments() const {
    std::uint64_t most = 0;
    for (const auto& [block, sites] : m_table.byBlock) {
      std::uint64_t bytes = 0;
      for (const std::size_t site : sites)
        if (wantsMoment(m_table, site, m_options))
          bytes += SecondMoment::bytesFor(m_structure.sites[site].width);
      most = std::max(most, bytes);
    }
    return most;
  }

  bool hasExperts() const {
    return std::find(m_table.isExpert.begin(), m_table.isExpert.end(), true) != m_table.isExpert.end();
  }

  std::uint64_t leastForContext(std::int64_t context) const {
    const std::int64_t all = m_options.spillFolder.empty() ? tokens() : context;
    return kSlackBytes + hiddenBytes(all) + statisticsBytes(kLeastExpertSample) +
           m_model.workBytes(context, context);
  }

 private:
  std::int64_t largestBatch(std::int64_t batchTokens) const {
    std::int64_t largest = 0, tokens = 0;
    for (const TokenWindow& window : m_windows.windows) {
      const auto length = static_cast<std::int64_t>(window.ids.size());
      tokens = tokens + length > batchTokens ? length : tokens + length;
      largest = std::max(largest, tokens);
    }
    return largest;
  }

  std::uint64_t statisticsBytes(std::int64_t expertSample) const {
    std::uint64_t most = 0;
    for (const auto& [block, sites] : m_table.byBlock) {
      std::uint64_t bytes = 0;
      for (const std::size_t site : sites) {
        AccumulatorOptions own = m_options.accumulator;
        own.withSecondMoment = false;
        if (m_table.isExpert[site]) own.sampleTokens = std::min(own.sampleTokens, expertSample);
        bytes += ActivationAccumulator::bytesFor(m_structure.sites[site].width, own);
        bytes += m_table.isExpert[site] ? 0 : static_cast<std::uint64_t>(tokens()) * sizeof(float);
      }
      most = std::max(most, bytes);
    }
    return most + pointBytes();
  }

  std::uint64_t pointBytes() const {
    if (!m_options.withPoints) return 0;
    std::int64_t widest = m_model.hiddenSize();
    for (const Linear& linear : m_structure.linears)
      if (linear.role == TensorRole::K || linear.role == TensorRole::V)
        widest = std::max(widest, linear.out());
    return kPointKinds * (ActivationAccumulator::bytesFor(widest, pointOptions(m_options.accumulator)) +
                          static_cast<std::uint64_t>(tokens()) * sizeof(float));
  }

  // Copies while the statistics of the widest site are finished, when the block's temporaries are gone.
  std::uint64_t finishBytes() const {
    std::int64_t widest = 0;
    for (const Site& site : m_structure.sites) widest = std::max(widest, site.width);
    const auto sample =
        static_cast<std::uint64_t>(std::max<std::int64_t>(m_options.accumulator.sampleTokens, 0));
    return static_cast<std::uint64_t>(widest) *
           (sample * sizeof(float) + kLanczosVectors * sizeof(double) + 256);
  }

  const ForwardModel& m_model;
  const Model& m_structure;
  const SiteTable& m_table;
  const TokenWindows& m_windows;
  const CalibrationOptions& m_options;
};

[[noreturn]] void throwTooLittle(const Needs& needs, const TokenWindows& windows,
                                 const CalibrationOptions& options, std::uint64_t budget) {
  const std::int64_t longest = windows.longest();
  const std::uint64_t least = needs.least(longest, !options.spillFolder.empty(), kLeastExpertSample);
  const std::uint64_t used = residentBytes();
  std::string remedies = "allow " + memoryText(used + least);
  if (options.spillFolder.empty()) {
    const std::uint64_t hidden = needs.hiddenBytes(needs.tokens());
    const std::uint64_t token =
        hidden / static_cast<std::uint64_t>(std::max<std::int64_t>(1, needs.tokens()));
    const std::uint64_t rest = least - hidden;
    if (budget > rest &&
        (budget - rest) / std::max<std::uint64_t>(1, token) >= static_cast<std::uint64_t>(longest))
      remedies += ", or give at most " + withThousands((budget - rest) / token) + " tokens";
    remedies += ", or name an output file beside which hidden states can be kept";
  }
  for (std::int64_t context = longest / 2; context >= 32; context /= 2) {
    if (needs.leastForContext(context) > budget) continue;
    remedies += ", or choose a context of " + std::to_string(context) + " tokens";
    break;
  }
  throw Error(ErrorCode::Usage, "Calibration does not fit into the memory allowed: it needs " +
                                    memoryText(least) + " beside the " + memoryText(used) +
                                    " in use already, and " + memoryText(budget) + " are left: " + remedies +
                                    ".");
}

}  // namespace

SiteTable siteTable(const Model& model) {
  SiteTable table;
  std::map<std::pair<int, std::int64_t>, std::size_t> routers;  // by block and width
  for (const Linear& linear : model.linears)
    if (linear.role == TensorRole::Router && linear.block && linear.site)
      routers.try_emplace({*linear.block, linear.in()}, *linear.site);
  for (std::size_t site = 0; site < model.sites.size(); ++site) {
    const Linear& reader = firstConsumer(model, site);
    table.byBlock[reader.block.value_or(model.blockCount)].push_back(site);
    table.isExpert.push_back(reader.expert.has_value());
    table.sharedMoment.emplace_back();
    const bool isInput = reader.role == TensorRole::Gate || reader.role == TensorRole::Up ||
                         reader.role == TensorRole::GateUp || reader.role == TensorRole::Fc1;
    if (!reader.expert || !reader.block || !isInput) continue;
    const auto router = routers.find({*reader.block, reader.in()});
    if (router != routers.end()) table.sharedMoment.back() = router->second;
  }
  return table;
}

std::vector<HiddenBatch> makeBatches(const TokenWindows& windows, std::int64_t batchTokens) {
  std::vector<HiddenBatch> batches;
  std::vector<std::vector<std::int32_t>> group;
  std::int64_t tokens = 0;
  std::int32_t first = 0;
  const auto flush = [&] {
    if (group.empty()) return;
    batches.push_back(makeBatch(group, first));
    first += static_cast<std::int32_t>(group.size());
    group.clear();
    tokens = 0;
  };
  for (const TokenWindow& window : windows.windows) {
    const auto length = static_cast<std::int64_t>(window.ids.size());
    if (tokens + length > batchTokens) flush();
    group.push_back(window.ids);
    tokens += length;
  }
  flush();
  return batches;
}

std::int64_t longestWindow(const HiddenBatch& batch) {
  std::int64_t longest = 0;
  for (std::size_t i = 0; i + 1 < batch.begins.size(); ++i)
    longest = std::max(longest, batch.begins[i + 1] - batch.begins[i]);
  return longest;
}

bool wantsMoment(const SiteTable& table, std::size_t site, const CalibrationOptions& options) {
  return options.accumulator.withSecondMoment &&
         (options.expertMoments || !table.sharedMoment[site].has_value());
}

std::set<std::size_t> chooseMoments(const Model& structure, const SiteTable& table, int block,
                                    const CalibrationOptions& options, std::uint64_t momentBytes) {
  std::vector<std::size_t> order;
  const auto found = table.byBlock.find(block);
  if (found == table.byBlock.end()) return {};
  for (const std::size_t site : found->second)
    if (wantsMoment(table, site, options)) order.push_back(site);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return structure.sites[a].width < structure.sites[b].width;
  });
  std::set<std::size_t> chosen;
  for (const std::size_t site : order) {
    const std::uint64_t bytes = SecondMoment::bytesFor(structure.sites[site].width);
    if (bytes > momentBytes) break;
    momentBytes -= bytes;
    chosen.insert(site);
  }
  return chosen;
}

MemoryPlan planCalibration(const ForwardModel& model, const Model& structure, const SiteTable& table,
                           const TokenWindows& windows, const CalibrationOptions& options,
                           std::uint64_t budget) {
  const Needs needs(model, structure, table, windows, options);
  const std::uint64_t moments = needs.moments();
  const bool canSpill = !options.spillFolder.empty();
  const std::int64_t sample = options.accumulator.sampleTokens;
  const auto fits = [&](std::int64_t batch, bool isSpilled, std::int64_t expertSample, std::uint64_t more) {
    return needs.least(batch, isSpilled, expertSample) + more <= budget;
  };
  for (std::int64_t batch = kBatchTokens; batch >= kGoodBatch; batch /= 2) {
    if (fits(batch, false, sample, moments)) return {batch, false, moments, sample};
    if (canSpill && fits(batch, true, sample, moments)) return {batch, true, moments, sample};
  }
  for (std::int64_t expertSample = sample;; expertSample /= 2) {
    for (std::int64_t batch = kGoodBatch; batch >= 1; batch /= 2) {
      if (fits(batch, canSpill, expertSample, 0))
        return {batch, canSpill, std::min(moments, budget - needs.least(batch, canSpill, expertSample)),
                expertSample};
    }
    if (expertSample <= kLeastExpertSample || !needs.hasExperts()) break;
  }
  throwTooLittle(needs, windows, options, budget);
}

std::uint64_t residentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t remainingBudget(std::uint64_t asked) {
  const std::uint64_t used = residentBytes();
  if (asked != 0) return asked > used ? asked - used : 0;
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);) {
    unsigned long long kibibytes = 0;
    if (std::sscanf(line.c_str(), "MemAvailable: %llu kB", &kibibytes) == 1)
      return kibibytes * 1024 / 10 * 6;  // available is beside what is resident
  }
  return std::uint64_t{4} << 30;  // a system that does not say
}

std::string memoryText(std::uint64_t bytes) {
  char text[32];
  const auto value = static_cast<double>(bytes);
  if (bytes >= (1u << 30))
    std::snprintf(text, sizeof text, "%.2f GiB", value / (1u << 30));
  else
    std::snprintf(text, sizeof text, "%.0f MiB", value / (1u << 20));
  return text;
}

}  // namespace ql
