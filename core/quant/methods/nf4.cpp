// NF4 of bitsandbytes: blocks of the flattened matrix, scaled by their largest magnitude, onto 16 quantiles
// of a normal distribution; nf4_dq stores the scales in 8 bits. Source: QLoRA, arXiv:2305.14314;
// bitsandbytes/backends/default/ops.py (quantize_4bit, quantize_blockwise).
#include "core/quant/nf4.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

/// Rows after which a block ends where a row does: blocks run over the ends of rows.
std::int64_t unitOf(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  const std::int64_t group = *scheme.groupSize;
  return std::clamp<std::int64_t>(group / std::gcd(std::max<std::int64_t>(in, 1), group), 1,
                                  std::max<std::int64_t>(out, 1));
}

/// The largest finite magnitude; bitsandbytes' guard against blocks of zeros.
float blockAbsmax(std::span<const float> block) {
  float absmax = 1e-38f;
  for (const float w : block)
    if (std::isfinite(w)) absmax = std::max(absmax, std::abs(w));
  return absmax;
}

/// Calls visit(block number, weights) for the blocks of a flattened run of weights.
template <class Visit>
void forEachBlock(std::span<const float> weights, std::size_t size, const Visit& visit) {
  for (std::size_t begin = 0, block = 0; begin < weights.size(); begin += size, ++block)
    visit(block, begin, std::min(size, weights.size() - begin));
}

class Nf4RowQuantizer : public RowQuantizer {
 public:
  /// `stored`: the scales that weights are decoded with, where they are not the block's absmax itself.
  Nf4RowQuantizer(const WeightScheme& scheme, std::int64_t out, std::int64_t in, std::vector<float> stored)
      : m_unit(unitOf(scheme, out, in)),
        m_out(static_cast<std::size_t>(out)),
        m_in(static_cast<std::size_t>(in)),
        m_group(static_cast<std::size_t>(*scheme.groupSize)),
        m_stored(std::move(stored)) {}

  std::int64_t rowUnit() const override { return m_unit; }

  std::optional<double> bitsPerWeight() const override {
    const std::size_t weights = m_out * m_in, blocks = (weights + m_group - 1) / m_group;
    // double quantization: 8 bits a block, one float for 256 of them, and their mean
    const std::size_t scaleBits =
        m_stored.empty() ? 32 * blocks : 8 * blocks + 32 * ((blocks + 255) / 256) + 32;
    return 4 + static_cast<double>(scaleBits) / static_cast<double>(weights);
  }

  void apply(std::int64_t rowBegin, std::int64_t rowCount, std::span<const float> rows,
             std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const override {
    const std::size_t count = static_cast<std::size_t>(rowCount) * m_in;
    QL_ASSERT(rowBegin % m_unit == 0 && rows.size() == count && quantized.size() == count);
    QL_ASSERT(isZeroCode.empty() || isZeroCode.size() == count);
    forEachCode(rowBegin, rows, [&](std::size_t i, int code, float scale) {
      const bool isFinite = std::isfinite(rows[i]);
      quantized[i] = isFinite ? kNf4Values[static_cast<std::size_t>(code)] * scale : rows[i];
      if (!isZeroCode.empty()) isZeroCode[i] = isFinite && code == kNf4Zero ? 1 : 0;
    });
  }

  /// Calls visit(index into rows, code, scale it is decoded with); non-finite weights have the code of 0.
  template <class Visit>
  void forEachCode(std::int64_t rowBegin, std::span<const float> rows, const Visit& visit) const {
    const std::size_t first = static_cast<std::size_t>(rowBegin) * m_in / m_group;
    forEachBlock(rows, m_group, [&](std::size_t block, std::size_t begin, std::size_t size) {
      const float absmax = blockAbsmax(rows.subspan(begin, size)), inverse = 1.0f / absmax;
      const float scale = m_stored.empty() ? absmax : m_stored[first + block];
      for (std::size_t i = begin; i < begin + size; ++i) {
        const bool isFinite = std::isfinite(rows[i]);
        visit(i, isFinite ? nf4Code(std::clamp(rows[i] * inverse, -1.0f, 1.0f)) : kNf4Zero, scale);
      }
    });
  }

 private:
  std::int64_t m_unit;
  std::size_t m_out, m_in, m_group;
  std::vector<float> m_stored;
};

bool isDouble(const WeightScheme& scheme) {
  return scheme.format == "nf4_dq";
}

std::vector<float> absmaxOf(std::span<const float> weights, std::size_t group) {
  std::vector<float> result;
  forEachBlock(weights, group, [&](std::size_t, std::size_t begin, std::size_t size) {
    result.push_back(blockAbsmax(weights.subspan(begin, size)));
  });
  return result;
}

/// The absmax of every block of the matrix, read in tiles of whole blocks.
std::vector<float> measureAbsmax(const WeightScheme& scheme, const QuantizerInput& input) {
  const auto in = static_cast<std::size_t>(input.in), group = static_cast<std::size_t>(*scheme.groupSize);
  const std::int64_t unit = unitOf(scheme, input.out, input.in);
  const std::int64_t tileRows = unit * std::max<std::int64_t>(1, 128 / unit);
  const std::int64_t tiles = (input.out + tileRows - 1) / tileRows;
  std::vector<float> result((static_cast<std::size_t>(input.out) * in + group - 1) / group);
  parallelFor(*input.job, tiles, [&](std::int64_t tile) {
    const std::int64_t begin = tile * tileRows, end = std::min(input.out, begin + tileRows);
    std::vector<float> rows(static_cast<std::size_t>(end - begin) * in);
    input.source->readRows(input.matrix, begin, end, rows);
    const std::vector<float> part = absmaxOf(rows, group);
    std::copy(part.begin(), part.end(),
              result.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(begin) * in / group));
    input.job->step();
  });
  return result;
}

QuantizerNeeds needs(const WeightScheme& scheme) {
  return {false, isDouble(scheme), false};
}

void check(const WeightScheme& scheme) {
  const std::int64_t size = scheme.groupSize.value_or(0);
  const bool isAllowed = size >= 64 && size <= 4096 && (size & (size - 1)) == 0;
  if (scheme.granularity == Granularity::Group && isAllowed) return;
  throw Error(ErrorCode::Unsupported,
              scheme.format + " has blocks of 64, 128, 256, 512, 1024, 2048 or 4096 weights; write " +
                  scheme.format + " alone, or e.g. " + scheme.format + ":group=128.");
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  std::vector<float> stored;
  if (isDouble(scheme)) stored = doubleQuantized(measureAbsmax(scheme, input));
  return std::make_unique<Nf4RowQuantizer>(scheme, input.out, input.in, std::move(stored));
}

QuantizedMatrix quantize(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                         std::span<const float> weights) {
  const auto group = static_cast<std::size_t>(*scheme.groupSize);
  QuantizedMatrix result{out, in, {}, absmaxOf(weights, group), {}, {}, weights.size() % group != 0};
  if (isDouble(scheme)) result.scales = doubleQuantized(result.scales);
  const Nf4RowQuantizer quantizer(scheme, out, in, isDouble(scheme) ? result.scales : std::vector<float>());
  result.codes.resize(weights.size());
  result.dequantized.resize(weights.size());
  quantizer.apply(0, out, weights, result.dequantized, {});
  quantizer.forEachCode(0, weights, [&](std::size_t i, int code, float) { result.codes[i] = code; });
  return result;
}

}  // namespace

const Quantizer& nf4Quantizer();

const Quantizer& nf4Quantizer() {
  static const Quantizer quantizer{
      "rtn",
      "16 quantiles of a normal distribution, scaled by the largest magnitude of a block; needs no data.",
      "Dettmers et al. 2023 (QLoRA), arXiv:2305.14314; bitsandbytes",
      {},
      {"nf4", "nf4_dq"},
      {"compressed-tensors", "bitsandbytes"},
      {"none"},
      needs,
      check,
      make,
      quantize,
      unitOf};
  return quantizer;
}

}  // namespace ql
