#pragma once
// Rounds activations X [tokens, width] as a runtime would: per tensor, token or group of channels, in groups
// that clustering made (RPTQ, PEG), with outlier channels kept in 16 bits (LLM.int8()), and in microscaling
// formats. Made once for a scheme and an input, then applied to any tokens. fakeQuantizeActivations() in
// quant/quantizer.h is both in one call.
#include "core/jobs/job_context.h"
#include "core/quant/channel_clusters.h"
#include "core/quant/quantizer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// Throws Error(Unsupported) for a scheme that cannot be measured, naming what there is.
void requireMeasurable(const ActScheme& scheme);

/// True when calibrated extremes change what a scheme does: static scales, groups made by clustering, the
/// tensor scale of nvfp4. Without them dynamic schemes take the tokens at hand.
bool wantsActivationRange(const ActScheme& scheme);

/// The groups of channels of a scheme with `groups`. With a group size too they are made inside each run of
/// so many channels (the heads of an attention block, whose channels cannot change places across heads).
ChannelGroups activationGroups(const ActScheme& scheme, const ActivationRange& range,
                               JobContext* job = nullptr);

/// Tokens of one forward batch as a runtime sees them: what they decide together.
struct ActivationBatch;

/// Immutable and thread-safe.
///
/// LLM.int8() (outlierThreshold T): X is rounded to fp16 first; channels where any token of the batch reaches
/// T stay so; the absmax that scales the rest leaves out the elements that reach T (not their channels). A
/// static scheme takes the channels whose calibrated absmax reaches T instead. That bitsandbytes also holds
/// the weights of outlier channels in fp16 behind their int8 codes is not part of X. Values beyond 65504
/// saturate, where fp16 would be infinite.
/// Source: bitsandbytes, backends/default/ops.py (int8_vectorwise_quant, int8_mixed_scaled_mm);
/// arXiv:2208.07339.
class ActivationQuantizer {
 public:
  /// `range` of all channels or null; `job` for clustering, or null. Throws Error(Unsupported) for a scheme
  /// that cannot be measured and for a static one without a range.
  ActivationQuantizer(const ActScheme& scheme, std::int64_t width, const ActivationRange* range,
                      JobContext* job = nullptr);
  ~ActivationQuantizer();

  /// What the tokens of a batch decide together; reads x [tokens, width] only where they do (a dynamic range
  /// of the tensor, outlier channels). On this thread.
  std::shared_ptr<const ActivationBatch> examine(std::int64_t tokens, std::span<const float> x) const;
  /// Rounds some tokens of the batch in place. Values that are not finite stay and take no part in ranges.
  void apply(const ActivationBatch& batch, std::int64_t tokens, std::span<float> x) const;

  /// Channels kept in 16 bits.
  static std::span<const std::int32_t> outliers(const ActivationBatch& batch);

 private:
  struct State;
  std::unique_ptr<const State> m_state;
};

}  // namespace ql
