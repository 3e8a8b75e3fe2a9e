#pragma once
// Calibration: the model block by block over all windows, statistics of every site as they come, with the
// memory of one block; and perplexity of one or two models side by side.
#include "core/calib/forward.h"
#include "core/calib/token_windows.h"
#include "core/stats/activation_stats.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ql {

struct CalibrationOptions {
  std::uint64_t memoryBytes = 0;  // resident memory of the whole process, 0 = 60 % of what is available
  AccumulatorOptions accumulator;
  bool expertMoments = false;  // second moments of expert sites one by one instead of one a block
  std::filesystem::path
      spillFolder;  // hidden states over the budget, and the state to resume from; empty = memory only
  bool withPoints = false;  // also the residual sums and caches: extremes, moments and a token sample of each
  bool resume = true;
  std::string identity;  // of the weights as the model reads them (fingerprint, plan): hidden states of
                         // others are not resumed from
};

/// Tokens that each expert saw, by block.
using ExpertCoverage = std::map<int, std::vector<std::uint64_t>>;

/// What one finished block gives. Sites by index in Model::sites.
struct BlockActivations {
  int block = 0;  // blockCount() = the sites behind the last block (lm_head); block 0 has those before it too
  std::vector<std::pair<std::size_t, ActivationStats>> sites;
  std::vector<std::pair<PointId, ActivationStats>> points;  // with withPoints
  std::vector<std::uint64_t> expertTokens;                  // empty for a dense block
  std::vector<std::string> warnings;  // NaN/Inf named by site, moments left out for want of memory
};

/// Runs the calibration. Sites of experts have the statistics of the tokens routed to them; their gate and up
/// point to the second moment of the router's input, which is that of all tokens of the block, unless
/// expertMoments. An expert that saw no token has no entry. `done(block)` says that a block's results exist
/// already (resume); hidden states of the last finished block are taken from the spill folder, so finished
/// blocks are not run again. `sink` is called in block order on the calling thread; when it returns, the
/// block counts as finished. Throws Error(Usage) when the budget cannot hold the least (says what would),
/// Error(Numeric) naming the first block where NaN appear in all tokens, Cancelled. Removes its files in the
/// spill folder at the end.
void calibrate(const ForwardModel& model, const Model& structure, const TokenWindows& windows,
               const CalibrationOptions& options, const std::function<bool(int)>& done,
               const std::function<void(BlockActivations)>& sink, JobContext& job);

/// Score of one window.
struct WindowScore {
  double nll = 0;    // sum of -ln p over its targets
  double nllSq = 0;  // sum of (ln p)^2: for the standard error
  std::int64_t targets = 0;
  double kl = 0;            // sum over targets of KL(reference || model) of the logits; 0 without reference
  double topAgreement = 0;  // targets whose most likely token is the reference's; 0 without reference
};

struct PerplexityResult {
  double perplexity = 0, nll = 0;  // exp(mean), mean of -ln p
  double standardError = 0;        // of perplexity: perplexity * s / sqrt(n) as llama.cpp reports it
  std::int64_t targets = 0;
  double meanKl = 0, topAgreement = 0;  // mean and share over targets, against the reference; 0 without
  std::vector<WindowScore> windows;
};

/// One contestant: the model with its weights (smoothed, quantized) and its hook (activation schemes), or
/// null.
struct PerplexityRun {
  const ForwardModel* model = nullptr;
  ForwardHook* hook = nullptr;
};

struct PerplexityOptions {
  std::uint64_t memoryBytes = 0;  // resident memory of the whole process, 0 = 60 % of what is available
  std::optional<std::int32_t> maskToken;  // needed for encoders: stands for the token that is predicted
};

/// Perplexity of `run`, and, with `reference`, of that one too and the KL divergence between them. Windows
/// are worked in groups that fit the memory; `sink(window, score, referenceScore)` is called in window order
/// as they come. Encoders: masked-token pseudo-perplexity, each target masked in turn (Salazar et al.,
/// arXiv:1910.14659). Throws Error(Numeric) for logits that are NaN, naming the first block that gives NaN or
/// infinite values; Error(Usage) for an encoder without a mask token, and when the memory does not hold one
/// window.
struct PerplexityPair {
  PerplexityResult result;
  std::optional<PerplexityResult> reference;
};
PerplexityPair measurePerplexity(
    const PerplexityRun& run, const std::optional<PerplexityRun>& reference, const TokenWindows& windows,
    const PerplexityOptions& options, JobContext& job,
    const std::function<void(std::size_t, const WindowScore&, const std::optional<WindowScore>&)>& sink = {});

}  // namespace ql
