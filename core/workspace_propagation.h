#pragma once
// How the errors of a plan grow through the network: the model as it is and under the plan, block by block
// over some windows. What each block and each linear does alone is kept apart from what all before it did.
#include "core/layer_fallback.h"
#include "core/workspace.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace ql {

struct PropagateOptions {
  TextSource source;
  WindowOptions windows;
  std::uint64_t memoryBytes = 0;     // 0 = 60 % of what is available
  std::filesystem::path planFolder;  // where relative names in the plan count from
  bool withLinears = true;           // three more products a linear
};

/// Errors of the hidden states Y behind a block, all tokens of all windows together. X: before it. Nothing
/// where the energy is 0 or not a number.
struct BlockPropagation {
  int block = 0;
  std::optional<double> isolated;          // |Y' - Y|_F / |Y|_F, only this block under the plan
  std::optional<double> accumulated;       // this one and all before it
  std::optional<double> isolatedOfUpdate;  // the same errors over |Y - X|_F: what the block adds
  std::optional<double> accumulatedOfUpdate;
  std::optional<double> exl2Isolated;           // mean over windows of |Y' - Y|_F / |Y|_F
  std::optional<double> cosineMean, cosineMin;  // of a token's Y and Y', accumulated
};

/// Errors of a linear's outputs, bias left out.
struct LinearPropagation {
  LinearId id = 0;
  std::optional<double> isolated;     // on the input that the model as it is gives it
  std::optional<double> accumulated;  // on the input behind everything that the plan changes before it
};

struct Propagation {
  std::vector<BlockPropagation> blocks;    // in network order
  std::vector<LinearPropagation> linears;  // those inside blocks, experts left out: their tokens may differ
  std::optional<double> kl;                // mean over tokens of KL(as it is || plan) of the logits, nats
  std::optional<double> topAgreement;      // share of tokens with the same most likely next token
  std::int64_t tokens = 0, windows = 0, context = 0;
  std::vector<LayerFallback> fallbacks;
  Evidence evidence;  // n = tokens, data = identity of the windows
};

/// Runs both models side by side; `sink` sees each block as it is done. Three passes a block, six with
/// linears. The same bits for any number of threads. Throws what Workspace::verify() throws; Error(Plan) for
/// rotations, which turn the hidden states that are compared; Error(Usage) when the windows do not fit the
/// memory. Source: exl2: exllamav2 conversion/measure.py; KL as of perplexity.
Propagation propagate(Workspace& workspace, const QuantizationPlan& plan, const PropagateOptions& options,
                      JobContext& job, const std::function<void(const BlockPropagation&)>& sink = {});

}  // namespace ql
