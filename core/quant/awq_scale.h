#pragma once
// AWQ's scale search: one factor for each input channel, s = mean|x|^ratio, under which the rounded weights
// change the layer's output least. Not for clipping (awq_clip.h).
#include "core/quant/quantizer.h"
#include "core/stats/site_moment.h"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace ql {

/// mean|x| by channel [width], from the sums over all tokens, else from the token sample. Throws
/// Error(Unsupported) when the statistics hold neither (an imatrix, act_scales).
std::vector<float> awqMeanAbs(const ActivationStats& stats);

/// s = clamp(x^ratio, 1e-4), with `weightMean` (not empty: duo) clamp(x^ratio / (w^(1 - ratio) + 1e-4),
/// 1e-4); then divided by sqrt(max(s) min(s)); what is not finite becomes 1. float32 in the official order.
/// Sources: llm-awq auto_scale.py; llm-compressor AWQModifier (duo).
std::vector<float> awqFactors(std::span<const float> meanAbs, std::span<const float> weightMean,
                              double ratio);

struct AwqCandidate {
  double ratio = 0;
  bool isDuo = false;
  double loss = 0;  // sum over the readers of tr(D M D^T), D = Q(W s) / s - W
};

struct AwqSearch {
  std::int64_t grid = 20;
  bool isDuo = false;
};
/// Official: ratios i / grid, i = 0 .. grid - 1: 1 is left out. Duo: (0, not duo), then k / (grid - 2) for
/// k = 0 .. grid - 2.
std::vector<AwqCandidate> awqCandidates(const AwqSearch& search);

struct AwqScale {
  std::vector<float> s;             // [in] of the best candidate
  AwqCandidate best;                // the first of equals
  std::vector<AwqCandidate> tried;  // in order, with losses
};

/// The official search measures q, k and v by the output of the attention and gate and up by that of the MLP,
/// o and down by their own. This one needs no forward pass: the loss is the squared error of the readers' own
/// outputs, summed over all that share the input (input.siblings), on all tokens behind M. For o and down the
/// two are the same function.
///
/// `inner` is how W s is rounded (algorithm rtn, no clip). Cost: grid times (rounding + out in^2) for each
/// reader; the weights are read once, twice for schemes of the whole tensor or input channels.
AwqScale searchAwqScale(const WeightScheme& inner, const QuantizerInput& input, const SiteMoment& site,
                        const AwqSearch& search);

/// The quantizer of W s under `inner`; extremes of W are measured when the scheme wants them.
std::unique_ptr<RowQuantizer> quantizerOfScaled(const WeightScheme& inner, const QuantizerInput& input,
                                                const MatrixRef& matrix, std::span<const float> s);

/// Rows read and worked on together: a multiple of the band, about 256.
std::int64_t awqTileRows(const WeightScheme& inner, const MatrixRef& matrix);
/// rows [n, in] of a matrix, read by several tasks.
void readTile(const QuantizerInput& input, const MatrixRef& matrix, std::int64_t rowBegin,
              std::int64_t rowEnd, std::span<float> rows);
/// Calls body(first row, rows) in parallel for pieces of [0, rows) that are multiples of `unit` (but the
/// last).
void forRowPieces(std::int64_t rows, std::int64_t unit, JobContext& job,
                  const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace ql
