// Activations as a runtime would round them: per tensor, per token or per group of channels, ranges taken
// from the tokens at hand (dynamic). The grids are those of weights: a token is a row.
// Source: smoothquant fake_quant.py, compressed-tensors forward_helpers.py.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "core/quant/rtn_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

WeightScheme asRowScheme(const ActScheme& scheme) {
  if (scheme.flavour != "compressed-tensors" && scheme.flavour != "smoothquant") {
    throw Error(ErrorCode::Unsupported, "The flavour \"" + scheme.flavour +
                                            "\" has no rounding of activations in this version; use "
                                            "compressed-tensors or smoothquant.");
  }
  if (!scheme.dynamic || scheme.outlierThreshold || scheme.groups || scheme.permutation) {
    throw Error(
        ErrorCode::Unsupported,
        "Static, grouped or outlier-splitting activations cannot be measured by this version; use dynamic "
        "activations per tensor, token or group.");
  }
  WeightScheme rows;
  rows.format = scheme.format;
  rows.symmetric = scheme.symmetric;
  rows.flavour = scheme.flavour;
  return rows;
}

void fakeQuantizePart(const RtnRule& rule, std::span<float> x) {
  float min = std::numeric_limits<float>::infinity(), max = -min;
  for (const float v : x) {
    if (!std::isfinite(v)) continue;
    min = std::min(min, v);
    max = std::max(max, v);
  }
  const PartGrid grid = min > max ? partGrid(rule, 0, 0) : partGrid(rule, min, max);
  for (float& v : x) {
    if (std::isfinite(v)) v = gridValue(grid, gridCode(grid, v));
  }
}

}  // namespace

void fakeQuantizeActivations(const ActScheme& scheme, std::int64_t tokens, std::int64_t width,
                             std::span<float> x) {
  QL_ASSERT(tokens >= 0 && width >= 0);
  QL_ASSERT(x.size() == static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width));
  const std::string problem = choiceProblem(Choice{std::nullopt, scheme});
  if (!problem.empty())
    throw Error(ErrorCode::Unsupported, "The scheme cannot be measured: " + problem + ".");
  const RtnRule rule = rtnRule(asRowScheme(scheme));
  if (x.empty()) return;
  if (scheme.granularity == Granularity::Tensor) return fakeQuantizePart(rule, x);
  const std::size_t row = static_cast<std::size_t>(width);
  const std::size_t part = scheme.granularity == Granularity::Group
                               ? std::min(row, static_cast<std::size_t>(*scheme.groupSize))
                               : row;
  for (std::size_t begin = 0; begin < x.size(); begin += row) {
    for (std::size_t k = 0; k < row; k += part) {
      fakeQuantizePart(rule, x.subspan(begin + k, std::min(part, row - k)));
    }
  }
}

}  // namespace ql
