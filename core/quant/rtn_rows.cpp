#include "core/quant/rtn_rows.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {

Partition partitionOf(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  const std::int64_t wholeIn = std::max<std::int64_t>(in, 1), wholeOut = std::max<std::int64_t>(out, 1);
  switch (scheme.granularity) {
    case Granularity::Tensor:
      return {wholeOut, wholeIn, true};
    case Granularity::InputChannel:
      return {wholeOut, 1, true};
    case Granularity::OutputChannel:
      return {1, wholeIn, false};
    case Granularity::Group:
      return {1, std::min(*scheme.groupSize, wholeIn), false};
    case Granularity::GroupInChannel:
      return {std::min(*scheme.groupSize, wholeOut), 1, false};
    case Granularity::Block:
      return {std::min((*scheme.block)[0], wholeOut), std::min((*scheme.block)[1], wholeIn), false};
    case Granularity::Token:
      break;
  }
  throw Error(ErrorCode::Unsupported,
              "Granularity token is for activations; use output_channel or group for weights.");
}

/// One part's finite values; kept from part to part for its memory.
struct RtnRowQuantizer::Gathered {
  std::vector<float> values, weights;
};

RtnRowQuantizer::RtnRowQuantizer(const RtnRule& rule, const ClipRule& clip, const Partition& partition,
                                 std::int64_t in)
    : m_rule(rule),
      m_clip(clip),
      m_partition(partition),
      m_in(static_cast<std::size_t>(in)),
      m_steps(clip.steps) {}

std::size_t RtnRowQuantizer::partCount() const {
  const std::size_t width = static_cast<std::size_t>(m_partition.width);
  return (m_in + width - 1) / width;
}

void RtnRowQuantizer::apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
                            std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const {
  const std::size_t count = static_cast<std::size_t>(rowCount) * m_in;
  QL_ASSERT(rowBegin % rowUnit() == 0 && rows.size() == count && quantized.size() == count);
  QL_ASSERT(isZeroCode.empty() || isZeroCode.size() == count);
  const std::size_t band = static_cast<std::size_t>(m_partition.needsRange ? rowCount : rowUnit()) * m_in;
  for (std::size_t begin = 0; begin < count; begin += band) {
    const std::size_t size = std::min(band, count - begin);
    applyBand(rows.subspan(begin, size), quantized.subspan(begin, size),
              isZeroCode.empty() ? isZeroCode : isZeroCode.subspan(begin, size));
  }
}

std::vector<PartGrid> RtnRowQuantizer::bandGrids(std::span<const float> rows) const {
  if (m_partition.needsRange) return m_fixedGrids;
  if (m_clip.kind == ClipRule::Kind::None) return gridsOfExtremes(rows);
  std::vector<PartGrid> grids;
  Gathered gathered;
  for (std::size_t part = 0; part < partCount(); ++part)
    grids.push_back(searchGrid(m_rule, m_clip, gather(rows, part, gathered), m_steps));
  return grids;
}

void RtnRowQuantizer::markBandImprovements(std::span<const float> rows,
                                           std::span<std::uint8_t> improved) const {
  Gathered gathered;
  for (std::size_t part = 0; part < partCount(); ++part)
    markImprovements(m_rule, m_clip, gather(rows, part, gathered), improved);
}

PartValues RtnRowQuantizer::gather(std::span<const float> rows, std::size_t part, Gathered& into) const {
  into.values.clear();
  into.weights.clear();
  const std::size_t width = static_cast<std::size_t>(m_partition.width);
  const std::size_t first = part * width, last = std::min(m_in, first + width);
  for (std::size_t row = 0; row < rows.size(); row += m_in) {
    for (std::size_t j = first; j < last; ++j) {
      if (!std::isfinite(rows[row + j])) continue;
      into.values.push_back(rows[row + j]);
      if (!m_columnWeights.empty()) into.weights.push_back(m_columnWeights[j]);
    }
  }
  return {into.values, into.weights};
}

std::vector<PartGrid> RtnRowQuantizer::gridsOfExtremes(std::span<const float> rows) const {
  const std::size_t parts = partCount(), width = static_cast<std::size_t>(m_partition.width);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  std::vector<float> min(parts, kInfinity), max(parts, -kInfinity);
  for (std::size_t row = 0; row < rows.size(); row += m_in) {
    for (std::size_t part = 0, j = 0; part < parts; ++part) {
      for (const std::size_t end = std::min(m_in, j + width); j < end; ++j) {
        const float w = rows[row + j];
        if (!std::isfinite(w)) continue;
        min[part] = std::min(min[part], w);
        max[part] = std::max(max[part], w);
      }
    }
  }
  std::vector<PartGrid> grids;
  grids.reserve(parts);
  for (std::size_t part = 0; part < parts; ++part) {
    const bool isEmpty = min[part] > max[part];
    grids.push_back(isEmpty ? partGrid(m_rule, 0, 0) : partGrid(m_rule, min[part], max[part]));
  }
  return grids;
}

void RtnRowQuantizer::applyBand(std::span<const float> rows, std::span<float> quantized,
                                std::span<std::uint8_t> isZeroCode) const {
  const std::vector<PartGrid> grids = bandGrids(rows);
  const std::size_t width = static_cast<std::size_t>(m_partition.width);
  for (std::size_t row = 0; row < rows.size(); row += m_in) {
    for (std::size_t part = 0; part < grids.size(); ++part) {
      const PartGrid& grid = grids[part];
      const std::size_t end = row + std::min(m_in, (part + 1) * width);
      for (std::size_t i = row + part * width; i < end; ++i) {
        const float w = rows[i];
        const float code = gridCode(grid, w);
        const bool isFinite = std::isfinite(w);
        quantized[i] = isFinite ? gridValue(grid, code) : w;
        if (!isZeroCode.empty()) isZeroCode[i] = isFinite && code == grid.zeroCode ? 1 : 0;
      }
    }
  }
}

QuantizerNeeds rtnRowsNeeds(const WeightScheme& scheme, const ClipRule& clip) {
  QuantizerNeeds needs;
  needs.range = scheme.granularity == Granularity::Tensor || scheme.granularity == Granularity::InputChannel;
  needs.matrix = clip.kind != ClipRule::Kind::None && (needs.range || clip.patience > 0);
  needs.activations = clip.kind == ClipRule::Kind::ImatrixMse;
  return needs;
}

void requireSearchable(const WeightScheme& scheme, const RtnRule& rule, const ClipRule& clip) {
  using Kind = ClipRule::Kind;
  const bool isStepOnly = clip.kind == Kind::Lsq || clip.kind == Kind::LsqPlus;
  if (clip.kind != Kind::None && rule.block.rule != BlockScale::Rule::None)
    throw Error(ErrorCode::Unsupported,
                scheme.format +
                    " has scales of a form of its own, which no clip searches; use clip=none, or "
                    "int2 to int8 or a float format such as fp4_e2m1.");
  if ((isStepOnly || clip.kind == Kind::EasyQuant) && rule.hasDetour())
    throw Error(ErrorCode::Unsupported, "The clip " + scheme.clip.name +
                                            " sets a step, with which the flavour " + scheme.flavour +
                                            " does not simply multiply; use the flavour compressed-tensors.");
  if (isStepOnly && (!rule.symmetric || rule.element))
    throw Error(ErrorCode::Unsupported,
                "The clip " + scheme.clip.name +
                    " sets the step of a symmetric grid of integers; use int2 to int8, symmetric, or a clip "
                    "such as percentile or easyquant.");
}

namespace {

void storeCodes(const RtnRowQuantizer& quantizer, const std::vector<PartGrid>& grids,
                std::span<const float> rows, std::size_t first, QuantizedMatrix& result) {
  const std::size_t in = static_cast<std::size_t>(result.in);
  const std::size_t width = static_cast<std::size_t>(quantizer.partition().width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const PartGrid& grid = grids[(i % in) / width];
    const float code = std::isfinite(rows[i]) ? gridCode(grid, rows[i]) : grid.zeroCode;
    if (const ElementFormat* element = quantizer.rule().element) {
      result.codes[first + i] = static_cast<std::int32_t>(elementCode(*element, code));
      continue;
    }
    result.codes[first + i] = static_cast<std::int32_t>(code + grid.offset);
  }
}

}  // namespace

QuantizedMatrix quantizedRows(const RtnRowQuantizer& quantizer, const WeightScheme& scheme, std::int64_t out,
                              std::int64_t in, std::span<const float> weights) {
  const Partition& partition = quantizer.partition();
  const std::size_t width = static_cast<std::size_t>(in);
  QuantizedMatrix result{out, in, {}, {}, {}, {}, out % partition.height != 0 || in % partition.width != 0};
  result.codes.resize(weights.size());
  result.dequantized.resize(weights.size());
  quantizer.apply(0, out, weights, result.dequantized, {});

  const std::size_t parts = quantizer.partCount();
  const std::size_t band = static_cast<std::size_t>(partition.height) * width;
  const std::size_t bands = (weights.size() + band - 1) / band;
  const bool hasZeroPoints = !quantizer.rule().symmetric || !quantizer.rule().hasSignedCodes;
  result.scales.resize(parts * bands);
  if (hasZeroPoints) result.zeroPoints.resize(parts * bands);
  // groups along out are stored input channel by input channel
  const bool isInMajor = scheme.granularity == Granularity::GroupInChannel;
  for (std::size_t b = 0; b < bands; ++b) {
    const auto rows = weights.subspan(b * band, std::min(band, weights.size() - b * band));
    const std::vector<PartGrid> grids = quantizer.bandGrids(rows);
    storeCodes(quantizer, grids, rows, b * band, result);
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t index = isInMajor ? part * bands + b : b * parts + part;
      result.scales[index] = grids[part].scale;
      if (hasZeroPoints) result.zeroPoints[index] = grids[part].zeroPoint;
    }
  }
  return result;
}

}  // namespace ql
