#pragma once
// Smoothing: one factor S a channel of a smoothing group; the readers' columns are multiplied, the producer
// is divided. A new transform is one file in methods/ and one line in methods.inc.
#include "core/base/option_spec.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/model/model.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
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
};

struct SmoothingOptions {
  std::string method = "smoothquant";  // "smoothquant", "bismooth"
  std::string statistic = "max";       // "max" | "median"
  double alpha = 0.5;
  OptionValues options;  // method-specific: {"formula": "llm-compressor"}, {"data_free": true}
  bool powersOfTwo = false;
};

struct SmoothingFactors {
  std::vector<float> s;              // [channels], finite and > 0
  std::int64_t clampedChannels = 0;  // guards hit: counted and shown
  std::int64_t deadChannels = 0;     // S := 1 because activation or weight is zero
};

struct SmoothingMethod {
  std::string_view name, sentence, source;
  std::vector<OptionSpec> options;
  std::vector<std::string> statistics;  // allowed values, first = default
  SmoothingFactors (*factors)(const SmoothingInput& input, const SmoothingOptions& options);
};
const std::vector<const SmoothingMethod*>& smoothingMethods();
const SmoothingMethod& smoothingMethodFor(std::string_view name);  // throws Error(Unsupported) with the list
/// S of one group. Throws Error(Unsupported) naming the missing evidence.
SmoothingFactors smoothingFactors(const SmoothingInput& input, const SmoothingOptions& options);

/// How a group takes 1/S.
enum class FoldKind { Norm, LinearRows, LinearRowsGrouped };
struct FoldTarget {
  bool isFoldable = false;
  std::string reason;  // why not, as one clause
  FoldKind kind = FoldKind::Norm;
  std::string producer;                                   // norm tensor or linear name
  std::int64_t channels = 0;                              // of S
  std::int64_t headDim = 0, queryHeads = 0, kvHeads = 0;  // LinearRowsGrouped: v -> o under GQA
};
/// Rules: methods.md 6.3.
FoldTarget foldTarget(const Model& model, std::size_t smoothingGroup, std::string_view configJson);

/// A model with S folded in: readers' columns times S, producer's weight, bias or rows divided by S.
/// `factors` by smoothing group. Reads through; nothing is written.
class SmoothedSource : public WeightSource {
 public:
  SmoothedSource(std::shared_ptr<const WeightSource> inner, const Model& model, std::string_view configJson,
                 std::map<std::size_t, std::vector<float>> factors);
  ~SmoothedSource() override;
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::vector<float> readVector(const std::string& tensor) const override;
  void release(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd) const override;
  void check(const MatrixRef& matrix) const override;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
