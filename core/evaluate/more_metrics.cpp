#include "core/evaluate/more_metrics.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/error_figures.h"
#include "core/evaluate/prepared_quantizer.h"
#include "core/evaluate/sample_products.h"
#include "core/evaluate/weight_energy.h"
#include "core/jobs/parallel_for.h"
#include "core/linalg/gemm.h"
#include "core/smooth/column_median.h"
#include "core/stats/site_moment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace ql {
namespace {

constexpr std::int64_t kTileRows = 128;
constexpr std::int64_t kTokenChunk = 16;
constexpr double kGptqDamping = 0.01;    // percdamp of gptq.py
constexpr double kKurtosisGuard = 1e-6;  // outlier-free-transformers, utils.py
constexpr std::uint64_t kUnits = 2;      // of progress a weight

/// What one row of W says alone.
struct RowFigures {
  double kurtosis = 0, maxOverMedian = 0;
  bool hasKurtosis = false, hasRatio = false;
};

double peakOver(double peak, double median, double mean) {
  return median > 0 ? peak / median : mean > 0 ? peak / mean : 0;
}

RowFigures figuresOf(std::span<const float> row) {
  RowFigures figures;
  std::vector<double> values;
  for (const float w : row)
    if (std::isfinite(w)) values.push_back(static_cast<double>(w));
  const auto n = static_cast<double>(values.size());
  if (values.empty()) return figures;
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double square = 0, fourth = 0;
  for (const double w : values) {
    const double d = (w - mean) * (w - mean);
    square += d;
    fourth += d * d;
  }
  if (values.size() > 1) {
    const double variance = square / (n - 1);
    figures.kurtosis = fourth / n / (variance * variance + kKurtosisGuard);
    figures.hasKurtosis = true;
  }
  for (double& w : values) w = std::abs(w);
  const double meanAbs = std::accumulate(values.begin(), values.end(), 0.0) / n;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  const double peak = *std::max_element(middle, values.end());
  figures.maxOverMedian = peakOver(peak, *middle, meanAbs);
  figures.hasRatio = meanAbs > 0;
  return figures;
}

/// Finite sampled tokens with the window each is of, and their rounded twins.
struct Tokens {
  std::vector<float> x, rounded;  // [count, in]
  std::vector<std::int32_t> windows;
  std::int64_t count() const { return static_cast<std::int64_t>(windows.size()); }
};

Tokens tokensOf(const ActivationStats& stats, const Choice& choice) {
  Tokens tokens;
  for (std::int64_t i = 0; i < stats.sample.count(); ++i) {
    const std::span<const float> row = stats.sample.row(i);
    if (!std::all_of(row.begin(), row.end(), [](float v) { return std::isfinite(v); })) continue;
    tokens.x.insert(tokens.x.end(), row.begin(), row.end());
    const auto place = static_cast<std::size_t>(i);
    tokens.windows.push_back(place < stats.sample.windows.size() ? stats.sample.windows[place] : 0);
  }
  tokens.rounded = tokens.x;
  if (!choice.activation || tokens.count() == 0) return tokens;
  const auto in = static_cast<std::size_t>(stats.width);
  std::optional<ActivationRange> range = calibratedRange(stats, in);
  if (!range) range = rangeOfTokens(tokens.x, in);
  fakeQuantizeActivations(*choice.activation, tokens.count(), stats.width, tokens.rounded, &*range);
  return tokens;
}

/// Sums over outputs of one token.
struct TokenSums {
  double product = 0, plain = 0, changed = 0, error = 0;
};

/// Schemes that say the scale of every row or group of a band of rows by themselves.
bool hasSteps(const WeightScheme& scheme) {
  const bool isInside =
      scheme.granularity == Granularity::OutputChannel || scheme.granularity == Granularity::Group;
  const Quantizer& quantizer = quantizerFor(scheme);
  return isInside && !scheme.outliers && findNumberFormat(scheme.format)->isInteger && quantizer.quantize &&
         isRowLocal(scheme);
}

class MetricsPass {
 public:
  MetricsPass(const WeightSource& source, const ErrorInput& input, const Choice& choice,
              const ActivationStats* activations, JobContext& job)
      : m_source(source),
        m_matrix(input.matrix),
        m_job(job),
        m_in(static_cast<std::size_t>(input.matrix.in)),
        m_columnError(m_in, 0.0),
        m_columnEnergy(m_in, 0.0),
        m_columnPeak(m_in, 0.0f),
        m_columnAbs(m_in, 0.0),
        m_median(m_in) {
    if (choice.weight && hasSteps(*choice.weight)) m_stepped = *choice.weight;
    if (choice.weight) m_quantizer = prepareQuantizer(source, input, *choice.weight, nullptr, job);
    if (!activations) return;
    m_tokens = tokensOf(*activations, choice);
    m_sums.resize(static_cast<std::size_t>(m_tokens.count()));
    const bool hasMoment = (activations->secondMoment && activations->secondMoment->tokens() > 0) ||
                           activations->hasSample() || activations->hasDiagonal();
    if (!hasMoment) return;
    m_site = siteMoment(*activations, job);
    m_proxy.width = activations->width;
    m_proxy.secondMoment = m_site->moment;
    if (!m_site->moment) m_proxy.all = activations->all;
    m_energy.emplace(m_proxy, 2, static_cast<std::size_t>(m_matrix.out));
  }

  void run() {
    const std::int64_t unit = m_quantizer ? std::max<std::int64_t>(m_quantizer->rowUnit(), 1) : 1;
    const std::int64_t wished = m_quantizer ? std::max(kTileRows, m_quantizer->rowsAtOnce()) : kTileRows;
    const std::int64_t tile = (wished + unit - 1) / unit * unit;
    m_rows.resize(static_cast<std::size_t>(m_matrix.out));
    for (std::int64_t begin = 0; begin < m_matrix.out; begin += tile) {
      const std::int64_t end = std::min(m_matrix.out, begin + tile);
      runTile(begin, end);
      m_source.release(m_matrix, begin, end);
      m_job.step(static_cast<std::uint64_t>((end - begin) * m_matrix.in) * kUnits);
    }
    for (m_median.endPass(); m_median.needsPass(); m_median.endPass()) readForMedians(tile);
    m_source.check(m_matrix);
  }

  MoreMetrics figures(const ActivationStats* activations) const {
    MoreMetrics metrics;
    setWeightFigures(metrics);
    if (m_energy) setMomentFigures(metrics);
    setTokenFigures(metrics);
    if (activations && !activations->all.absmax.empty()) {
      const std::vector<float>& absmax = activations->all.absmax;
      const double mean =
          std::accumulate(absmax.begin(), absmax.end(), 0.0) / static_cast<double>(absmax.size());
      const double most = static_cast<double>(*std::max_element(absmax.begin(), absmax.end()));
      if (mean > 0) metrics.actRangeRatio = most / mean;
    }
    return metrics;
  }

 private:
  void runTile(std::int64_t begin, std::int64_t end) {
    const auto rows = static_cast<std::size_t>(end - begin);
    m_weights.resize(rows * m_in);
    m_source.readRows(m_matrix, begin, end, m_weights);
    m_quantized = m_weights;
    if (m_quantizer) m_quantizer->apply(begin, end - begin, m_weights, m_quantized, {});
    m_median.add(m_weights, m_job);
    parallelFor(m_job, end - begin, [&](std::int64_t r) {
      m_rows[static_cast<std::size_t>(begin + r)] =
          figuresOf(std::span(m_weights).subspan(static_cast<std::size_t>(r) * m_in, m_in));
    });
    if (m_stepped) measureSteps(static_cast<std::int64_t>(rows));
    m_error.resize(m_weights.size());
    for (std::size_t i = 0; i < m_weights.size(); ++i) addWeight(i);
    const std::vector<double> ones(rows, 1.0);
    if (m_energy) {
      m_energy->add(0, static_cast<std::size_t>(begin), m_weights, ones, m_job);
      m_energy->add(1, static_cast<std::size_t>(begin), m_error, ones, m_job);
    }
    if (m_tokens.count() > 0) addOutputs(static_cast<std::int64_t>(rows));
  }

  void measureSteps(std::int64_t rows) {
    const WeightScheme& scheme = *m_stepped;
    const QuantizedMatrix band = quantizerFor(scheme).quantize(scheme, rows, m_matrix.in, m_weights);
    const std::size_t group = scheme.granularity == Granularity::Group
                                  ? std::min(static_cast<std::size_t>(*scheme.groupSize), m_in)
                                  : m_in;
    const std::size_t parts = (m_in + group - 1) / group;
    if (band.scales.size() != parts * static_cast<std::size_t>(rows)) return;
    for (std::size_t i = 0; i < m_weights.size(); ++i) {
      const float step = band.scales[i / m_in * parts + i % m_in / group];
      const float error = std::abs(m_quantized[i] - m_weights[i]);
      if (!(step > 0) || !std::isfinite(error)) continue;
      m_errorToStep =
          std::max(m_errorToStep.value_or(0), static_cast<double>(error) / static_cast<double>(step));
    }
  }

  /// Non-finite weights are missing on both sides.
  void addWeight(std::size_t i) {
    const std::size_t j = i % m_in;
    float& w = m_weights[i];
    m_error[i] = 0;
    if (!std::isfinite(w)) {
      w = m_quantized[i] = 0;
      return;
    }
    m_error[i] = m_quantized[i] - w;
    const double error = static_cast<double>(m_quantized[i]) - static_cast<double>(w);
    m_columnError[j] += error * error;
    m_columnEnergy[j] += static_cast<double>(w) * static_cast<double>(w);
    m_columnPeak[j] = std::max(m_columnPeak[j], std::abs(w));
    m_columnAbs[j] += static_cast<double>(std::abs(w));
    ++m_count;
  }

  void addOutputs(std::int64_t rows) {
    const std::int64_t count = m_tokens.count(), in = m_matrix.in;
    const auto product = [&](const std::vector<float>& x, const std::vector<float>& w,
                             std::vector<float>& y) {
      y.resize(static_cast<std::size_t>(count * rows));
      multiplyTransposed({x.data(), count, in, in}, {w.data(), rows, in, in}, {y.data(), count, rows, rows},
                         m_job);
    };
    product(m_tokens.x, m_weights, m_plain);
    product(m_tokens.rounded, m_quantized, m_changed);
    parallelFor(m_job, (count + kTokenChunk - 1) / kTokenChunk, [&](std::int64_t chunk) {
      const std::int64_t last = std::min(count, (chunk + 1) * kTokenChunk);
      for (std::int64_t t = chunk * kTokenChunk; t < last; ++t) {
        TokenSums& sums = m_sums[static_cast<std::size_t>(t)];
        for (std::int64_t r = 0; r < rows; ++r) {
          const auto i = static_cast<std::size_t>(t * rows + r);
          const double y = static_cast<double>(m_plain[i]), q = static_cast<double>(m_changed[i]);
          sums.product += y * q;
          sums.plain += y * y;
          sums.changed += q * q;
          sums.error += (q - y) * (q - y);
        }
      }
    });
  }

  void readForMedians(std::int64_t tile) {
    for (std::int64_t begin = 0; begin < m_matrix.out; begin += tile) {
      const std::int64_t end = std::min(m_matrix.out, begin + tile);
      m_weights.resize(static_cast<std::size_t>(end - begin) * m_in);
      m_source.readRows(m_matrix, begin, end, m_weights);
      m_median.add(m_weights, m_job);
      m_source.release(m_matrix, begin, end);
      m_job.step();
    }
  }

  double errorEnergy() const { return std::accumulate(m_columnError.begin(), m_columnError.end(), 0.0); }
  double weightEnergy() const { return std::accumulate(m_columnEnergy.begin(), m_columnEnergy.end(), 0.0); }

  void setWeightFigures(MoreMetrics& metrics) const {
    const double error = errorEnergy(), energy = weightEnergy();
    if (m_count > 0) metrics.mse = error / static_cast<double>(m_count);
    if (energy > 0) metrics.nmse = error / energy;
    metrics.errorToStep = m_errorToStep;
    double sum = 0;
    std::size_t count = 0;
    for (const RowFigures& row : m_rows) {
      if (row.hasRatio)
        metrics.rowMaxOverMedian = std::max(metrics.rowMaxOverMedian.value_or(0), row.maxOverMedian);
      if (!row.hasKurtosis) continue;
      sum += row.kurtosis;
      ++count;
      metrics.rowKurtosisMax = std::max(metrics.rowKurtosisMax.value_or(0), row.kurtosis);
    }
    if (count > 0) metrics.rowKurtosisMean = sum / static_cast<double>(count);
    const std::vector<float> medians = m_median.medians();
    for (std::size_t j = 0; j < m_in; ++j) {
      if (!(m_columnAbs[j] > 0)) continue;
      const double ratio = peakOver(static_cast<double>(m_columnPeak[j]), static_cast<double>(medians[j]),
                                    m_columnAbs[j] / static_cast<double>(m_matrix.out));
      metrics.columnMaxOverMedian = std::max(metrics.columnMaxOverMedian.value_or(0), ratio);
    }
  }

  void setMomentFigures(MoreMetrics& metrics) const {
    const std::vector<double>& diagonal = m_site->diagonal;
    const double weighted = std::inner_product(diagonal.begin(), diagonal.end(), m_columnError.begin(), 0.0);
    const double whole = std::inner_product(diagonal.begin(), diagonal.end(), m_columnEnergy.begin(), 0.0);
    if (whole > 0) metrics.imatrixRel = std::sqrt(weighted / whole);
    const std::span<const double> plain = m_energy->rows(0), changed = m_energy->rows(1);
    const double energy = std::accumulate(plain.begin(), plain.end(), 0.0);
    const double error = std::accumulate(changed.begin(), changed.end(), 0.0);
    metrics.outputMse = error / static_cast<double>(std::max<std::int64_t>(1, m_matrix.out));
    if (energy > 0)
      metrics.outputSqnrDb =
          error > 0 ? 10 * std::log10(energy / error) : std::numeric_limits<double>::infinity();
    setHessianFigures(error, metrics);
  }

  /// H = 2 M, H_jj := 1 for dead channels, then the damping.
  void setHessianFigures(double outputError, MoreMetrics& metrics) const {
    const auto width = static_cast<double>(m_in);
    double dead = 0;
    for (const std::int64_t j : m_site->dead) dead += m_columnError[static_cast<std::size_t>(j)];
    const double trace = std::accumulate(m_site->diagonal.begin(), m_site->diagonal.end(), 0.0);
    const double added = kGptqDamping * (2 * trace + static_cast<double>(m_site->dead.size())) / width;
    metrics.gptqLoss = outputError + (dead + added * errorEnergy()) / 2;
    metrics.hawqTrace = 2 * trace / width * errorEnergy();
    metrics.hawqEigenvalue = 2 * m_site->largestEigenvalue * errorEnergy();
  }

  void setTokenFigures(MoreMetrics& metrics) const {
    double sum = 0;
    std::size_t count = 0;
    std::map<std::int32_t, TokenSums> windows;
    for (std::size_t t = 0; t < m_sums.size(); ++t) {
      const TokenSums& token = m_sums[t];
      TokenSums& window = windows[m_tokens.windows[t]];
      window.plain += token.plain;
      window.error += token.error;
      if (!(token.plain > 0) || !(token.changed > 0)) continue;
      const double cosine = token.product / std::sqrt(token.plain * token.changed);
      sum += cosine;
      ++count;
      metrics.cosineMin = std::min(metrics.cosineMin.value_or(1), cosine);
    }
    if (count > 0) metrics.cosineMean = sum / static_cast<double>(count);
    double relative = 0;
    std::size_t measured = 0;
    for (const auto& [window, sums] : windows) {
      if (!(sums.plain > 0)) continue;
      relative += std::sqrt(sums.error / sums.plain);
      ++measured;
    }
    if (measured > 0) metrics.exl2Error = relative / static_cast<double>(measured);
  }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  JobContext& m_job;
  std::size_t m_in;
  std::shared_ptr<const RowQuantizer> m_quantizer;  // null: weights as stored
  std::optional<WeightScheme> m_stepped;            // whose steps are known
  std::optional<double> m_errorToStep;
  std::vector<RowFigures> m_rows;
  std::vector<double> m_columnError, m_columnEnergy;
  std::vector<float> m_columnPeak;
  std::vector<double> m_columnAbs;
  ColumnMedian m_median;
  std::uint64_t m_count = 0;  // finite weights
  Tokens m_tokens;
  std::vector<TokenSums> m_sums;  // [tokens]
  std::optional<SiteMoment> m_site;
  ActivationStats m_proxy;  // M as siteMoment() found it
  std::optional<WeightEnergy> m_energy;
  std::vector<float> m_weights, m_quantized, m_error, m_plain, m_changed;  // of a tile
};

}  // namespace

MoreMetrics measureMoreMetrics(const WeightSource& source, const ErrorInput& input, const Choice& choice,
                               const ActivationStats* activations, JobContext& job) {
  if (activations && activations->width != input.matrix.in)
    throw Error(ErrorCode::Shape, quotedText(input.matrix.tensor) + " has " +
                                      std::to_string(input.matrix.in) +
                                      " input channels but its activations " +
                                      std::to_string(activations->width) + "; they are of another layer.");
  if (input.matrix.out <= 0 || input.matrix.in <= 0) return {};
  MetricsPass pass(source, input, choice, activations, job);
  pass.run();
  return pass.figures(activations);
}

std::uint64_t moreMetricsUnits(const ErrorInput& input) {
  if (input.matrix.out <= 0 || input.matrix.in <= 0) return 0;
  return static_cast<std::uint64_t>(input.matrix.out * input.matrix.in) * kUnits;
}

}  // namespace ql
