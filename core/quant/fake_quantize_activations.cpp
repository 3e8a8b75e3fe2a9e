// Activations as a runtime would round them: per tensor, per token or per group of channels, ranges taken
// from the tokens at hand (dynamic). The grids are those of weights: a token is a row.
// Source: smoothquant fake_quant.py, compressed-tensors forward_helpers.py.
#include "core/base/error.h"
#include "core/quant/quantizer.h"
#include "core/quant/rtn_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace ql {
namespace {

WeightScheme asRowScheme(const ActScheme& scheme) {
  if (scheme.flavour != "compressed-tensors" && scheme.flavour != "smoothquant") {
    throw Error(ErrorCode::Unsupported, "The flavour \"" + scheme.flavour +
                                            "\" has no rounding of activations in this version; use "
                                            "compressed-tensors or smoothquant.");
  }
  if (scheme.outlierThreshold || scheme.groups || scheme.permutation) {
    throw Error(
        ErrorCode::Unsupported,
        "Grouped or outlier-splitting activations cannot be measured by this version; use activations per "
        "tensor, token or group.");
  }
  WeightScheme rows;
  rows.format = scheme.format;
  rows.symmetric = scheme.symmetric;
  rows.flavour = scheme.flavour;
  return rows;
}

void roundPart(const PartGrid& grid, std::span<float> x) {
  for (float& v : x) {
    if (std::isfinite(v)) v = gridValue(grid, gridCode(grid, v));
  }
}

/// min > max: nothing finite.
PartGrid gridOf(const RtnRule& rule, float min, float max) {
  return min > max ? partGrid(rule, 0, 0) : partGrid(rule, min, max);
}

void fakeQuantizePart(const RtnRule& rule, std::span<float> x) {
  float min = std::numeric_limits<float>::infinity(), max = -min;
  for (const float v : x) {
    if (!std::isfinite(v)) continue;
    min = std::min(min, v);
    max = std::max(max, v);
  }
  roundPart(gridOf(rule, min, max), x);
}

/// One grid for each `part` channels.
std::vector<PartGrid> staticGrids(const RtnRule& rule, const ActivationRange& range, std::size_t width,
                                  std::size_t part) {
  QL_ASSERT(range.min.size() == width && range.max.size() == width);
  std::vector<PartGrid> grids;
  for (std::size_t k = 0; k < width; k += part) {
    const auto begin = static_cast<std::ptrdiff_t>(k);
    const auto end = static_cast<std::ptrdiff_t>(std::min(width, k + part));
    grids.push_back(gridOf(rule, *std::min_element(range.min.begin() + begin, range.min.begin() + end),
                           *std::max_element(range.max.begin() + begin, range.max.begin() + end)));
  }
  return grids;
}

std::size_t partWidth(const ActScheme& scheme, std::size_t width) {
  return scheme.granularity == Granularity::Group
             ? std::min(width, static_cast<std::size_t>(*scheme.groupSize))
             : width;
}

void fakeQuantizeStatic(const ActScheme& scheme, const RtnRule& rule, const ActivationRange& range,
                        std::size_t width, std::span<float> x) {
  const std::size_t part = partWidth(scheme, width);
  const std::vector<PartGrid> grids = staticGrids(rule, range, width, part);
  for (std::size_t begin = 0; begin < x.size(); begin += width)
    for (std::size_t k = 0; k < width; k += part)
      roundPart(grids[k / part], x.subspan(begin + k, std::min(part, width - k)));
}

}  // namespace

void fakeQuantizeActivations(const ActScheme& scheme, std::int64_t tokens, std::int64_t width,
                             std::span<float> x, const ActivationRange* range) {
  QL_ASSERT(tokens >= 0 && width >= 0);
  QL_ASSERT(x.size() == static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width));
  const std::string problem = choiceProblem(Choice{std::nullopt, scheme});
  if (!problem.empty())
    throw Error(ErrorCode::Unsupported, "The scheme cannot be measured: " + problem + ".");
  const RtnRule rule = rtnRule(asRowScheme(scheme));
  if (!scheme.dynamic && range == nullptr)
    throw Error(ErrorCode::Unsupported,
                "Static activations need calibrated ranges, and there are none here; calibrate first, or use "
                "dynamic activations.");
  if (x.empty()) return;
  const std::size_t row = static_cast<std::size_t>(width);
  if (!scheme.dynamic) return fakeQuantizeStatic(scheme, rule, *range, row, x);
  if (scheme.granularity == Granularity::Tensor) return fakeQuantizePart(rule, x);
  const std::size_t part = partWidth(scheme, row);
  for (std::size_t begin = 0; begin < x.size(); begin += row) {
    for (std::size_t k = 0; k < row; k += part) {
      fakeQuantizePart(rule, x.subspan(begin + k, std::min(part, row - k)));
    }
  }
}

}  // namespace ql
