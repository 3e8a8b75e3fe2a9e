#pragma once
// Quantizers: what a weight scheme does to a matrix. A new method is one file in methods/ and one line in
// methods.inc.
#include "core/base/option_spec.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/scheme.h"
#include "core/stats/channel_stats.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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

/// Quantizes and dequantizes rows of one matrix under one scheme. Immutable and thread-safe once made.
class RowQuantizer {
 public:
  virtual ~RowQuantizer() = default;
  /// How many rows must be handed over together (1, or the group size of GroupInChannel, or a block's
  /// height); rowBegin of every call is a multiple of it and only the last call may be shorter.
  virtual std::int64_t rowUnit() const = 0;
  /// rows [n * in] -> fake-quantized [n * in], `isZeroCode` optional [n * in]: 1 where the code equals the
  /// code of 0. Non-finite inputs stay as they are and take no part in the ranges.
  virtual void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                     std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const = 0;
};

struct Quantizer {
  std::string_view name;  // "rtn"
  std::string_view sentence;
  std::string_view source;  // paper or tool
  std::vector<OptionSpec> options;
  std::vector<std::string> formats, flavours, clips;  // that it implements
  /// True when the scheme needs MatrixRange.
  bool (*needsRange)(const WeightScheme& scheme);
  /// Throws Error(Unsupported) naming what is not available for this scheme and what is.
  std::unique_ptr<RowQuantizer> (*make)(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                                        const MatrixRange* range);
  /// The whole matrix at once, with codes.
  QuantizedMatrix (*quantize)(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                              std::span<const float> weights);
};

const std::vector<const Quantizer*>& quantizers();
/// The quantizer for a scheme. Throws Error(Unsupported) with the list of what there is.
const Quantizer& quantizerFor(const WeightScheme& scheme);
/// True when some quantizer implements the number format.
bool isMeasurableFormat(std::string_view format);
/// Throws Error(Unsupported) when this version cannot measure the scheme (a plan may hold it all the same).
void requireMeasurable(const WeightScheme& scheme);

/// A source that hands out Q(W) (or Q(W) - W) of another source under one scheme.
class FakeQuantizedSource : public WeightSource {
 public:
  enum class Output { Quantized, Error };
  FakeQuantizedSource(std::shared_ptr<const WeightSource> inner, WeightScheme scheme, Output output,
                      MatrixRange range);
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::vector<float> readVector(const std::string& tensor) const override;

 private:
  std::shared_ptr<const WeightSource> m_inner;
  WeightScheme m_scheme;
  Output m_output;
  MatrixRange m_range;
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
