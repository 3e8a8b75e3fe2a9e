// Round to nearest of integers: every part of the matrix gets its own grid, every weight its nearest code.
// The flavours' arithmetic: rtn_grid.cpp; the clips' searches: range_search.h.
#include "core/quant/matrix_rule.h"
#include "core/quant/range_search.h"
#include "core/quant/rtn_quantizer.h"

namespace ql {

const Quantizer& rtnQuantizer();

const Quantizer& rtnQuantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Round to nearest: every weight takes the nearest code of its part's grid; needs no data.",
      "Jacob et al. 2018, arXiv:1712.05877, with the rounding of compressed-tensors, GPTQ, AWQ, SmoothQuant, "
      "QuaRot, RPTQ, Bondarenko et al. (qualcomm), LLM-QAT and bitsandbytes",
      {},
      integerFormats(),
      integerFlavours(),
      searchedClipNames(),
      rtnNeeds,
      checkRtn,
      makeRtn,
      quantizeRtn,
      nullptr};
  return quantizer;
}

}  // namespace ql
