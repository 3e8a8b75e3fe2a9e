// OCP microscaling: mxfp4, mxfp6, mxfp8 and mxint8, groups of 32 weights along the input with a power-of-two
// scale. Other lengths are measured, as microxcaling's block_size has them. The scales: block_scale.h.
#include "core/quant/range_search.h"
#include "core/quant/rtn_quantizer.h"

namespace ql {

const Quantizer& microscalingQuantizer();

const Quantizer& microscalingQuantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Round to nearest in groups that share a power of two (OCP microscaling); needs no data. The flavours "
      "are rules for that power; compressed-tensors rounds it in every format as for mxfp4.",
      "OCP Microscaling Formats 1.0; Rouhani et al. 2023, arXiv:2310.10537; microxcaling, torchao and "
      "compressed-tensors",
      {},
      {"mxfp4", "mxfp6", "mxfp6_e3m2", "mxfp8", "mxfp8_e5m2", "mxint8"},
      {"compressed-tensors", "torchao", "mx-floor", "mx-even", "mx-ceil", "mx-rceil"},
      searchedClipNames(),
      rtnNeeds,
      checkRtn,
      makeRtn,
      quantizeRtn,
      nullptr};
  return quantizer;
}

}  // namespace ql
