#include "core/evaluate/linear_preview.h"

#include "core/evaluate/linear_preview_state.h"
#include "core/evaluate/token_kernel.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

constexpr std::int64_t kBlockRows = 16;
constexpr std::int64_t kMostRows = 512;  // without activations; more say little more

double totalOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

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

}  // namespace

PreviewedWeights LinearPreview::State::weightSums(const std::vector<float>& d, JobContext& job) const {
  PreviewedWeights figures;
  for (std::vector<double>* list :
       {&figures.weighted, &figures.energy, &figures.square, &figures.wholeSquare})
    list->assign(rowCount(), 0.0);
  figures.sums = exactSums(width());
  const auto blocks = (static_cast<std::int64_t>(rowCount()) + kBlockRows - 1) / kBlockRows;
  struct Block {
    SchemeSums sums;
    double weightAbs = 0, deadCodes = 0;
  };
  std::vector<std::unique_ptr<Block>> parts(static_cast<std::size_t>(blocks));
  parallelForOrdered(
      job, blocks,
      [&](std::int64_t index) {
        auto block = std::make_unique<Block>();
        block->sums = exactSums(width());
        const std::size_t begin = static_cast<std::size_t>(index * kBlockRows);
        for (std::size_t r = begin; r < std::min(rowCount(), begin + kBlockRows); ++r) {
          const double weight = rowWeights[r];
          const RowError row =
              addRowError(&d[r * width()], &sample.weights[r * width()], columnWeights.data(), weight,
                          width(), block->sums.columnError.data());
          figures.weighted[r] = row.weighted;
          figures.energy[r] = row.energy;
          figures.square[r] = row.square;
          figures.wholeSquare[r] = stats->rows.sumSq[static_cast<std::size_t>(sample.rows[r].row)];
          block->sums.sumAbs += weight * row.sumAbs;
          block->sums.maxAbs = std::max(block->sums.maxAbs, static_cast<double>(row.maxAbs));
          block->weightAbs += weight * row.weightAbs;
          block->deadCodes += weight * static_cast<double>(row.deadCodes);
        }
        parts[static_cast<std::size_t>(index)] = std::move(block);
      },
      [&](std::int64_t index) {
        const std::unique_ptr<Block> block = std::move(parts[static_cast<std::size_t>(index)]);
        for (std::size_t j = 0; j < width(); ++j) figures.sums.columnError[j] += block->sums.columnError[j];
        figures.sums.sumAbs += block->sums.sumAbs;
        figures.sums.maxAbs = std::max(figures.sums.maxAbs, block->sums.maxAbs);
        figures.weightAbs += block->weightAbs;
        figures.deadCodes += block->deadCodes;
      });
  return figures;
}

std::int64_t LinearPreview::rowsFor(const ErrorInput& input, const ActivationStats* activations) {
  SampledReader reader{input.matrix, nullptr, nullptr};
  // rowsFor() asks for the number of sampled tokens only
  if (activations)
    reader.input = std::shared_ptr<const ActivationStats>(std::shared_ptr<void>(), activations);
  const std::int64_t rows = SampledReaders::rowsFor(std::span(&reader, 1));
  return activations ? rows : std::min(rows, kMostRows);
}

bool LinearPreview::canMeasure(const Choice& choice) {
  return SampledReaders::canMeasure(std::span(&choice, 1));
}

LinearPreview::LinearPreview(const WeightSource& source, const ErrorInput& input,
                             std::shared_ptr<const WeightStats> stats,
                             std::shared_ptr<const ActivationStats> activations, std::int64_t rows,
                             JobContext& job)
    : m_state(std::make_unique<State>()) {
  requireMatching(input, stats.get());
  State& state = *m_state;
  state.input = input;
  state.stats = std::move(stats);
  state.activations = std::move(activations);
  state.sample.matrix = input.matrix;
  state.sample.range = rangeOf(*state.stats);
  state.sample.rows = sampleOf(state.stats->rows.absmax, rows);
  state.sample.read(source, job);
  for (const SampledRow& row : state.sample.rows) state.rowWeights.push_back(row.weight);
  state.ones.assign(state.width(), 1.0f);
  state.columnWeights = columnWeights(input, state.stats->columns.sumSq);
  if (!state.activations) return;
  if (state.activations->hasSample()) state.prepareTokens(job);
  state.prepareMoments(job);
}

LinearPreview::~LinearPreview() = default;

LayerError LinearPreview::State::weightError(const Choice& choice, const std::vector<float>& d,
                                             JobContext& job) const {
  if (!choice.weight)
    return errorFigures(input, choice, knownWeights(*stats, 0), exactSums(width()),
                        peakRatio(stats->columns.absmax));
  PreviewedWeights figures = weightSums(d, job);
  const WeightSums weights = knownWeights(*stats, figures.weightAbs);
  const double square = totalOf(figures.sums.columnError), whole = totalOf(weights.columnEnergy);
  const RatioInterval plain =
      sampledRatio(sample.rows, figures.square, figures.wholeSquare, {figures.wholeSquare, whole});
  if (square > 0)
    for (double& error : figures.sums.columnError) error *= plain.value * whole / square;
  const double total =
      std::inner_product(columnWeights.begin(), columnWeights.end(), weights.columnEnergy.begin(), 0.0);
  const SampledFigure normWeighted =
      sampledFigure(sampledRatio(sample.rows, figures.weighted, figures.energy, {figures.energy, total}));
  figures.sums.zeroCodes = static_cast<std::uint64_t>(std::llround(figures.deadCodes)) + weights.zeros;
  LayerError error = errorFigures(input, choice, weights, figures.sums, peakRatio(weights.columnAbsmax));
  if (error.normWeightedRel && normWeighted.value) error.normWeightedRel = normWeighted.value;
  error.evidence.kind = Evidence::Kind::Sampled;
  error.evidence.n = static_cast<std::int64_t>(rowCount());
  error.evidence.interval = normWeighted.interval;
  error.evidence.method += "; stratified sample of rows, 95 % interval of norm_weighted_rel";
  return error;
}

PreviewedFigures LinearPreview::measure(const Choice& choice, JobContext& job) const {
  const State& state = *m_state;
  PreviewedFigures figures;
  std::unique_ptr<PreviewScratch> scratch = state.pool.take();
  if (choice.weight) roundingErrors(state.sample, *choice.weight, state.ones, scratch->rounded, job);
  figures.weights = state.weightError(choice, scratch->rounded, job);
  if (state.activations) figures.output = state.outputError(choice, *scratch, scratch->product, job);
  state.pool.giveBack(std::move(scratch));
  return figures;
}

std::uint64_t LinearPreview::bytes() const {
  const State& state = *m_state;
  const std::uint64_t tokens = state.hasTokens ? state.tokens.bytes() : 0;
  // rounded activations: X / S, Q(X) and its change, for each scheme that is kept
  return state.sample.weights.size() * sizeof(float) * 2 + tokens * (1 + 3 * kKeptSchemes);
}

}  // namespace ql
