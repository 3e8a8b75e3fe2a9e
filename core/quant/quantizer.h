#pragma once
// Quantizers: what a weight scheme does to a matrix. A new method is one file in methods/ and one line in
// methods.inc.
#include "core/base/option_spec.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/scheme.h"
#include "core/stats/activation_stats.h"
#include "core/stats/channel_stats.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Codes, scales and zero points of a whole matrix: for tests, goldens and packing writers, not for
/// streaming.
struct QuantizedMatrix {
  std::int64_t out = 0, in = 0;
  std::vector<std::int32_t> codes;       // out * in, in the flavour's own grid
  std::vector<float> scales;             // in the partition's order
  std::vector<std::int32_t> zeroPoints;  // as scales; empty when symmetric with signed codes
  std::vector<float> dequantized;        // out * in
  bool hasPartialGroup = false;          // the last group is shorter: analysis only, not exportable
};

/// Extremes that a scheme whose parts span rows (tensor, input channel) needs before the pass; from
/// statistics or from a pass of its own. Finite values only.
struct MatrixRange {
  std::vector<float> columnMin, columnMax;  // [in]
};

/// Something that went otherwise than asked for: shown beside the figures, and an exit code with --strict.
struct Fallback {
  std::string reason;      // one clause: "the Hessian is not positive definite: damping raised to 0.1"
  std::int64_t count = 1;  // how often: rows, groups, columns, as the reason says
  bool operator==(const Fallback&) const = default;
};

/// Quantizes and dequantizes rows of one matrix under one scheme. Immutable and thread-safe once made: what a
/// method has to find out about the whole matrix or its input, it finds out when it is made.
class RowQuantizer {
 public:
  virtual ~RowQuantizer() = default;
  /// How many rows are best handed over together; a multiple of rowUnit(). The result does not depend on it.
  virtual std::int64_t rowsAtOnce() const { return rowUnit(); }
  /// What was known when it was made; counts of what apply() does are not among it.
  virtual std::vector<Fallback> fallbacks() const { return {}; }
  /// Bits a weight with everything that must be stored, where that depends on the weights (outliers kept
  /// apart, BiLLM's masks); nothing = as bitsPerWeight() says.
  virtual std::optional<double> bitsPerWeight() const { return std::nullopt; }
  /// How many rows must be handed over together (1, or the group size of GroupInChannel, or a block's
  /// height); rowBegin of every call is a multiple of it and only the last call may be shorter.
  virtual std::int64_t rowUnit() const = 0;
  /// rows [n * in] -> fake-quantized [n * in], `isZeroCode` optional [n * in]: 1 where the code equals the
  /// code of 0. Non-finite inputs stay as they are and take no part in the ranges.
  virtual void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                     std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const = 0;
};

/// What a method asks for beside the rows themselves.
struct QuantizerNeeds {
  bool range = false;        // MatrixRange: parts span rows
  bool matrix = false;       // reads the matrix, or its siblings, before the first row
  bool activations = false;  // statistics of the linear's input
};

/// What a quantizer is made from. A method may count on what it needs() and must not look at the rest.
struct QuantizerInput {
  std::int64_t out = 0, in = 0;
  const MatrixRange* range = nullptr;
  const WeightSource* source = nullptr;  // with `matrix`; where the rows come from
  MatrixRef matrix{};
  /// All matrices that share a decision with this one, itself among them, in network order: readers of the
  /// same input (AWQ's one S), fused siblings (one tensor scale). Empty = alone.
  std::vector<MatrixRef> siblings{};
  const ActivationStats* activations = nullptr;
  JobContext* job = nullptr;  // of making it; progress is not counted
};

/// A method. Several may share a name and divide the number formats between them.
struct Quantizer {
  std::string_view name;  // "rtn": of the algorithm
  std::string_view sentence;
  std::string_view source;  // paper or tool
  std::vector<OptionSpec> options;
  std::vector<std::string> formats, flavours, clips;  // that it implements
  QuantizerNeeds (*needs)(const WeightScheme& scheme);
  /// Throws Error(Unsupported) naming what is not available for this scheme and what is. Format, flavour and
  /// clip are in the lists above already.
  void (*check)(const WeightScheme& scheme);
  /// Through makeRowQuantizer(), which sees to it that nothing needed is missing.
  std::unique_ptr<RowQuantizer> (*make)(const WeightScheme& scheme, const QuantizerInput& input);
  /// The whole matrix at once, with codes. Null for methods that need data.
  QuantizedMatrix (*quantize)(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                              std::span<const float> weights) = nullptr;
  /// rowUnit() without making it; null = the height of the scheme's parts, 1 when they span all rows.
  std::int64_t (*rowUnit)(const WeightScheme& scheme, std::int64_t out, std::int64_t in) = nullptr;
};

const std::vector<const Quantizer*>& quantizers();
/// The quantizer for a scheme. Throws Error(Unsupported) with the list of what there is.
const Quantizer& quantizerFor(const WeightScheme& scheme);
QuantizerNeeds quantizerNeeds(const WeightScheme& scheme);
/// Rows that a scheme's bands are high: rowUnit() of its quantizer, without making one.
std::int64_t bandRows(const WeightScheme& scheme, std::int64_t out, std::int64_t in);
/// Makes the quantizer of a scheme. Throws Error(Unsupported) for a scheme that cannot be measured and for
/// want of activations, saying what to do; Error(Shape) when `range` or activations do not fit; what the
/// source throws; Cancelled.
std::unique_ptr<RowQuantizer> makeRowQuantizer(const WeightScheme& scheme, const QuantizerInput& input);
/// True when some quantizer implements the number format.
bool isMeasurableFormat(std::string_view format);
/// Throws Error(Unsupported) when this version cannot measure the scheme (a plan may hold it all the same).
void requireMeasurable(const WeightScheme& scheme);

/// A source that hands out Q(W) (or Q(W) - W) of another source's matrix that the quantizer was made for.
class FakeQuantizedSource : public WeightSource {
 public:
  enum class Output { Quantized, Error };
  FakeQuantizedSource(std::shared_ptr<const WeightSource> inner,
                      std::shared_ptr<const RowQuantizer> quantizer, Output output);
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::vector<float> readVector(const std::string& tensor) const override;

 private:
  std::shared_ptr<const WeightSource> m_inner;
  std::shared_ptr<const RowQuantizer> m_quantizer;
  Output m_output;
};

/// Calibrated extremes of each channel [width], from which static scales are made.
struct ActivationRange {
  std::vector<float> min, max;
};

/// Fake-quantizes activations X [tokens, width] in place. A static scheme takes its scales from `range` (of
/// the whole tensor, or of each group of channels); a dynamic one from the tokens at hand, and range plays no
/// role. Non-finite values stay as they are. Throws Error(Unsupported) for a scheme that cannot be measured
/// and for a static one without a range.
void fakeQuantizeActivations(const ActScheme& scheme, std::int64_t tokens, std::int64_t width,
                             std::span<float> x, const ActivationRange* range = nullptr);

}  // namespace ql
