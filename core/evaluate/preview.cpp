// Errors from a sample of rows, quick enough for every edit. With y_r the (column-weighted) squared error of
// row r and x_r its energy, the figure is sqrt(R) of the ratio estimator of evaluate/row_sample.h, its
// interval sqrt(R -+ 1.96 standard errors).
#include "core/base/error.h"
#include "core/evaluate/error_figures.h"
#include "core/evaluate/row_sample.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

constexpr std::int64_t kBlockRows = 16;

/// What the sampled rows say under one scheme, column-weighted.
struct RowFigures {
  std::vector<double> error, energy;  // [sampled row]; each entry is written by one block
};

/// Sums over the sampled rows, each multiplied by the rows it stands for.
class SamplePass {
 public:
  SamplePass(const WeightSource& source, const ErrorInput& input, const WeightStats& stats,
             std::vector<std::unique_ptr<RowQuantizer>> schemes, std::int64_t sampleRows, JobContext& job)
      : m_source(source),
        m_matrix(input.matrix),
        m_schemes(std::move(schemes)),
        m_job(job),
        m_sample(stratifiedRows(stats.rows.absmax, sampleRows)),
        m_in(static_cast<std::size_t>(input.matrix.in)),
        m_columnWeights(columnWeights(input, stats.columns.sumSq)),
        m_rows(m_schemes.size(),
               {std::vector<double>(m_sample.size()), std::vector<double>(m_sample.size())}) {
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
  SampleRatio ratio(std::size_t scheme) const {
    return stratifiedRatio(m_sample, m_rows[scheme].error, m_rows[scheme].energy);
  }
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
    double squaredError = 0, energy = 0;
    std::int64_t dead = 0;
    for (std::size_t j = 0; j < m_in; ++j) {
      if (!std::isfinite(row[j])) continue;
      const double w = static_cast<double>(row[j]), error = static_cast<double>(quantized[j]) - w;
      squaredError += m_columnWeights[j] * error * error;
      energy += m_columnWeights[j] * w * w;
      sums.columnError[j] += weight * error * error;
      sums.sumAbs += weight * std::abs(error);
      sums.maxAbs = std::max(sums.maxAbs, std::abs(error));
      dead += isZeroCode[j] != 0 && row[j] != 0 ? 1 : 0;
    }
    block.zeroCodes[s] += weight * static_cast<double>(dead);
    m_rows[s].error[i] = squaredError;
    m_rows[s].energy[i] = energy;
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
  std::vector<RowFigures> m_rows;  // [scheme]
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
  const SampleRatio ratio = pass.ratio(scheme);
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
