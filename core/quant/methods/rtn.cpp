// Round to nearest: every part of the matrix gets its own grid, of integers or of a small float format, every
// weight its nearest code. Source: compressed-tensors, IST-DASLab/gptq, llm-awq and smoothquant, each for its
// own flavour.
#include "core/base/error.h"
#include "core/quant/matrix_rule.h"
#include "core/quant/quantizer.h"
#include "core/quant/rtn_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

/// How a scheme cuts [out, in]: bands of `height` rows, each cut into parts of `width` columns.
struct Partition {
  std::int64_t height = 1, width = 1;
  bool needsRange = false;  // parts span all rows: their extremes come from MatrixRange
};

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

/// Extremes of the finite values of every part across a band.
struct BandRange {
  std::vector<float> min, max;

  explicit BandRange(std::size_t parts)
      : min(parts, std::numeric_limits<float>::infinity()),
        max(parts, -std::numeric_limits<float>::infinity()) {}

  void add(std::span<const float> row, std::int64_t width) {
    for (std::size_t part = 0, begin = 0; part < min.size(); ++part) {
      const std::size_t end = std::min(row.size(), begin + static_cast<std::size_t>(width));
      for (; begin < end; ++begin) {
        const float w = row[begin];
        if (!std::isfinite(w)) continue;
        min[part] = std::min(min[part], w);
        max[part] = std::max(max[part], w);
      }
    }
  }

  std::vector<PartGrid> grids(const RtnRule& rule) const {
    std::vector<PartGrid> result;
    result.reserve(min.size());
    for (std::size_t part = 0; part < min.size(); ++part) {
      const bool isEmpty = min[part] > max[part];
      result.push_back(isEmpty ? partGrid(rule, 0, 0) : partGrid(rule, min[part], max[part]));
    }
    return result;
  }
};

BandRange rangeOfColumns(const MatrixRange& range, const Partition& partition, std::size_t parts) {
  BandRange result(parts);
  result.add(range.columnMin, partition.width);
  result.add(range.columnMax, partition.width);
  return result;
}

class RtnRowQuantizer : public RowQuantizer {
 public:
  RtnRowQuantizer(const WeightScheme& scheme, const QuantizerInput& input)
      : m_rule(matrixRule(scheme, input)),
        m_partition(partitionOf(scheme, input.out, input.in)),
        m_in(static_cast<std::size_t>(input.in)) {
    if (!m_partition.needsRange) return;
    QL_ASSERT(input.range && input.range->columnMin.size() == m_in && input.range->columnMax.size() == m_in);
    m_fixedGrids = rangeOfColumns(*input.range, m_partition, partCount()).grids(m_rule);
  }

  std::int64_t rowUnit() const override { return m_partition.needsRange ? 1 : m_partition.height; }

  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override {
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

  std::size_t partCount() const {
    const std::size_t width = static_cast<std::size_t>(m_partition.width);
    return (m_in + width - 1) / width;
  }
  const RtnRule& rule() const { return m_rule; }
  const Partition& partition() const { return m_partition; }

  /// The grids of one band of rows [n * in], one a part.
  std::vector<PartGrid> bandGrids(std::span<const float> rows) const {
    if (m_partition.needsRange) return m_fixedGrids;
    BandRange range(partCount());
    for (std::size_t begin = 0; begin < rows.size(); begin += m_in) {
      range.add(rows.subspan(begin, m_in), m_partition.width);
    }
    return range.grids(m_rule);
  }

 private:
  void applyBand(std::span<const float> rows, std::span<float> quantized,
                 std::span<std::uint8_t> isZeroCode) const {
    const std::vector<PartGrid> grids = bandGrids(rows);
    const std::size_t width = static_cast<std::size_t>(m_partition.width);
    for (std::size_t row = 0; row < rows.size(); row += m_in) {
      for (std::size_t part = 0; part < grids.size(); ++part) {
        const std::size_t end = row + std::min(m_in, (part + 1) * width);
        applyPart(grids[part], row + part * width, end, rows, quantized, isZeroCode);
      }
    }
  }

  static void applyPart(const PartGrid& grid, std::size_t begin, std::size_t end, std::span<const float> rows,
                        std::span<float> quantized, std::span<std::uint8_t> isZeroCode) {
    for (std::size_t i = begin; i < end; ++i) {
      const float w = rows[i];
      const float code = gridCode(grid, w);
      const bool isFinite = std::isfinite(w);
      quantized[i] = isFinite ? gridValue(grid, code) : w;
      if (!isZeroCode.empty()) isZeroCode[i] = isFinite && code == grid.zeroCode ? 1 : 0;
    }
  }

  RtnRule m_rule;
  Partition m_partition;
  std::size_t m_in;
  std::vector<PartGrid> m_fixedGrids;
};

MatrixRange columnRange(std::span<const float> weights, std::size_t in) {
  MatrixRange range{std::vector<float>(in, 0), std::vector<float>(in, 0)};
  BandRange columns(in);
  for (std::size_t begin = 0; begin < weights.size(); begin += in) columns.add(weights.subspan(begin, in), 1);
  for (std::size_t j = 0; j < in; ++j) {
    if (columns.min[j] > columns.max[j]) continue;
    range.columnMin[j] = columns.min[j];
    range.columnMax[j] = columns.max[j];
  }
  return range;
}

std::unique_ptr<RowQuantizer> makeRtn(const WeightScheme& scheme, const QuantizerInput& input) {
  return std::make_unique<RtnRowQuantizer>(scheme, input);
}

/// Codes of one band into the matrix, of floats their bits; non-finite weights get the code of 0.
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

QuantizedMatrix quantizeRtn(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                            std::span<const float> weights) {
  const std::size_t width = static_cast<std::size_t>(in);
  QL_ASSERT(out > 0 && in > 0 && weights.size() == static_cast<std::size_t>(out) * width);
  const MatrixRange range = columnRange(weights, width);
  const RtnRowQuantizer quantizer(scheme, {out, in, &range});
  const Partition& partition = quantizer.partition();
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

}  // namespace

const Quantizer& rtnQuantizer();

const Quantizer& rtnQuantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Round to nearest: every weight takes the nearest code of its part's grid; needs no data.",
      "Jacob et al. 2018, arXiv:1712.05877, with the rounding of compressed-tensors, GPTQ, AWQ, SmoothQuant, "
      "QuaRot, RPTQ, Bondarenko et al. (qualcomm), LLM-QAT and bitsandbytes; floats as in OCP's 8-bit and "
      "microscaling specifications",
      {},
      gridFormats(),
      gridFlavours(),
      {"none"},
      gridNeeds,
      checkGrids,
      makeRtn,
      quantizeRtn,
      nullptr};
  return quantizer;
}

}  // namespace ql
