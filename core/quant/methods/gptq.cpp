// GPTQ: column by column to the nearest code, each error passed on to the columns behind by the inverse
// Hessian of the layer's input. Source: Frantar et al. 2022, arXiv:2210.17323, IST-DASLab/gptq; groups along
// the output as in AdaDim (arXiv:2309.15531, update/gptq.py).
#include "core/quant/gptq_rows.h"
#include "core/quant/matrix_rule.h"

namespace ql {
namespace {

std::unique_ptr<RowQuantizer> makeGptq(const WeightScheme& scheme, const QuantizerInput& input) {
  return makeGptqRows(scheme, input);
}

}  // namespace

const Quantizer& gptqQuantizer();

const Quantizer& gptqQuantizer() {
  static const Quantizer quantizer{
      "gptq",
      "Column by column to the nearest code; each error is passed on to the columns behind so that the "
      "layer's output on the calibration data suffers least.",
      "Frantar et al. 2022, arXiv:2210.17323, with the arithmetic of IST-DASLab/gptq; groups along the "
      "output "
      "as in AdaDim, arXiv:2309.15531",
      algorithmOptions("gptq"),
      gridFormats(),
      gridFlavours(),
      {"none", "mse-gptq"},
      gptqNeeds,
      checkGptq,
      makeGptq,
      nullptr,
      nullptr};
  return quantizer;
}

}  // namespace ql
