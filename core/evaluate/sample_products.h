#pragma once
// Outputs of a token sample with weights, activations or both quantized: Y = X W^T tile by tile, and how far
// Q(X) Q(W)^T is from it.
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"
#include "core/stats/activation_stats.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// The tokens of a sample that hold no NaN and no infinity, [tokens, in]. Throws Error(Shape) for a sample
/// that does not fit its width.
std::vector<float> finiteTokens(const TokenSample& sample, std::size_t in);
/// Extremes by channel from which static scales are made: calibrated where they are known (min and max, else
/// -absmax and absmax), nothing else.
std::optional<ActivationRange> calibratedRange(const ActivationStats& activations, std::size_t in);
/// The same from tokens [n, in] themselves.
ActivationRange rangeOfTokens(std::span<const float> tokens, std::size_t in);

/// Squared errors |Y' - Y|^2 of one comparison, rows weighted in `tokens`.
struct ProductSums {
  std::vector<double> tokens;  // [tokens] sum over rows
  std::vector<double> rows;    // [rows] sum over tokens, not weighted
};

/// Not thread-safe; parallel inside, the same bits for any number of threads.
class SampleProducts {
 public:
  /// The finite tokens of the sample, quantized under each scheme. Static schemes and groups made by
  /// clustering take calibrated extremes where they are known, else those of the sample. `rows` is the number
  /// of weight rows that will come. Throws Error(Shape) for a sample that does not fit its width,
  /// Error(Unsupported) for a scheme that cannot be measured. The sample is one batch of tokens: a dynamic
  /// range of the tensor and the outlier channels of LLM.int8() are those of all its tokens. `job` (for
  /// clustering) may be null.
  SampleProducts(const ActivationStats& activations, std::span<const ActScheme> schemes, std::size_t rows,
                 JobContext* job = nullptr);

  std::size_t tokens() const { return m_tokens; }
  bool usesSampleRange() const { return m_usesSampleRange; }

  /// Begins the tile with rows [firstRow, firstRow + weights.size()) of W, finite: Y, its energy, and the
  /// errors of each activation scheme with W as it is.
  void beginTile(std::size_t firstRow, std::span<const float> w, std::span<const double> weights,
                 JobContext& job);
  /// Adds |Q(X) Q^T - X W^T|^2 over the begun tile, Q [tile rows, in]. The difference of two float32
  /// products: their rounding is 2^-24 where that of 8 bits is 2^-8.
  void addQuantized(std::size_t scheme, std::span<const float> q, ProductSums& sums, JobContext& job);
  /// Adds |X D^T|^2 over the begun tile, D = Q - W.
  void addDifference(std::span<const float> d, ProductSums& sums, JobContext& job);

  ProductSums emptySums() const;
  const ProductSums& energy() const { return m_energy; }
  const ProductSums& activationErrors(std::size_t scheme) const { return m_errors[scheme]; }

 private:
  void multiply(std::span<const float> x, std::span<const float> w, std::span<float> y, JobContext& job);
  /// sums += |y - m_outputs|^2, or |y|^2 without `isDifference`.
  void compare(std::span<const float> y, bool isDifference, ProductSums& sums, JobContext& job);

  std::size_t m_in, m_tokens = 0, m_rowCount;
  std::vector<float> m_sample;                  // [tokens, in]
  std::vector<std::vector<float>> m_quantized;  // [scheme][tokens, in] Q(X)
  std::vector<std::vector<float>> m_changes;    // [scheme][tokens, in] Q(X) - X
  bool m_usesSampleRange = false;
  std::size_t m_firstRow = 0;
  std::span<const double> m_weights;        // of the begun tile
  std::vector<float> m_outputs, m_scratch;  // [tokens, tile rows]
  ProductSums m_energy;
  std::vector<ProductSums> m_errors;
};

}  // namespace ql
