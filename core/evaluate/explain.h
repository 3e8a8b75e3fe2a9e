#pragma once
// A short paragraph on one linear, made from the evidence at hand: what its error is, what dominates it,
// which channels, and what each measured remedy gives. No sentence without its number; nothing is measured
// here.
#include "core/evaluate/diagnosis.h"
#include "core/evaluate/layer_error.h"
#include "core/evaluate/output_error.h"
#include "core/stats/activation_stats.h"
#include "core/stats/weight_stats.h"

#include <span>
#include <string>
#include <vector>

namespace ql {

/// What is known; null or empty = not known, and then not spoken of.
struct ExplainInput {
  Choice choice;         // that `error` and `findings` are about
  double target = 0.02;  // of the figure the diagnosis rests on
  const WeightStats* stats = nullptr;
  const LayerError* error = nullptr;  // with columnError the shares of channels are told
  const OutputError* output = nullptr;
  const ActivationStats* activations = nullptr;  // of the linear's site
  std::span<const float> gain;                   // [in] of the norm in front
  std::span<const Finding> findings;             // of the same choice, as diagnose() orders them
  std::span<const StoredError> candidates;       // other choices that were measured
  std::span<const SmoothedError> smoothed;       // smoothings of its group that were tried
  double storedBits = 16;                        // bits of a weight in the checkpoint
};

struct Explanation {
  std::vector<std::string> sentences;  // two to five as a rule; empty when nothing was measured
  std::string text() const;            // as one paragraph
};

/// Words of the field, English, one paragraph. Pure; cost O(in).
Explanation explain(const ExplainInput& input);

}  // namespace ql
