// Errors from a sample of rows, quick enough for every edit.
//
// Rows are sorted by absmax. The largest quarter of the sample is certain (weight 1): a few rows may carry
// the error. The rest of the sorted rows is cut into strata of equal length, two rows drawn from each
// (Cochran, Sampling Techniques, 3rd ed., 5.4 and 6.11). With y_r the (column-weighted) squared error of row
// r and x_r its energy, the combined ratio estimator is R = sum_h N_h mean(y) / sum_h N_h mean(x), its
// variance
//   sum_h N_h^2 (1 - n_h / N_h) s_h^2 / n_h / X^2,   s_h^2 the variance of y - R x within stratum h,
// X the estimated energy; the figure is sqrt(R) and its interval sqrt(R -+ 1.96 standard errors).
#include "core/base/error.h"
#include "core/evaluate/error_figures.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

constexpr std::int64_t kBlockRows = 16;

struct SampledRow {
  std::int64_t row = 0;
  std::int64_t stratum = -1;  // -1: certain
  double weight = 1;          // rows it stands for
};

/// Deterministic random bits (splitmix64, Steele et al. 2014): the same model gives the same preview.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

std::vector<SampledRow> sampleOf(const std::vector<float>& rowAbsmax, std::int64_t sampleRows) {
  const std::int64_t rows = static_cast<std::int64_t>(rowAbsmax.size());
  std::vector<std::int64_t> order(rowAbsmax.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return rowAbsmax[static_cast<std::size_t>(a)] > rowAbsmax[static_cast<std::size_t>(b)];
  });
  const std::int64_t strata = std::max<std::int64_t>(1, (sampleRows - sampleRows / 4) / 2);
  const std::int64_t certain = std::max<std::int64_t>(0, sampleRows - 2 * strata);
  std::vector<SampledRow> sample;
  for (std::int64_t i = 0; i < certain; ++i) sample.push_back({order[static_cast<std::size_t>(i)], -1, 1});
  const std::int64_t rest = rows - certain;
  for (std::int64_t h = 0; h < strata; ++h) {
    const std::int64_t begin = certain + rest * h / strata, end = certain + rest * (h + 1) / strata;
    const std::uint64_t size = static_cast<std::uint64_t>(end - begin);
    const std::uint64_t first = mixed(static_cast<std::uint64_t>(h)) % size;
    const auto add = [&](std::uint64_t offset, double weight) {
      sample.push_back({order[static_cast<std::size_t>(begin) + offset], h, weight});
    };
    add(first, size > 1 ? static_cast<double>(size) / 2 : 1.0);
    if (size > 1) add((first + 1 + mixed(first ^ size) % (size - 1)) % size, static_cast<double>(size) / 2);
  }
  std::sort(sample.begin(), sample.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
  return sample;
}

/// What one row says under one scheme, column-weighted.
struct RowFigures {
  double error = 0, energy = 0;
};

/// R = Y / X of a stratified sample, with its standard error.
struct Ratio {
  double value = 0, standardError = 0;
};

Ratio ratioOf(const std::vector<SampledRow>& sample, const std::vector<RowFigures>& rows) {
  double error = 0, energy = 0;
  std::int64_t strata = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    error += sample[i].weight * rows[i].error;
    energy += sample[i].weight * rows[i].energy;
    strata = std::max(strata, sample[i].stratum + 1);
  }
  if (energy <= 0) return {};
  Ratio ratio{error / energy, 0};
  std::vector<double> difference(static_cast<std::size_t>(strata), 0.0),
      size(static_cast<std::size_t>(strata), 0.0);
  std::vector<int> count(static_cast<std::size_t>(strata), 0);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i].stratum < 0) continue;
    const std::size_t h = static_cast<std::size_t>(sample[i].stratum);
    const double residual = rows[i].error - ratio.value * rows[i].energy;
    difference[h] += count[h] == 0 ? residual : -residual;
    size[h] += sample[i].weight;
    ++count[h];
  }
  double variance = 0;
  for (std::size_t h = 0; h < size.size(); ++h) {
    // two rows a stratum: s^2 = difference^2 / 2; a stratum of one row is known exactly
    if (count[h] == 2) variance += size[h] * (size[h] - 2) * difference[h] * difference[h] / 4;
  }
  ratio.standardError = std::sqrt(std::max(variance, 0.0)) / energy;
  return ratio;
}

/// Sums over the sampled rows, each multiplied by the rows it stands for.
class SamplePass {
 public:
  SamplePass(const WeightSource& source, const ErrorInput& input, const WeightStats& stats,
             std::vector<std::unique_ptr<RowQuantizer>> schemes, std::int64_t sampleRows, JobContext& job)
      : m_source(source),
        m_matrix(input.matrix),
        m_schemes(std::move(schemes)),
        m_job(job),
        m_sample(sampleOf(stats.rows.absmax, sampleRows)),
        m_in(static_cast<std::size_t>(input.matrix.in)),
        m_columnWeights(columnWeights(input, stats.columns.sumSq)),
        m_rows(m_schemes.size(), std::vector<RowFigures>(m_sample.size())) {
    m_sums.schemes.assign(m_schemes.size(), exactSums(m_in));
  }

  void run() {
    const std::int64_t count = static_cast<std::int64_t>(m_sample.size());
    const std::int64_t blocks = (count + kBlockRows - 1) / kBlockRows;
    m_blocks.resize(static_cast<std::size_t>(blocks));
    parallelForOrdered(
        m_job, blocks, [&](std::int64_t block) { measureBlock(block); },
        [&](std::int64_t block) { mergeBlock(block); });
  }

  const ErrorSums& sums() const { return m_sums; }
  double sampledEnergy() const { return m_sampledEnergy; }
  double sampledAbs() const { return m_sums.weights.sumAbs; }
  Ratio ratio(std::size_t scheme) const { return ratioOf(m_sample, m_rows[scheme]); }
  std::int64_t rowCount() const { return static_cast<std::int64_t>(m_sample.size()); }

 private:
  struct Block {
    std::vector<SchemeSums> schemes;
    double energy = 0, sumAbs = 0;
    std::vector<double> zeroCodes;
  };

  void measureBlock(std::int64_t index) {
    Block& block = m_blocks[static_cast<std::size_t>(index)];
    block.schemes.assign(m_schemes.size(), exactSums(m_in));
    block.zeroCodes.assign(m_schemes.size(), 0.0);
    std::vector<float> row(m_in), quantized(m_in);
    std::vector<std::uint8_t> isZeroCode(m_in);
    const std::size_t begin = static_cast<std::size_t>(index * kBlockRows);
    for (std::size_t i = begin; i < std::min(m_sample.size(), begin + kBlockRows); ++i) {
      m_source.readRows(m_matrix, m_sample[i].row, m_sample[i].row + 1, row);
      addEnergy(row, m_sample[i].weight, block);
      for (std::size_t s = 0; s < m_schemes.size(); ++s) {
        m_schemes[s]->apply(m_sample[i].row, 1, row, quantized, isZeroCode);
        addRow(row, quantized, isZeroCode, i, s, block);
      }
      m_job.step();
    }
  }

  static void addEnergy(std::span<const float> row, double weight, Block& block) {
    for (const float w : row) {
      if (!std::isfinite(w)) continue;
      const double value = static_cast<double>(w);
      block.energy += weight * value * value;
      block.sumAbs += weight * std::abs(value);
    }
  }

  void addRow(std::span<const float> row, std::span<const float> quantized,
              std::span<const std::uint8_t> isZeroCode, std::size_t i, std::size_t s, Block& block) {
    const double weight = m_sample[i].weight;
    SchemeSums& sums = block.schemes[s];
    RowFigures figures;
    std::int64_t dead = 0;
    for (std::size_t j = 0; j < m_in; ++j) {
      if (!std::isfinite(row[j])) continue;
      const double w = static_cast<double>(row[j]), error = static_cast<double>(quantized[j]) - w;
      figures.error += m_columnWeights[j] * error * error;
      figures.energy += m_columnWeights[j] * w * w;
      sums.columnError[j] += weight * error * error;
      sums.sumAbs += weight * std::abs(error);
      sums.maxAbs = std::max(sums.maxAbs, std::abs(error));
      dead += isZeroCode[j] != 0 && row[j] != 0 ? 1 : 0;
    }
    block.zeroCodes[s] += weight * static_cast<double>(dead);
    m_rows[s][i] = figures;
  }

  void mergeBlock(std::int64_t index) {
    Block block = std::move(m_blocks[static_cast<std::size_t>(index)]);
    m_sampledEnergy += block.energy;
    m_sums.weights.sumAbs += block.sumAbs;
    for (std::size_t s = 0; s < m_schemes.size(); ++s) {
      SchemeSums& total = m_sums.schemes[s];
      for (std::size_t j = 0; j < m_in; ++j) total.columnError[j] += block.schemes[s].columnError[j];
      total.sumAbs += block.schemes[s].sumAbs;
      total.maxAbs = std::max(total.maxAbs, block.schemes[s].maxAbs);
      total.zeroCodes += static_cast<std::uint64_t>(std::llround(block.zeroCodes[s]));
    }
  }

  const WeightSource& m_source;
  const MatrixRef& m_matrix;
  std::vector<std::unique_ptr<RowQuantizer>> m_schemes;
  JobContext& m_job;
  std::vector<SampledRow> m_sample;
  std::size_t m_in;
  std::vector<double> m_columnWeights;
  std::vector<std::vector<RowFigures>> m_rows;  // [scheme][sampled row]; each entry is written by one block
  std::vector<Block> m_blocks;
  ErrorSums m_sums;
  double m_sampledEnergy = 0;
};

WeightSums knownWeights(const WeightStats& stats, double sumAbs) {
  WeightSums weights;
  weights.columnEnergy = stats.columns.sumSq;
  weights.columnAbsmax = stats.columns.absmax;
  weights.sumAbs = sumAbs;
  const WeightSummary& s = stats.summary;
  weights.count = s.count - s.nans - s.posInfs - s.negInfs;
  weights.zeros = s.zeros;
  return weights;
}

/// Figures from the sample: sums scaled so that they stand against the exact energy of the statistics.
LayerError sampledFigures(const ErrorInput& input, const Choice& choice, const WeightSums& weights,
                          const SamplePass& pass, std::size_t scheme) {
  SchemeSums sums = pass.sums().schemes[scheme];
  sums.zeroCodes += weights.zeros;
  const double energy = std::accumulate(weights.columnEnergy.begin(), weights.columnEnergy.end(), 0.0);
  const double scale = pass.sampledEnergy() > 0 ? energy / pass.sampledEnergy() : 1.0;
  for (double& error : sums.columnError) error *= scale;
  LayerError figures = errorFigures(input, choice, weights, sums, peakRatio(weights.columnAbsmax));
  const Ratio ratio = pass.ratio(scheme);
  if (figures.normWeightedRel) figures.normWeightedRel = std::sqrt(ratio.value);
  const double margin = 1.96 * ratio.standardError;
  figures.evidence.kind = Evidence::Kind::Sampled;
  figures.evidence.n = pass.rowCount();
  figures.evidence.interval = {std::sqrt(std::max(0.0, ratio.value - margin)),
                               std::sqrt(ratio.value + margin)};
  figures.evidence.method += "; stratified sample of rows, 95 % interval of norm_weighted_rel";
  return figures;
}

}  // namespace

std::vector<LayerError> previewErrors(const WeightSource& source, const ErrorInput& input,
                                      std::span<const Choice> choices, const WeightStats& stats,
                                      std::int64_t sampleRows, JobContext& job) {
  requireMatching(input, &stats);
  const MatrixRange range = rangeOf(stats);
  std::vector<Choice> whole;
  std::vector<std::unique_ptr<RowQuantizer>> sampled;
  std::vector<bool> isSampled;
  static_cast<void>(measurableSchemes(choices));
  for (const Choice& choice : choices) {
    std::unique_ptr<RowQuantizer> quantizer;
    if (choice.weight && sampleRows >= 8 && sampleRows < input.matrix.out && input.matrix.in > 0) {
      quantizer =
          quantizerFor(*choice.weight).make(*choice.weight, input.matrix.out, input.matrix.in, &range);
    }
    isSampled.push_back(quantizer && quantizer->rowUnit() == 1);
    if (isSampled.back()) {
      sampled.push_back(std::move(quantizer));
    } else {
      whole.push_back(choice);
    }
  }
  std::vector<LayerError> exact;
  if (!whole.empty()) exact = measureErrors(source, input, whole, &stats, job);
  std::vector<LayerError> errors;
  if (sampled.empty()) return exact;
  SamplePass pass(source, input, stats, std::move(sampled), sampleRows, job);
  pass.run();
  const WeightSums weights = knownWeights(stats, pass.sampledAbs());
  std::size_t nextExact = 0, nextSampled = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    errors.push_back(isSampled[i] ? sampledFigures(input, choices[i], weights, pass, nextSampled++)
                                  : std::move(exact[nextExact++]));
  }
  return errors;
}

}  // namespace ql
