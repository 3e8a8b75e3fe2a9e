#pragma once
// Smoothing: one factor S a channel of a smoothing group; the readers' columns are multiplied, the producer
// is divided. A new transform is one file in methods/ and one line in methods.inc.
#include "core/base/option_spec.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/model/model.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// What a transform computes S from. All [channels] of one smoothing group; weights over the concatenated
/// rows of all readers.
struct SmoothingInput {
  std::vector<float> actAbsmax, actMin, actMax, actMedian;  // empty = not known
  std::vector<float> weightAbsmax, weightMedian;            // of |W|; weightMedian may be empty
  std::vector<float> gain;                                  // effective norm weight, for data-free variants
  std::vector<float> actMeanAbs;                            // mean |x|; empty = not known
};

struct SmoothingOptions {
  std::string method = "smoothquant";  // "smoothquant", "bismooth", "awq"
  std::string statistic = "max";       // "max" | "median" | "mean"
  double alpha = 0.5;
  OptionValues options;  // method-specific: {"formula": "llm-compressor"}, {"data_free": true}
  bool powersOfTwo = false;
};

struct SmoothingFactors {
  std::vector<float> s;              // [channels], finite and > 0
  std::int64_t clampedChannels = 0;  // guards hit: counted and shown
  std::int64_t deadChannels = 0;     // S := 1 because activation or weight is zero
};
/// What every factor is kept between (SmoothQuant's lower guard, and its mirror image).
inline constexpr float kLeastFactor = 1e-5f, kLargestFactor = 1e5f;

struct SmoothingMethod {
  std::string_view name, sentence, source;
  std::vector<OptionSpec> options;
  std::vector<std::string> statistics;  // allowed values, first = default
  SmoothingFactors (*factors)(const SmoothingInput& input, const SmoothingOptions& options);
};
const std::vector<const SmoothingMethod*>& smoothingMethods();
const SmoothingMethod& smoothingMethodFor(std::string_view name);  // throws Error(Unsupported) with the list
/// S of one group; powersOfTwo rounds log2 S to whole numbers, which makes folding exact. Throws
/// Error(Unsupported) naming the missing evidence or the statistic, Error(Usage) for an alpha outside [0, 1]
/// or a wrong option.
SmoothingFactors smoothingFactors(const SmoothingInput& input, const SmoothingOptions& options);

/// Each factor to the nearest power of two, in the logarithm; in place.
void roundToPowersOfTwo(std::span<float> s);

/// How a group takes 1/S.
enum class FoldKind { Norm, LinearRows, LinearRowsGrouped };
struct FoldTarget {
  bool isFoldable = false;
  std::string reason;  // why not, as one clause
  FoldKind kind = FoldKind::Norm;
  std::string producer;       // norm tensor or linear name
  std::string bias;           // tensor divided along with it; the checkpoint may lack it
  float normOffset = 0;       // Norm: the effective gain is normOffset + w (Gemma: 1)
  std::int64_t channels = 0;  // of S: the readers' input channels
  std::int64_t rowBegin = 0;  // LinearRows*: first row of the producer that is divided (fused qkv, gate_up)
  std::int64_t headDim = 0, queryHeads = 0, kvHeads = 0;  // LinearRowsGrouped: v -> o under GQA
};
/// Norm: w / S and b / S, Gemma (1 + w) / S - 1. Linear: rows and bias / S; v -> o, also the v part of [q; k;
/// v]; up -> down because up enters linearly, also the up part of [gate; up]; fc1 -> fc2 only through ReLU.
/// Under grouped-query attention all query heads of a key/value head share S (shareAcrossHeads). Not through
/// RoPE or head norms, not into a head that shares the embedding, not for norms behind the residual sum.
/// Source: smooth.py of SmoothQuant, auto_scale.py of AWQ.
FoldTarget foldTarget(const Model& model, std::size_t smoothingGroup, std::string_view configJson);
/// Makes S [channels] equal over the query heads of each key/value head: their largest value, or with
/// `useMean` their mean. Leaves S of other targets alone.
void shareAcrossHeads(const FoldTarget& target, std::span<float> s, bool useMean = false);

/// A model with S folded in: readers' columns times S, producer's weight, bias or rows divided by S, in
/// float32. `factors` by smoothing group, [FoldTarget::channels] each. Reads through; nothing is written.
/// Throws Error(Unsupported) for a group that cannot take S, Error(Shape) for a wrong length,
/// Error(Numeric) for a factor that is not finite and positive, or differs between heads that share it.
class SmoothedSource : public WeightSource {
 public:
  SmoothedSource(std::shared_ptr<const WeightSource> inner, const Model& model, std::string_view configJson,
                 std::map<std::size_t, std::vector<float>> factors);
  ~SmoothedSource() override;
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;
  /// True when this matrix, or this vector, is not what the inner source holds.
  bool changes(const MatrixRef& matrix) const;
  bool changes(const std::string& vector) const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

/// The site of a group whose statistics are those of the producer's output: for a mixture of experts the
/// router's, which sees every token; nothing when no reader has a site.
std::optional<std::size_t> smoothingSite(const Model& model, std::size_t smoothingGroup);

/// What S is computed from. Weights: exact largest and, `withMedian`, exact lower median of |W| by column
/// over the rows of all readers (radix selection: 2 passes over 16-bit weights, at most 4; memory 1 KiB a
/// channel); non-finite weights are left out. Activations: what `activations` (of smoothingSite(), may be
/// null) knows. `gain` [channels] may be empty. expect()s and steps the job by 2 a weight and pass. Throws
/// what the source throws, Error(Shape) when widths differ.
SmoothingInput smoothingInput(const WeightSource& source, const Model& model, std::size_t smoothingGroup,
                              const ActivationStats* activations, std::span<const float> gain,
                              bool withMedian, JobContext& job);

/// Reads "factors.safetensors#name", the spelling in plans; a relative path counts from `folder`. Throws
/// Error(Io | Format | Shape | Numeric) naming file and tensor: missing, not [channels], or not positive.
std::vector<float> readSmoothingFactors(std::string_view reference, const std::filesystem::path& folder,
                                        std::int64_t channels);

}  // namespace ql
