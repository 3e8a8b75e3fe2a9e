#pragma once
// What the entries of "rtn" share, which divide the number formats between them: rounding to nearest on the
// uniform grids of rtn_grid.h, from the extremes of each part or a searched range.
#include "core/quant/quantizer.h"

#include <memory>
#include <span>

namespace ql {

// Members of Quantizer; there they are explained.
QuantizerNeeds rtnNeeds(const WeightScheme& scheme);
void checkRtn(const WeightScheme& scheme);
std::unique_ptr<RowQuantizer> makeRtn(const WeightScheme& scheme, const QuantizerInput& input);
QuantizedMatrix quantizeRtn(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                            std::span<const float> weights);

}  // namespace ql
