// Round to nearest into llama.cpp's blocks: what llama-quantize writes without an importance matrix, tensor
// by tensor. Source: ggml-quants.c of llama.cpp; the blocks themselves: quant/ggml_blocks.h.
#include "core/quant/ggml_blocks.h"

#include "core/base/error.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

QuantizerNeeds noNeeds(const WeightScheme&) {
  return {};
}

/// Rows are cut into blocks; the last may be partial: it is padded with zeros for the sake of analysis, and
/// no GGUF file can hold it. Non-finite weights count as zeros.
class BlockReader {
 public:
  explicit BlockReader(const GgmlBlockFormat& format)
      : m_format(format), m_weights(format.weights), m_bytes(format.bytes) {}

  /// The block of these weights, at most format.weights of them.
  const GgmlBlock& quantize(std::span<const float> x) {
    std::fill(m_weights.begin(), m_weights.end(), 0.0f);
    std::transform(x.begin(), x.end(), m_weights.begin(), [](float w) { return std::isfinite(w) ? w : 0; });
    packGgmlBlock(m_format, m_weights, m_bytes);
    return m_block = unpackGgmlBlock(m_format, m_bytes);
  }

 private:
  const GgmlBlockFormat& m_format;
  std::vector<float> m_weights;
  std::vector<std::uint8_t> m_bytes;
  GgmlBlock m_block;
};

class GgmlRowQuantizer : public RowQuantizer {
 public:
  GgmlRowQuantizer(const GgmlBlockFormat& format, std::int64_t in)
      : m_format(format), m_in(static_cast<std::size_t>(in)) {}

  std::int64_t rowUnit() const override { return 1; }
  /// Whole blocks as GGUF has them, scales included.
  std::optional<double> bitsPerWeight() const override {
    const std::size_t blocks = (m_in + m_format.weights - 1) / m_format.weights;
    return 8.0 * static_cast<double>(blocks * m_format.bytes) / static_cast<double>(m_in);
  }

  void apply(std::int64_t, std::int64_t rowCount, std::span<const float> rows, std::span<float> quantized,
             std::span<std::uint8_t> isZeroCode) const override {
    const std::size_t count = static_cast<std::size_t>(rowCount) * m_in;
    QL_ASSERT(rows.size() == count && quantized.size() == count);
    QL_ASSERT(isZeroCode.empty() || isZeroCode.size() == count);
    forEachBlock(rows, [&](std::size_t begin, std::size_t size, const GgmlBlock& block) {
      const std::size_t width = m_format.weights / m_format.parts;
      for (std::size_t i = 0; i < size; ++i) {
        const float w = rows[begin + i], scale = block.scales[i / width];
        const bool isFinite = std::isfinite(w);
        quantized[begin + i] =
            isFinite ? static_cast<float>(block.codes[i]) * scale + block.offsets[i / width] : w;
        if (isZeroCode.empty()) continue;
        const bool isZero = scale == 0 || block.codes[i] == ggmlZeroCode(m_format, block, i / width);
        isZeroCode[begin + i] = isFinite && isZero ? 1 : 0;
      }
    });
  }

  /// Calls visit(index of the first weight, weights, block) for every block of rows [n * in].
  template <class Visit>
  void forEachBlock(std::span<const float> rows, const Visit& visit) const {
    BlockReader reader(m_format);
    for (std::size_t row = 0; row < rows.size(); row += m_in) {
      for (std::size_t column = 0; column < m_in; column += m_format.weights) {
        const std::size_t size = std::min(m_format.weights, m_in - column);
        visit(row + column, size, reader.quantize(rows.subspan(row + column, size)));
      }
    }
  }

 private:
  const GgmlBlockFormat& m_format;
  std::size_t m_in;
};

const GgmlBlockFormat& formatOf(const WeightScheme& scheme) {
  const GgmlBlockFormat* format = findGgmlBlockFormat(scheme.format);
  QL_ASSERT(format);
  return *format;
}

void check(const WeightScheme& scheme) {
  const auto size = static_cast<std::int64_t>(formatOf(scheme).weights);
  if (scheme.granularity == Granularity::Group && scheme.groupSize == size) return;
  throw Error(ErrorCode::Unsupported, scheme.format + " always has blocks of " + std::to_string(size) +
                                          " weights of a row; write " + scheme.format +
                                          " alone, or use int2 to int8 for another partition.");
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  return std::make_unique<GgmlRowQuantizer>(formatOf(scheme), input.in);
}

/// Scales in the order of the parts of each row; a partial block has the parts that its weights reach.
QuantizedMatrix quantize(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                         std::span<const float> weights) {
  const GgmlBlockFormat& format = formatOf(scheme);
  const GgmlRowQuantizer quantizer(format, in);
  const std::size_t width = format.weights / format.parts;
  QuantizedMatrix result{out, in, {}, {}, {}, {}, static_cast<std::size_t>(in) % format.weights != 0};
  result.codes.resize(weights.size());
  result.dequantized.resize(weights.size());
  quantizer.apply(0, out, weights, result.dequantized, {});
  quantizer.forEachBlock(weights, [&](std::size_t begin, std::size_t size, const GgmlBlock& block) {
    for (std::size_t i = 0; i < size; ++i) {
      result.codes[begin + i] = block.codes[i];
      if (i % width == 0) result.scales.push_back(block.scales[i / width]);
    }
  });
  return result;
}

std::vector<std::string> formatNames() {
  std::vector<std::string> names;
  for (const GgmlBlockFormat& format : ggmlBlockFormats()) names.emplace_back(format.name);
  return names;
}

}  // namespace

const Quantizer& ggml_blocksQuantizer();

const Quantizer& ggml_blocksQuantizer() {
  static const Quantizer quantizer{"rtn",
                                   "Blocks of llama.cpp with scales of fp16 or of a few bits; needs no data.",
                                   "llama.cpp, ggml-quants.c",
                                   {},
                                   formatNames(),
                                   {"compressed-tensors"},
                                   {"none"},
                                   noNeeds,
                                   check,
                                   make,
                                   quantize,
                                   nullptr};
  return quantizer;
}

}  // namespace ql
