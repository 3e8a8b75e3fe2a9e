// Round to nearest of single floats: the largest weight of a part becomes the largest value of the format,
// every weight its nearest value. The formats: element_format.h.
#include "core/quant/matrix_rule.h"
#include "core/quant/range_search.h"
#include "core/quant/rtn_quantizer.h"

namespace ql {

const Quantizer& rtn_floatsQuantizer();

const Quantizer& rtn_floatsQuantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Round to nearest: every weight takes the nearest value of a small float format; needs no data.",
      "OCP 8-bit Floating Point Specification 1.0; OCP Microscaling Formats 1.0, section 5.3; "
      "compressed-tensors",
      {},
      floatFormats(),
      {"compressed-tensors"},
      searchedClipNames(),
      rtnNeeds,
      checkRtn,
      makeRtn,
      quantizeRtn,
      nullptr};
  return quantizer;
}

}  // namespace ql
