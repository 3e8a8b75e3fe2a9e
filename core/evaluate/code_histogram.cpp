#include "core/evaluate/code_histogram.h"

#include "core/base/error.h"
#include "core/evaluate/error_pass.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/element_format.h"
#include "core/quant/rtn_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace ql {
namespace {

constexpr std::int64_t kBandWeights = std::int64_t{1} << 20;
constexpr int kValueBits = 16;  // of the mantissa kept: removes the rounding of Q = code * scale
constexpr std::uint64_t kUnits = 2;
constexpr std::size_t kMostCodes = 65536;  // no number format has more than 16 bits

/// How a scheme cuts a band [rows, in] into the parts that share a scale; as QuantizedMatrix::scales.
struct ScaleMap {
  std::size_t width = 1, height = 1, parts = 1, bands = 1;
  bool isInMajor = false;

  ScaleMap(const WeightScheme& scheme, std::size_t rows, std::size_t in) {
    const auto size = [](const std::optional<std::int64_t>& n) { return static_cast<std::size_t>(*n); };
    switch (scheme.granularity) {
      case Granularity::Tensor:
        width = in, height = rows;
        break;
      case Granularity::InputChannel:
        height = rows;
        break;
      case Granularity::Group:
        width = std::min(size(scheme.groupSize), in);
        break;
      case Granularity::GroupInChannel:
        height = size(scheme.groupSize);
        isInMajor = true;
        break;
      case Granularity::Block:
        height = static_cast<std::size_t>((*scheme.block)[0]);
        width = std::min(static_cast<std::size_t>((*scheme.block)[1]), in);
        break;
      case Granularity::OutputChannel:
      case Granularity::Token:
        width = in;
        break;
    }
    height = std::min(height, rows);
    parts = (in + width - 1) / width;
    bands = (rows + height - 1) / height;
  }

  std::size_t indexOf(std::size_t row, std::size_t column) const {
    const std::size_t part = column / width, band = row / height;
    return isInMajor ? part * bands + band : band * parts + part;
  }
};

double snapped(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, kValueBits)), exponent - kValueBits);
}

struct Bin {
  std::uint64_t count = 0;
  std::optional<double> value;  // floating formats
};

/// What one band adds; index = code - firstCode.
struct BandCounts {
  std::int32_t firstCode = 0;
  std::vector<std::uint64_t> counts;
  std::vector<double> values;  // floating formats; NaN = not seen
  std::uint64_t weights = 0, nonFinite = 0, zeros = 0, dead = 0;
  bool hasZeroPoints = false;
  std::vector<double> rowError, rowEnergy, columnError, columnEnergy;
};

class CodePass {
 public:
  CodePass(const WeightSource& source, const MatrixRef& matrix, const WeightScheme& scheme,
           const MatrixRange* range, JobContext& job, const std::vector<MatrixRef>& siblings)
      : m_source(source),
        m_matrix(matrix),
        m_scheme(scheme),
        m_quantizer(quantizerFor(scheme)),
        m_range(m_quantizer.needs(scheme).range ? range : nullptr),
        m_job(job),
        m_in(static_cast<std::size_t>(matrix.in)),
        m_isInteger(findNumberFormat(scheme.format)->isInteger) {
    const bool isRangeMissing = !range || range->columnMin.size() != m_in || range->columnMax.size() != m_in;
    if (!m_quantizer.quantize)
      throw Error(ErrorCode::Unsupported, "The codes of " + scheme.algorithm.name +
                                              " cannot be counted; look at the same scheme with rtn.");
    if (const QuantizerNeeds needs = quantizerNeeds(scheme); needs.matrix || needs.activations)
      throw Error(ErrorCode::Unsupported,
                  "The codes of " + specText(Choice{scheme, std::nullopt}) +
                      " rest on the whole matrix and cannot be counted band by band; look at the same scheme "
                      "without its clip or outliers.");
    if (m_quantizer.needs(scheme).range && isRangeMissing)
      throw Error(ErrorCode::Shape, "The codes of a scheme whose parts span rows need the extremes of all " +
                                        std::to_string(m_in) + " columns; measure the matrix first.");
    QuantizerInput input{matrix.out, matrix.in, m_range, &source, matrix, siblings};
    input.job = &job;
    m_made = makeRowQuantizer(scheme, input);
    m_rtn = dynamic_cast<const RtnRowQuantizer*>(m_made.get());
    const bool hasWholeGrid = m_range && !m_rtn;
    const std::int64_t unit =
        std::max<std::int64_t>(1, hasWholeGrid ? 1 : bandRows(scheme, matrix.out, matrix.in));
    const std::int64_t fitting = kBandWeights / std::max<std::int64_t>(1, matrix.in) / unit;
    m_bandRows = std::max<std::int64_t>(1, fitting) * unit;
  }

  CodeHistogram run() {
    CodeHistogram total;
    total.isInteger = m_isInteger;
    total.columnError.assign(m_in, 0.0);
    total.columnEnergy.assign(m_in, 0.0);
    const std::int64_t bands = (m_matrix.out + m_bandRows - 1) / m_bandRows;
    m_bands.resize(static_cast<std::size_t>(bands));
    parallelForOrdered(
        m_job, bands, [&](std::int64_t band) { count(band); },
        [&](std::int64_t band) { merge(band, total); });
    m_source.check(m_matrix);
    finish(total);
    return total;
  }

 private:
  void count(std::int64_t band) {
    const std::int64_t begin = band * m_bandRows, end = std::min(m_matrix.out, begin + m_bandRows);
    const auto rows = static_cast<std::size_t>(end - begin);
    const bool addsExtremes = m_range && !m_rtn;
    std::vector<float> weights((rows + (addsExtremes ? 2 : 0)) * m_in);
    m_source.readRows(m_matrix, begin, end, std::span(weights).first(rows * m_in));
    // Two more rows with the extremes of the whole matrix: the band then gets the whole matrix's grid.
    if (addsExtremes) {
      const auto extremes = weights.begin() + static_cast<std::ptrdiff_t>(rows * m_in);
      std::copy(m_range->columnMin.begin(), m_range->columnMin.end(), extremes);
      std::copy(m_range->columnMax.begin(), m_range->columnMax.end(),
                extremes + static_cast<std::ptrdiff_t>(m_in));
    }
    const auto height = static_cast<std::int64_t>(weights.size() / m_in);
    const QuantizedMatrix quantized = m_rtn ? quantizedRows(*m_rtn, m_scheme, height, m_matrix.in, weights)
                                            : m_quantizer.quantize(m_scheme, height, m_matrix.in, weights);
    m_job.step();
    m_bands[static_cast<std::size_t>(band)] = countsOf(quantized, weights, rows);
    m_source.release(m_matrix, begin, end);
    m_job.step(static_cast<std::uint64_t>(rows) * m_in * kUnits);
  }

  BandCounts countsOf(const QuantizedMatrix& quantized, std::span<const float> weights,
                      std::size_t rows) const {
    BandCounts counts;
    counts.hasZeroPoints = !quantized.zeroPoints.empty();
    counts.rowError.assign(rows, 0.0);
    counts.rowEnergy.assign(rows, 0.0);
    counts.columnError.assign(m_in, 0.0);
    counts.columnEnergy.assign(m_in, 0.0);
    const ScaleMap scales(m_scheme, static_cast<std::size_t>(quantized.out), m_in);
    const auto [low, high] = std::minmax_element(quantized.codes.begin(), quantized.codes.end());
    counts.firstCode = *low;
    const std::size_t span = static_cast<std::size_t>(*high - *low) + 1;
    QL_ASSERT(span <= kMostCodes);
    counts.counts.assign(span, 0);
    if (!m_isInteger) counts.values.assign(span, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < rows * m_in; ++i) {
      const float w = weights[i], q = quantized.dequantized[i];
      if (!std::isfinite(w)) {
        ++counts.nonFinite;
        continue;
      }
      ++counts.weights;
      if (w == 0) ++counts.zeros;
      if (w != 0 && q == 0) ++counts.dead;
      const auto code = static_cast<std::size_t>(quantized.codes[i] - counts.firstCode);
      ++counts.counts[code];
      const std::size_t row = i / m_in, column = i % m_in;
      if (!m_isInteger && std::isnan(counts.values[code]))
        counts.values[code] = valueOf(q, quantized.scales, scales.indexOf(row, column));
      const double difference = static_cast<double>(q) - static_cast<double>(w);
      const double error = difference * difference;
      const double energy = static_cast<double>(w) * static_cast<double>(w);
      counts.rowError[row] += error;
      counts.rowEnergy[row] += energy;
      counts.columnError[column] += error;
      counts.columnEnergy[column] += energy;
    }
    return counts;
  }

  static double valueOf(float q, const std::vector<float>& scales, std::size_t index) {
    if (q == 0) return 0.0;
    if (index >= scales.size() || !(scales[index] > 0)) return std::numeric_limits<double>::quiet_NaN();
    return snapped(static_cast<double>(q) / static_cast<double>(scales[index]));
  }

  void merge(std::int64_t band, CodeHistogram& total) {
    BandCounts& counts = m_bands[static_cast<std::size_t>(band)];
    for (std::size_t i = 0; i < counts.counts.size(); ++i) {
      if (counts.counts[i] == 0) continue;
      Bin& sum = m_bins[counts.firstCode + static_cast<std::int32_t>(i)];
      sum.count += counts.counts[i];
      if (!m_isInteger && !sum.value && !std::isnan(counts.values[i])) sum.value = counts.values[i];
    }
    total.weights += counts.weights;
    total.nonFinite += counts.nonFinite;
    total.zeros += counts.zeros;
    total.dead += counts.dead;
    total.hasZeroPoints |= counts.hasZeroPoints;
    total.rowError.insert(total.rowError.end(), counts.rowError.begin(), counts.rowError.end());
    total.rowEnergy.insert(total.rowEnergy.end(), counts.rowEnergy.begin(), counts.rowEnergy.end());
    for (std::size_t j = 0; j < m_in; ++j) {
      total.columnError[j] += counts.columnError[j];
      total.columnEnergy[j] += counts.columnEnergy[j];
    }
    counts = {};
  }

  /// Codes that no weight has are what the picture is about.
  void addUnusedCodes() {
    if (!m_rtn) return;
    const RtnRule& rule = m_rtn->rule();
    if (const ElementFormat* element = rule.element) {
      for (std::uint32_t code = 0; code < element->codeCount(); ++code) {
        const double value = static_cast<double>(elementValue(*element, code));
        if (std::isfinite(value)) m_bins[static_cast<std::int32_t>(code)].value = value;
      }
    }
    if (rule.element) return;
    const bool isUnsigned =
        rule.flavour == RtnRule::Flavour::Qualcomm && rule.symmetric && !rule.hasNegatives;
    const auto last = isUnsigned ? (1 << rule.bits) - 1 : static_cast<std::int32_t>(rule.codeHi);
    for (auto code = isUnsigned ? 0 : static_cast<std::int32_t>(rule.codeLo); code <= last; ++code)
      m_bins[code];
  }

  void finish(CodeHistogram& total) {
    addUnusedCodes();
    std::map<double, CodeBin> byValue;
    for (const auto& [code, bin] : m_bins) {
      const double value = bin.value.value_or(static_cast<double>(code));
      CodeBin& sum = byValue.try_emplace(value, CodeBin{code, value, 0}).first->second;
      sum.count += bin.count;
    }
    for (const auto& [value, bin] : byValue) total.bins.push_back(bin);
    if (total.bins.empty()) return;
    total.saturated = total.bins.front().count;
    if (total.bins.size() > 1) total.saturated += total.bins.back().count;
  }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  const WeightScheme& m_scheme;
  const Quantizer& m_quantizer;
  const MatrixRange* m_range;
  JobContext& m_job;
  std::unique_ptr<RowQuantizer> m_made;
  const RtnRowQuantizer* m_rtn = nullptr;  // m_made, when it rounds on the grids of rtn_grid.h
  std::size_t m_in;
  bool m_isInteger;
  std::int64_t m_bandRows = 1;
  std::vector<BandCounts> m_bands;
  std::map<std::int32_t, Bin> m_bins;
};

}  // namespace

std::size_t CodeHistogram::usedCodes() const {
  return static_cast<std::size_t>(
      std::count_if(bins.begin(), bins.end(), [](const CodeBin& bin) { return bin.count > 0; }));
}

std::size_t CodeHistogram::unusedCodes() const {
  return bins.size() - usedCodes();
}

double CodeHistogram::deadShare() const {
  return weights > zeros ? static_cast<double>(dead) / static_cast<double>(weights - zeros) : 0;
}

CodeHistogram measureCodes(const WeightSource& source, const MatrixRef& matrix, const WeightScheme& scheme,
                           const MatrixRange* range, JobContext& job,
                           const std::vector<MatrixRef>& siblings) {
  requireMeasurable(scheme);
  return CodePass(source, matrix, scheme, range, job, siblings).run();
}

std::uint64_t codeUnits(const MatrixRef& matrix) {
  return static_cast<std::uint64_t>(matrix.out) * static_cast<std::uint64_t>(matrix.in) * kUnits;
}

}  // namespace ql
