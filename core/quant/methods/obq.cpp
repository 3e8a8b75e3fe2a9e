// OBQ: every row's weights one at a time, always the one whose rounding costs least, each error passed on to
// all that are left. Exact greedy and slow: for small layers. Source: Frantar & Alistarh 2022,
// arXiv:2208.11580, and IST-DASLab/OBC trueobs.py quantize().
#include "core/base/error.h"
#include "core/quant/compensation_kernel.h"
#include "core/quant/matrix_rule.h"
#include "core/quant/obq_inverse.h"
#include "core/stats/site_moment.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

constexpr std::int64_t kMostColumns = 512;

/// A row on its way.
struct Row {
  std::vector<float> w, inverse;  // [in], [in][in, whole lanes]
  std::vector<std::uint8_t> isDone;
};

class ObqRows : public RowQuantizer {
 public:
  ObqRows(RtnRule rule, std::optional<PartGrid> tensor, ObqInverse inverse)
      : m_rule(std::move(rule)),
        m_tensor(std::move(tensor)),
        m_inverse(std::move(inverse)),
        m_in(m_inverse.size()),
        m_stride(wholeLanes(m_in)) {}

  std::int64_t rowUnit() const override { return 1; }
  std::vector<Fallback> fallbacks() const override { return m_inverse.fallbacks(); }

  void apply(std::int64_t, std::int64_t rowCount, std::span<const float> rows, std::span<float> quantized,
             std::span<std::uint8_t> isZeroCode) const override {
    QL_ASSERT(rows.size() == static_cast<std::size_t>(rowCount) * m_in && quantized.size() == rows.size());
    for (std::size_t begin = 0; begin < rows.size(); begin += m_in)
      applyRow(rows.subspan(begin, m_in), quantized.subspan(begin, m_in),
               isZeroCode.empty() ? isZeroCode : isZeroCode.subspan(begin, m_in));
  }

 private:
  /// Of the row as it came, dead channels as zeros.
  PartGrid gridOf(std::span<const float> row) const {
    float min = std::numeric_limits<float>::infinity(), max = -min;
    for (std::size_t j = 0; j < m_in; ++j) {
      if (!std::isfinite(row[j])) continue;
      const float w = m_inverse.isDead(j) ? 0.0f : row[j];
      min = std::min(min, w);
      max = std::max(max, w);
    }
    return min > max ? partGrid(m_rule, 0, 0) : partGrid(m_rule, min, max);
  }

  /// Zeros, dead channels and what is not finite stay as they are: they are 0 from the start, are coupled to
  /// nothing, and take no compensation.
  Row startOf(std::span<const float> row) const {
    Row start;
    start.isDone.assign(m_in, 0);
    bool isUsual = true;
    for (std::size_t j = 0; j < m_in; ++j) {
      const float w = std::isfinite(row[j]) && !m_inverse.isDead(j) ? row[j] : 0.0f;
      start.w.push_back(w);
      start.isDone[j] = w == 0 ? 1 : 0;
      if (w == 0 && !m_inverse.isDead(j)) isUsual = false;
    }
    const std::vector<float> inverse = isUsual ? m_inverse.whole() : m_inverse.without(start.isDone);
    start.inverse.assign(m_in * m_stride, 0.0f);
    for (std::size_t j = 0; j < m_in; ++j)
      std::copy_n(inverse.data() + j * m_in, m_in, start.inverse.data() + j * m_stride);
    return start;
  }

  void applyRow(std::span<const float> row, std::span<float> quantized,
                std::span<std::uint8_t> isZeroCode) const {
    const PartGrid grid = m_tensor ? *m_tensor : gridOf(row);
    Row state = startOf(row);
    const auto isZero = [&](float code) {
      return code == (grid.hasDetour ? grid.zeroCode : grid.shift) ? std::uint8_t{1} : std::uint8_t{0};
    };
    const auto left = static_cast<std::size_t>(std::ranges::count(state.isDone, 0));
    for (std::size_t j = 0; j < m_in; ++j) {
      quantized[j] = std::isfinite(row[j]) ? 0.0f : row[j];
      if (!isZeroCode.empty()) isZeroCode[j] = std::isfinite(row[j]) ? 1 : 0;
    }
    for (std::size_t i = 0; i < left; ++i) {
      const std::size_t j = nextWeight(grid, state);
      const float code = gridCode(grid, state.w[j]);
      quantized[j] = gridValue(grid, code);
      if (!isZeroCode.empty()) isZeroCode[j] = isZero(code);
      takeOut(j, quantized[j], state);
    }
  }

  /// The least error^2 / [H^-1]_jj; but where an error goes beyond half a step, the largest error first: such
  /// a weight can only get further away.
  std::size_t nextWeight(const PartGrid& grid, const Row& state) const {
    const float cell = 0.25f * (grid.scale * grid.scale);
    std::size_t best = m_in, worst = m_in;
    float least = std::numeric_limits<float>::infinity(), largest = 0;
    for (std::size_t j = 0; j < m_in; ++j) {
      if (state.isDone[j] != 0) continue;
      const float difference = state.w[j] - gridValue(grid, gridCode(grid, state.w[j]));
      const float error = difference * difference, score = error / state.inverse[j * m_stride + j];
      if (best == m_in || score < least) {
        best = j;
        least = score;
      }
      if (worst == m_in || error > largest) {
        worst = j;
        largest = error;
      }
    }
    return largest > cell ? worst : best;
  }

  void takeOut(std::size_t j, float value, Row& state) const {
    const float* const begin = state.inverse.data() + j * m_stride;
    std::vector<float> row(begin, begin + m_stride);
    const float diagonal = row[j], factor = (state.w[j] - value) / diagonal, root = std::sqrt(diagonal);
    for (std::size_t k = 0; k < m_in; ++k) state.w[k] -= row[k] * factor;
    state.isDone[j] = 1;
    for (float& element : row) element /= root;
    for (std::size_t k = 0; k < m_in; ++k) {
      // a row that is done is never looked at again
      if (state.isDone[k] == 0)
        subtractScaled(m_stride, row.data(), &row[k], 1, state.inverse.data() + k * m_stride);
    }
  }

  RtnRule m_rule;
  std::optional<PartGrid> m_tensor;
  ObqInverse m_inverse;
  std::size_t m_in, m_stride;
};

QuantizerNeeds obqNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs = gridNeeds(scheme);
  needs.activations = true;
  return needs;
}

void checkObq(const WeightScheme& scheme) {
  checkGrids(scheme);
  if (scheme.granularity != Granularity::OutputChannel && scheme.granularity != Granularity::Tensor)
    throw Error(ErrorCode::Unsupported,
                "OBQ has one grid for a row or for the whole matrix; use channel or tensor, or the algorithm "
                "gptq for granularity " +
                    std::string(granularityName(scheme.granularity)) + ".");
}

std::unique_ptr<RowQuantizer> makeObq(const WeightScheme& scheme, const QuantizerInput& input) {
  if (input.in > kMostColumns)
    throw Error(ErrorCode::Unsupported,
                "OBQ takes the columns of every row in an order of its own, which is "
                "for layers of up to 512 inputs; this one has " +
                    std::to_string(input.in) + ": use the algorithm gptq.");
  const RtnRule rule = matrixRule(scheme, input);
  std::optional<PartGrid> tensor;
  if (scheme.granularity == Granularity::Tensor)
    tensor = partGrid(rule, *std::ranges::min_element(input.range->columnMin),
                      *std::ranges::max_element(input.range->columnMax));
  const OptionValues options = completeOptions("obq", algorithmOptions("obq"), scheme.algorithm.options);
  const OptionValue& damp = options.at("damp");
  const double share = std::holds_alternative<double>(damp)
                           ? std::get<double>(damp)
                           : static_cast<double>(std::get<std::int64_t>(damp));
  return std::make_unique<ObqRows>(rule, tensor, ObqInverse(*input.activations, share, *input.job));
}

}  // namespace

const Quantizer& obqQuantizer();

const Quantizer& obqQuantizer() {
  static const Quantizer quantizer{
      "obq",
      "One weight of a row at a time, the one that costs least first; each error is passed on to all that "
      "are left. Exact and slow: for layers of up to 512 inputs.",
      "Frantar and Alistarh 2022, arXiv:2208.11580, with the arithmetic of IST-DASLab/OBC",
      algorithmOptions("obq"),
      {"int8", "int7", "int6", "int5", "int4", "int3", "int2"},
      gridFlavours(),
      {"none"},
      obqNeeds,
      checkObq,
      makeObq,
      nullptr,
      nullptr};
  return quantizer;
}

}  // namespace ql
