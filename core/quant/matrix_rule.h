#pragma once
// Which schemes have uniform grids, and what their rules take from the whole matrix and from those it is
// fused with. For every quantizer that rounds on the grids of rtn_grid.h.
#include "core/quant/quantizer.h"
#include "core/quant/rtn_grid.h"

#include <string>
#include <vector>

namespace ql {

/// Number formats of integers with their flavours, and of single floats.
std::vector<std::string> integerFormats();
std::vector<std::string> integerFlavours();
std::vector<std::string> floatFormats();
/// All that rtnRule() knows in some combination, block formats among them.
std::vector<std::string> gridFormats();
std::vector<std::string> gridFlavours();

/// Throws Error(Unsupported) for a scheme without a uniform grid, saying what there is. Block formats have a
/// scale for each group along the input: of any length, as microxcaling's block_size, but not for a row, a
/// column or a rectangle.
void checkGrids(const WeightScheme& scheme);

/// Of rounding to nearest: extremes of the matrix where parts span rows, where the sign of the whole tensor
/// matters (qualcomm, symmetric), and for nvfp4's scale of the tensor.
QuantizerNeeds gridNeeds(const WeightScheme& scheme);

/// rtnRule() with what it takes from the whole matrix. nvfp4: the tensor's scale is that of the largest of
/// the matrices that are fused with it (q, k, v; gate, up: those of input.siblings in the same module), as
/// llm-compressor has it; without a source to read them from, of the matrix alone. May read the siblings
/// once. Throws as rtnRule(), what the source throws, Cancelled.
RtnRule matrixRule(const WeightScheme& scheme, const QuantizerInput& input);

}  // namespace ql
