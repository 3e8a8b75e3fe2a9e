#pragma once
// Scores of many variants of one model on the same text, each unlike a base run from some block on: what
// comes before is run once and kept as far as memory goes. For leave-one-out sensitivity.
#include "core/calib/calibration.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace ql {

/// A variant: `select` makes the variants' run behave like it. Hidden states in front of `firstBlock` are
/// those of the base; blockCount() = only the head differs.
struct ModelVariant {
  int firstBlock = 0;
  std::function<void()> select;
};

/// What is run. `reference` is the model as it is, against which logits are compared. `base` may be the same
/// as `changing`: selectBase() (may be empty) makes it the base again. `changing` is what select() changes.
struct VariantRuns {
  PerplexityRun reference, base, changing;
  std::function<void()> selectBase = {};
};

/// Sums over all targets of the text: of the reference (without kl), and of every variant.
struct VariantScores {
  WindowScore reference;
  std::vector<WindowScore> variants;
};

/// Called after each batch of windows for every variant: the sums over all windows so far, and whether they
/// are all there are. Logits that are not numbers give nll and kl of NaN.
using VariantSink = std::function<void(std::size_t variant, const VariantScores& soFar, bool isLast)>;

/// Scores every variant batch by batch, in their order. Steps the job by what the blocks of all runs cost.
/// Memory: as measurePerplexity(), and hidden states of the base at as many blocks as fit the rest of the
/// budget. Throws what measurePerplexity() throws for memory and mask tokens; Error(Numeric) when the logits
/// of the reference are not numbers.
VariantScores scoreVariants(const VariantRuns& runs, const std::vector<ModelVariant>& variants,
                            const TokenWindows& windows, const PerplexityOptions& options, JobContext& job,
                            const VariantSink& sink = {});

/// Perplexity and the rest of sums over targets.
PerplexityResult resultOfSums(const WindowScore& sums);

}  // namespace ql
