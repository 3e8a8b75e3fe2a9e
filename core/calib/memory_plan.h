#pragma once
// How a calibration is fitted into a memory budget: tokens at a time, hidden states in memory or in a file,
// which second moments are kept. Pure arithmetic but for the two questions to the system.
#include "core/calib/calibration.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace ql {

/// Where sites lie. All by index in Model::sites.
struct SiteTable {
  std::map<int, std::vector<std::size_t>> byBlock;  // blockCount = those of no block: the head, projections
  std::vector<bool> isExpert;
  /// The site whose second moment stands for that of an expert's gate and up: the router's input, i.e. all
  /// tokens of the block. With every token going to as many experts, it is the mean over the experts too.
  std::vector<std::optional<std::size_t>> sharedMoment;
};
SiteTable siteTable(const Model& model);

struct MemoryPlan {
  std::int64_t batchTokens = 0;   // windows are worked together up to so many tokens, one at least
  bool isSpilled = false;         // hidden states in a file
  std::uint64_t momentBytes = 0;  // for the second moments of one block
  std::int64_t expertSample = 0;  // sample tokens of an expert's sites
};

/// The most tokens a batch has: enough that reading and widening the weights does not count, and the same
/// for every budget that allows it, because float32 sums of batches leave their trace in the last bits.
inline constexpr std::int64_t kBatchTokens = 2048;

/// Windows dealt to batches of at most `batchTokens` tokens (more only where one window is longer).
std::vector<HiddenBatch> makeBatches(const TokenWindows& windows, std::int64_t batchTokens);
std::int64_t longestWindow(const HiddenBatch& batch);

/// `budget` is what is left for the calibration. Given up in this order: hidden states in memory, batches
/// above 512 tokens, second moments, large batches, samples of experts. Throws Error(Usage) saying what would
/// fit.
MemoryPlan planCalibration(const ForwardModel& model, const Model& structure, const SiteTable& table,
                           const TokenWindows& windows, const CalibrationOptions& options,
                           std::uint64_t budget);

/// Sites of a block whose second moments fit into the plan: the smallest first, so that most do.
std::set<std::size_t> chooseMoments(const Model& structure, const SiteTable& table, int block,
                                    const CalibrationOptions& options, std::uint64_t momentBytes);
/// True when a site would get a second moment of its own if there were memory enough.
bool wantsMoment(const SiteTable& table, std::size_t site, const CalibrationOptions& options);

/// What this process may take on top of what it has: `asked` (0 = 60 % of what the machine has available)
/// less what is resident now.
std::uint64_t remainingBudget(std::uint64_t asked);
std::uint64_t residentBytes();
/// "1.25 GiB", "310 MiB".
std::string memoryText(std::uint64_t bytes);

}  // namespace ql
