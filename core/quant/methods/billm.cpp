// BiLLM: binarization with salient columns, break points and compensation. The method itself is
// quant/billm_quantizer.h.
#include "core/base/error.h"
#include "core/quant/billm_quantizer.h"

namespace ql {
namespace {

QuantizerNeeds billmNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs;
  needs.matrix = true;
  needs.activations = billmOptionsOf(scheme).needsActivations();
  return needs;
}

void checkBillm(const WeightScheme& scheme) {
  static_cast<void>(billmOptionsOf(scheme));
  if (scheme.granularity != Granularity::OutputChannel)
    throw Error(ErrorCode::Unsupported,
                "BiLLM divides a matrix into blocks of columns of its own (block_size) and has a mean and a "
                "scale a row in each; leave the granularity at channel, it has no " +
                    std::string(granularityName(scheme.granularity)) + ".");
}

std::unique_ptr<RowQuantizer> makeBillm(const WeightScheme& scheme, const QuantizerInput& input) {
  return std::make_unique<BillmQuantizer>(billmOptionsOf(scheme), input);
}

}  // namespace

const Quantizer& billmQuantizer();

const Quantizer& billmQuantizer() {
  static const Quantizer quantizer{
      "billm",
      "BiLLM: signs with a mean and a scale a row and block; salient columns twice, errors passed on.",
      "Huang et al. 2024, arXiv:2402.04291; Aaronhuang-778/BiLLM",
      algorithmOptions("billm"),
      {"binary"},
      {"compressed-tensors"},
      {"none"},
      billmNeeds,
      checkBillm,
      makeBillm};
  return quantizer;
}

}  // namespace ql
