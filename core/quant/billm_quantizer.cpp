#include "core/quant/billm_quantizer.h"

#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"
#include "core/quant/billm_binarize.h"
#include "core/quant/billm_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace ql {
namespace {

constexpr std::int64_t kBandRows = 64;       // of a task; bits do not depend on it
constexpr std::int64_t kStripColumns = 384;  // of a product: stays in the second-level cache

std::int64_t bandCount(std::int64_t rows) {
  return (rows + kBandRows - 1) / kBandRows;
}

/// Channels whose input was never anything but zero; none when that is not known.
std::vector<std::int64_t> deadChannels(const ActivationStats& stats) {
  std::vector<std::int64_t> dead;
  const bool hasSums = stats.hasDiagonal() && stats.all.tokens > 0;
  if (!hasSums && !(stats.secondMoment && stats.secondMoment->tokens() > 0)) return dead;
  const std::vector<double> squares = hasSums ? stats.all.sumSq : stats.secondMoment->diagonal();
  for (std::size_t j = 0; j < squares.size(); ++j)
    if (squares[j] == 0) dead.push_back(static_cast<std::int64_t>(j));
  return dead;
}

/// The Hessian's own words are about rounding to nearest.
std::vector<Fallback> hessianFallbacks(const HessianFactor& hessian, bool compensates) {
  if (!hessian.isDiagonal) return hessian.fallbacks;
  const std::string why = hessian.origin == HessianOrigin::Diagonal
                              ? "only the mean of x^2 is known of this input"
                              : "the Hessian is singular to rounding even with more damping";
  return {{why + (compensates ? ": no error is passed on to later columns"
                              : ": saliences are made from its diagonal alone"),
           1}};
}

}  // namespace

/// Rows that are worked on together.
struct BillmQuantizer::Band {
  std::int64_t rows = 0;
  float* weights = nullptr;  // [rows, in] dead channels cleared; blocks behind the one at its turn change
  // of the block at its turn, `stride` elements from row to row
  float* quantized = nullptr;
  BillmPart* parts = nullptr;  // may be null
  std::int64_t stride = 0;
};

BillmOptions billmOptionsOf(const WeightScheme& scheme) {
  const OptionValues options = completeOptions("billm", algorithmOptions("billm"), scheme.algorithm.options);
  BillmOptions result;
  result.isHessian = std::get<std::string>(options.at("metric")) == "hessian";
  result.isPaper = std::get<std::string>(options.at("search")) == "paper";
  result.compensates = std::get<bool>(options.at("compensate"));
  result.clearsDead = std::get<bool>(options.at("clear_dead"));
  result.blockSize = std::get<std::int64_t>(options.at("block_size"));
  result.damp = std::get<double>(options.at("damp"));
  return result;
}

BillmBits billmBits(std::span<const BillmBlock> blocks, std::int64_t out, std::int64_t in) {
  double salient = 0, halves = 0;
  for (const BillmBlock& block : blocks) {
    salient += static_cast<double>(block.salient.size());
    halves += block.salient.empty() ? 4 : 8;
  }
  const double columns = static_cast<double>(std::max<std::int64_t>(1, in));
  BillmBits bits;
  bits.weights = 1 + salient / columns;
  bits.division = 1 - salient / columns;
  bits.columns = 1 / static_cast<double>(std::max<std::int64_t>(1, out));
  bits.scales = 16 * halves / columns;
  return bits;
}

BillmQuantizer::BillmQuantizer(const BillmOptions& options, const QuantizerInput& input)
    : m_options(options),
      m_out(input.out),
      m_in(input.in),
      m_isSalient(static_cast<std::size_t>(input.in), 0) {
  QL_ASSERT(input.source && input.job);
  JobContext& job = *input.job;
  if (options.needsHessian()) {
    QL_ASSERT(input.activations);
    m_hessian = hessianFactor(*input.activations, {options.damp, false}, job);
    m_fallbacks = hessianFallbacks(*m_hessian, options.compensates);
    for (const float diagonal : m_hessian->upperDiagonal) m_squares.push_back(diagonal * diagonal);
  }
  findDead(input);
  std::vector<float> weights(static_cast<std::size_t>(m_out * m_in));
  readMatrix(input, weights);
  for (std::int64_t begin = 0; begin < m_in; begin += m_options.blockSize) {
    m_blocks.push_back(splitBlock(begin, weights, job));
    for (const std::int64_t column : m_blocks.back().salient)
      m_isSalient[static_cast<std::size_t>(column)] = 1;
    if (passesOn(m_blocks.back())) compensate(weights, job);
  }
}

/// Takes the error of the last block out of the columns behind it.
void BillmQuantizer::compensate(std::vector<float>& weights, JobContext& job) const {
  const BillmBlock& block = m_blocks.back();
  parallelFor(job, bandCount(m_out), [&](std::int64_t number) {
    job.step();
    const std::int64_t row = number * kBandRows, rows = std::min(kBandRows, m_out - row);
    const std::int64_t width = block.end - block.begin;
    std::vector<float> quantized(static_cast<std::size_t>(rows * width));
    const Band band{rows, weights.data() + row * m_in, quantized.data(), nullptr, width};
    quantizeBand(block, band);
    passOn(block, band);
  });
}

bool BillmQuantizer::passesOn(const BillmBlock& block) const {
  return m_options.compensates && !m_hessian->isDiagonal && block.end < m_in;
}

void BillmQuantizer::readMatrix(const QuantizerInput& input, std::vector<float>& weights) const {
  const std::span<float> all(weights);
  parallelFor(*input.job, bandCount(m_out), [&](std::int64_t number) {
    input.job->step();
    const std::int64_t begin = number * kBandRows, end = std::min(m_out, begin + kBandRows);
    const auto rows =
        all.subspan(static_cast<std::size_t>(begin * m_in), static_cast<std::size_t>((end - begin) * m_in));
    input.source->readRows(input.matrix, begin, end, rows);
    clearDead(rows);
  });
  input.source->check(input.matrix);
}

void BillmQuantizer::findDead(const QuantizerInput& input) {
  if (!m_options.clearsDead) return;
  if (m_hessian) {
    for (std::size_t j = 0; j < m_hessian->dead.size(); ++j)
      if (m_hessian->dead[j] != 0) m_dead.push_back(static_cast<std::int64_t>(j));
  } else {
    m_dead = deadChannels(*input.activations);
  }
  if (!m_dead.empty())
    m_fallbacks.push_back({"input channels were always zero: their weights were set to zero first",
                           static_cast<std::int64_t>(m_dead.size())});
}

void BillmQuantizer::clearDead(std::span<float> rows) const {
  for (std::size_t row = 0; row < rows.size(); row += static_cast<std::size_t>(m_in))
    for (const std::int64_t column : m_dead) {
      float& weight = rows[row + static_cast<std::size_t>(column)];
      if (std::isfinite(weight)) weight = 0;
    }
}

/// Z of one weight, finite for a finite weight: what overflows is the largest number there is.
float BillmQuantizer::salience(float weight, std::size_t column) const {
  if (!m_options.isHessian || weight == 0) return weight;
  const float z = weight * weight / m_squares[column];
  return std::min(z, std::numeric_limits<float>::max());
}

BillmBlock BillmQuantizer::splitBlock(std::int64_t begin, std::span<const float> weights,
                                      JobContext& job) const {
  BillmBlock block;
  block.begin = begin;
  block.end = std::min(m_in, begin + m_options.blockSize);
  const auto width = static_cast<std::size_t>(block.end - begin);
  const auto fill = [&](std::vector<float>& target, bool isSalience) {
    target.resize(static_cast<std::size_t>(m_out) * width);
    parallelFor(job, bandCount(m_out), [&](std::int64_t number) {
      job.step();
      const std::int64_t first = number * kBandRows, last = std::min(m_out, first + kBandRows);
      for (std::int64_t row = first; row < last; ++row) {
        const float* const from = weights.data() + row * m_in + begin;
        float* const to = target.data() + row * static_cast<std::int64_t>(width);
        for (std::size_t j = 0; j < width; ++j) {
          const std::size_t column = static_cast<std::size_t>(begin) + j;
          const float value = isSalience ? salience(from[j], column) : from[j];
          to[j] = std::isfinite(from[j]) ? value : std::numeric_limits<float>::quiet_NaN();
        }
      }
    });
  };
  std::vector<float> target;
  fill(target, true);
  block.scores = billmScores({target, width}, job);
  if (m_options.isPaper && m_options.isHessian) fill(target, false);
  const BillmSplit split = billmSearch({target, width}, block.scores, m_options.isPaper ? 1 : 2, job);
  for (const std::size_t column : split.salient)
    block.salient.push_back(begin + static_cast<std::int64_t>(column));
  block.breakPoint = split.breakPoint;
  return block;
}

void BillmQuantizer::quantizeBand(const BillmBlock& block, const Band& band) const {
  const std::size_t width = static_cast<std::size_t>(block.end - block.begin);
  std::vector<float> values;
  std::vector<BillmPart> parts(width);
  for (std::int64_t row = 0; row < band.rows; ++row) {
    const float* const weights = band.weights + row * m_in + block.begin;
    float* const quantized = band.quantized + row * band.stride;
    for (std::size_t j = 0; j < width; ++j) {
      const std::size_t column = static_cast<std::size_t>(block.begin) + j;
      quantized[j] = weights[j];
      const float z = m_options.isPaper ? weights[j] : salience(weights[j], column);
      parts[j] = !std::isfinite(weights[j])       ? BillmPart::None
                 : m_isSalient[column] != 0       ? BillmPart::Salient
                 : std::abs(z) < block.breakPoint ? BillmPart::Dense
                                                  : BillmPart::Sparse;
    }
    for (std::size_t part = 0; part < kBillmOrders.size(); ++part) {
      const auto wanted = static_cast<BillmPart>(part);
      values.clear();
      for (std::size_t j = 0; j < width; ++j)
        if (parts[j] == wanted) values.push_back(weights[j]);
      binarize(values, kBillmOrders[part]);
      auto value = values.begin();
      for (std::size_t j = 0; j < width; ++j)
        if (parts[j] == wanted) quantized[j] = *value++;
    }
    if (band.parts) std::ranges::copy(parts, band.parts + row * band.stride);
  }
}

/// weights[:, end..] -= Err U[block, end..] with Err = (w - q) / U_jj, w as the block was at the start.
void BillmQuantizer::passOn(const BillmBlock& block, const Band& band) const {
  const UpperTriangle& upper = m_hessian->upper;
  const std::int64_t width = block.end - block.begin;
  std::vector<float> errors(static_cast<std::size_t>(width * band.rows));  // [width, rows]
  for (std::int64_t row = 0; row < band.rows; ++row) {
    for (std::int64_t j = 0; j < width; ++j) {
      const std::int64_t column = block.begin + j;
      const float weight = band.weights[row * m_in + column];
      errors[static_cast<std::size_t>(j * band.rows + row)] =
          std::isfinite(weight) ? (weight - band.quantized[row * band.stride + j]) /
                                      m_hessian->upperDiagonal[static_cast<std::size_t>(column)]
                                : 0.0f;
    }
  }
  std::vector<float> products;
  for (std::int64_t column = block.end; column < m_in; column += kStripColumns) {
    const std::int64_t strip = std::min(kStripColumns, m_in - column);
    products.assign(static_cast<std::size_t>(band.rows * strip), 0.0f);
    for (std::int64_t j = block.begin, next = 0; j < block.end; j = next) {
      next = std::min(block.end, UpperTriangle::panelBegin(j) + UpperTriangle::kPanel);
      addTransposedProductSerial(
          {errors.data() + (j - block.begin) * band.rows, next - j, band.rows, band.rows},
          {upper.at(j, column), next - j, strip, upper.stride(j)},
          {products.data(), band.rows, strip, strip});
    }
    for (std::int64_t row = 0; row < band.rows; ++row) {
      float* const weights = band.weights + row * m_in + column;
      const float* const product = products.data() + row * strip;
      for (std::int64_t j = 0; j < strip; ++j) {
        const float changed = weights[j] - product[j];
        weights[j] = std::isfinite(changed) ? changed : weights[j];
      }
    }
  }
}

/// All blocks of at most kBandRows rows; band.quantized and parts are [rows, in].
void BillmQuantizer::runBand(Band band) const {
  clearDead({band.weights, static_cast<std::size_t>(band.rows * m_in)});
  float* const quantized = band.quantized;
  BillmPart* const parts = band.parts;
  for (const BillmBlock& block : m_blocks) {
    band.quantized = quantized + block.begin;
    band.parts = parts ? parts + block.begin : nullptr;
    quantizeBand(block, band);
    if (passesOn(block)) passOn(block, band);
  }
}

void BillmQuantizer::apply(std::int64_t, std::int64_t rowCount, std::span<const float> rows,
                           std::span<float> quantized, std::span<std::uint8_t> isZeroCode) const {
  const std::size_t count = static_cast<std::size_t>(rowCount * m_in);
  QL_ASSERT(rows.size() == count && quantized.size() == count);
  QL_ASSERT(isZeroCode.empty() || isZeroCode.size() == count);
  std::vector<float> weights;
  for (std::int64_t row = 0; row < rowCount; row += kBandRows) {
    const std::int64_t height = std::min(kBandRows, rowCount - row);
    const auto given =
        rows.subspan(static_cast<std::size_t>(row * m_in), static_cast<std::size_t>(height * m_in));
    weights.assign(given.begin(), given.end());
    runBand({height, weights.data(), quantized.data() + row * m_in, nullptr, m_in});
  }
  // no code stands for 0: what comes out as exactly 0 is all there is
  for (std::size_t i = 0; i < isZeroCode.size(); ++i) isZeroCode[i] = quantized[i] == 0 ? 1 : 0;
}

BillmRows BillmQuantizer::explain(std::span<const float> rows) const {
  BillmRows result;
  result.before.assign(rows.begin(), rows.end());
  result.quantized.resize(rows.size());
  result.parts.resize(rows.size());
  const std::int64_t count = static_cast<std::int64_t>(rows.size()) / std::max<std::int64_t>(1, m_in);
  QL_ASSERT(static_cast<std::int64_t>(rows.size()) == count * m_in);
  for (std::int64_t row = 0; row < count; row += kBandRows)
    runBand({std::min(kBandRows, count - row), result.before.data() + row * m_in,
             result.quantized.data() + row * m_in, result.parts.data() + row * m_in, m_in});
  return result;
}

BillmBits BillmQuantizer::bits() const {
  return billmBits(m_blocks, m_out, m_in);
}

std::optional<double> BillmQuantizer::bitsPerWeight() const {
  return bits().honest();
}

}  // namespace ql
