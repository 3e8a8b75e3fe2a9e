// NVFP4: groups of 16 fp4 weights along the input with an e4m3 scale, and a float32 scale for the tensor and
// those it is fused with. The scales: block_scale.h, matrix_rule.h.
#include "core/quant/range_search.h"
#include "core/quant/rtn_quantizer.h"

namespace ql {

const Quantizer& nvfp4Quantizer();

const Quantizer& nvfp4Quantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Round to nearest in groups of fp4 with an fp8 scale, and a scale for the tensor that fused layers "
      "share; needs no data.",
      "NVIDIA's NVFP4 as in compressed-tensors, with llm-compressor's shared scale, and torchao",
      {},
      {"nvfp4"},
      {"compressed-tensors", "torchao"},
      searchedClipNames(),
      rtnNeeds,
      checkRtn,
      makeRtn,
      quantizeRtn,
      nullptr};
  return quantizer;
}

}  // namespace ql
