#pragma once
// Which of two quantizers serves a matrix better: losses of a candidate over the whole matrix, and the chosen
// one under the rows that the scheme promises. What AdaDim and MoFQ are made of.
#include "core/quant/quantizer.h"
#include "core/stats/site_moment.h"

#include <memory>
#include <vector>

namespace ql {

/// Sum of (Q(w) - w)^2 over the finite weights. One read; parallel, the same bits for any number of threads.
double tensorLoss(const RowQuantizer& quantizer, const QuantizerInput& input);
/// tr(D M D^T), D = Q(W) - W: the squared error of the layer's own output a token. One read and out in^2.
double outputLoss(const RowQuantizer& quantizer, const QuantizerInput& input, const SiteMoment& site);

/// A quantizer as it is, in bands of `unit` rows.
class ChosenRowQuantizer : public RowQuantizer {
 public:
  ChosenRowQuantizer(std::unique_ptr<RowQuantizer> chosen, std::int64_t unit, std::optional<double> bits,
                     std::vector<Fallback> fallbacks);
  std::int64_t rowUnit() const override { return m_unit; }
  std::optional<double> bitsPerWeight() const override { return m_bits; }
  std::vector<Fallback> fallbacks() const override;
  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override;

 private:
  std::unique_ptr<RowQuantizer> m_chosen;
  std::int64_t m_unit;
  std::optional<double> m_bits;
  std::vector<Fallback> m_fallbacks;
};

}  // namespace ql
