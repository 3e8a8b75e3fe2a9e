#pragma once
// GPTQ as a row quantizer, with what views want to know of its work beside the rounded weights.
#include "core/quant/gptq_batch.h"
#include "core/quant/hessian_factor.h"
#include "core/quant/quantizer.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ql {

class GptqRows : public RowQuantizer {
 public:
  GptqRows(const GptqSettings& settings, std::shared_ptr<const HessianFactor> factor,
           std::vector<PartGrid> given);

  std::int64_t rowUnit() const override { return m_settings.height; }
  std::int64_t rowsAtOnce() const override;
  std::vector<Fallback> fallbacks() const override { return m_factor->fallbacks; }
  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override;
  /// The same with everything else that is known of each weight; `results` as of GptqBatch::run().
  void applyTo(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
               const GptqOutput& output, std::span<const float> results = {}) const;

  const HessianFactor& factor() const { return *m_factor; }

 private:
  GptqSettings m_settings;
  std::shared_ptr<const HessianFactor> m_factor;
  std::vector<PartGrid> m_given;
};

/// Throws Error(Unsupported) for a scheme that GPTQ does not know.
void checkGptq(const WeightScheme& scheme);
QuantizerNeeds gptqNeeds(const WeightScheme& scheme);
/// What the scheme's algorithm "gptq" makes; everything that gptqNeeds() says is in `input`.
std::unique_ptr<GptqRows> makeGptqRows(const WeightScheme& scheme, const QuantizerInput& input);

/// The grid of each place, for parts that are whole columns: GPTQ once over the whole matrix, all of it in
/// memory. Rows are read in parallel and stay in batches of their own; a column's grid is made of all of them
/// when its turn comes.
std::vector<PartGrid> gptqInputChannelGrids(const GptqSettings& settings, const HessianFactor& factor,
                                            const QuantizerInput& input);

}  // namespace ql
