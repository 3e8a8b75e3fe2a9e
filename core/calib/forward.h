#pragma once
// The forward pass of a Transformer, block by block, over any WeightSource. Families differ in data only
// (calib/families/, one file and one line each); the arithmetic is here, in float32.
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/linalg/gemm.h"
#include "core/model/model.h"
#include "core/stats/activation_accumulator.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Activations inside a block that may carry a scheme beside the sites.
enum class PointKind : std::uint8_t { ResidualAfterAttention, ResidualAfterMlp, KCache, VCache };
/// "model.layers.3.residual_after_attn", ".residual_after_mlp", ".k_cache", ".v_cache": the tensor points of
/// a plan.
std::string pointName(const Model& model, int block, PointKind kind);
struct PointId {
  int block = 0;
  PointKind kind = PointKind::ResidualAfterAttention;
  auto operator<=>(const PointId&) const = default;
};
std::optional<PointId> findPoint(const Model& model, std::string_view name);

/// Sees and changes what flows. Called on the thread that runs the block, one call at a time.
class ForwardHook {
 public:
  virtual ~ForwardHook() = default;
  /// The input X [rows.count(), width] of a site before its consumers read it. Expert sites see the tokens
  /// routed to that expert only.
  virtual void site(std::size_t site, const TokenRows& rows, std::span<const float> x, JobContext& job);
  /// True when this linear reads something else than X, which is then written to `out` (fake quantization).
  virtual bool linearInput(LinearId id, std::span<const float> x, std::span<float> out, JobContext& job);
  /// A tensor point [rows.count(), width]; may be changed in place.
  virtual void point(PointId point, const TokenRows& rows, std::span<float> x, JobContext& job);
  /// Tokens routed to each expert of a block in this batch [experts].
  virtual void experts(int block, std::span<const std::uint64_t> tokens);
};

/// Hidden states of whole windows, one after another: values [rows, width].
struct HiddenBatch {
  std::vector<std::int32_t> ids, positions, windows;  // by row
  std::vector<std::int64_t> begins;                   // first row of each window, and the end
  std::int64_t width = 0;
  std::vector<float> values;
  TokenRows rows() const { return {ids, positions, windows}; }
  std::int64_t count() const { return static_cast<std::int64_t>(ids.size()); }
};
/// An empty batch of the given windows (ids of each); windows are numbered from `firstWindow`.
HiddenBatch makeBatch(std::span<const std::vector<std::int32_t>> windows, std::int32_t firstWindow);

class ForwardModel {
 public:
  /// Reads config.json's text; no weights yet. Throws Error(Unsupported) when there is no forward pass for
  /// this family (names the families there are, and the capture script as the way out), Error(Format) for a
  /// config that contradicts itself or the tensors.
  static std::unique_ptr<ForwardModel> make(const Model& model, std::string_view configJson,
                                            std::shared_ptr<const WeightSource> weights);
  virtual ~ForwardModel() = default;

  virtual int blockCount() const = 0;
  virtual std::int64_t hiddenSize() const = 0;
  virtual std::int64_t vocabularySize() const = 0;
  virtual std::int64_t contextLength() const = 0;  // max_position_embeddings
  virtual bool isCausal() const = 0;               // false: an encoder (masked-token predictions)
  /// Peak bytes of temporaries of runBlock for a batch, and the bytes of weights it reads: for memory
  /// budgets.
  virtual std::uint64_t workBytes(std::int64_t tokens, std::int64_t longestWindow) const = 0;
  virtual std::uint64_t blockBytes(int block) const = 0;
  /// Multiply-adds of a block for so many tokens: what runBlock() steps the job by (in units of 1024).
  virtual std::uint64_t blockUnits(int block, std::int64_t tokens, std::int64_t longestWindow) const = 0;

  /// Fills batch.values with embeddings; the hook (may be null) sees the input of a projection behind them
  /// (OPT-350m). Throws Error(Usage) for an id outside the vocabulary, or a window longer than a table of
  /// learned positions.
  virtual void embed(HiddenBatch& batch, ForwardHook* hook, JobContext& job) const = 0;
  void embed(HiddenBatch& batch, JobContext& job) const { embed(batch, nullptr, job); }
  /// One Transformer block in place. `hook` may be null. Steps the job by blockUnits().
  virtual void runBlock(int block, HiddenBatch& batch, ForwardHook* hook, JobContext& job) const = 0;
  /// Final norm in place (and projection, and the encoder's head transform: batch.width may change). What is
  /// left is what the head reads: the hook's version of it, if there is one.
  virtual void finalNorm(HiddenBatch& batch, ForwardHook* hook, JobContext& job) const = 0;
  /// Logits of rows [begin, end) of a batch behind finalNorm() -> out [n, vocabulary]. Throws
  /// Error(Unsupported) for a checkpoint without a head.
  virtual void logits(const HiddenBatch& batch, std::int64_t rowBegin, std::int64_t rowEnd,
                      std::span<float> out, JobContext& job) const = 0;
};

/// Families with a forward pass, for messages and `qloupe methods`.
std::vector<std::string_view> forwardFamilies();
bool hasForward(const Model& model);

}  // namespace ql
