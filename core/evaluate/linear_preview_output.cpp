// Output errors of previews: rounding errors of the sampled rows against the token sample and X^T X.
#include "core/evaluate/linear_preview_state.h"
#include "core/evaluate/output_evidence.h"
#include "core/evaluate/sample_products.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

constexpr double kMostMomentWork = 2e9;  // multiply-adds of D M; above, the sketch stands for M

double totalOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// What is known of X^T X without what takes too long for a preview.
std::shared_ptr<const ActivationStats> quickMoments(const std::shared_ptr<const ActivationStats>& activations,
                                                    std::int64_t rows) {
  const double width = static_cast<double>(activations->width);
  if (!activations->secondMoment || static_cast<double>(rows) * width * width <= kMostMomentWork)
    return activations;
  auto quick = std::make_shared<ActivationStats>();
  quick->width = activations->width;
  quick->origin = activations->origin;
  quick->all = activations->all;
  quick->sketch = activations->sketch;
  quick->evidence = activations->evidence;
  if (!quick->hasSketch()) quick->all.sumSq.clear();  // a proxy would be worse than the token sample
  return quick;
}

}  // namespace

std::vector<double> LinearPreview::State::diagonalEnergies(const std::vector<double>& m,
                                                           JobContext& job) const {
  std::vector<double> sums(rowCount(), 0.0);
  parallelFor(job, static_cast<std::int64_t>(rowCount()), [&](std::int64_t row) {
    const std::size_t r = static_cast<std::size_t>(row);
    for (std::size_t j = 0; j < width(); ++j) {
      const double w = static_cast<double>(sample.weights[r * width() + j]);
      sums[r] += w * w * m[j];
    }
  });
  return sums;
}

double LinearPreview::State::diagonalTotal(const std::vector<double>& m) const {
  return std::inner_product(m.begin(), m.end(), stats->columns.sumSq.begin(), 0.0);
}

void LinearPreview::State::prepareTokens(JobContext& job) {
  tokens.add(sample.matrix, activations);
  hasTokens = true;
  usesSampleRange = !calibratedRange(*activations, width());
  const std::span<const float> x = tokens.tokens(0);
  std::vector<double> moment(width(), 0.0);
  for (std::size_t t = 0; t < x.size(); t += width())
    for (std::size_t j = 0; j < width(); ++j)
      moment[j] += static_cast<double>(x[t + j]) * static_cast<double>(x[t + j]);
  known = diagonalEnergies(moment, job);
  knownTotal = diagonalTotal(moment);
  std::vector<float> outputs;
  sampleProduct(x, sample.weights, width(), outputs, job);
  energy = rowSquares(outputs, {}, rowCount(), job);
}

void LinearPreview::State::prepareMoments(JobContext& job) {
  moments = quickMoments(activations, static_cast<std::int64_t>(rowCount()));
  momentEnergy.emplace(*moments, 2, rowCount());
  if (momentEnergy->source() == EnergySource::None) return;
  momentEnergy->add(0, 0, sample.weights, rowWeights, job);
  if (!moments->hasDiagonal() || moments->all.tokens == 0) return;
  std::vector<double> diagonal = moments->all.sumSq;
  for (double& m : diagonal) m /= static_cast<double>(moments->all.tokens);
  momentKnown = diagonalEnergies(diagonal, job);
  momentKnownTotal = diagonalTotal(diagonal);
}

std::shared_ptr<const PreviewedActivations> LinearPreview::State::roundedUnder(const ActScheme& scheme,
                                                                               JobContext& job) const {
  {
    const std::lock_guard lock(mutex);
    for (const auto& entry : kept)
      if (entry->scheme == scheme) return entry;
  }
  auto entry = std::make_shared<PreviewedActivations>();
  entry->scheme = scheme;
  const std::vector<Choice> choice = {Choice{std::nullopt, scheme}};
  entry->inputs = std::make_shared<const RoundedInputs>(
      tokens, ones, choice, [](std::size_t) { return std::size_t{0}; }, job);
  sampleProduct(entry->inputs->of(0, scheme).changes, sample.weights, width(), entry->outputs, job);
  entry->errors = rowSquares(entry->outputs, {}, rowCount(), job);
  const std::lock_guard lock(mutex);
  if (kept.size() >= kKeptSchemes) kept.erase(kept.begin());
  kept.push_back(entry);
  return entry;
}

SampledFigure LinearPreview::State::onTokens(const std::vector<double>& errors) const {
  if (!(totalOf(energy) > 0)) return {};
  return sampledFigure(sampledRatio(sample.rows, errors, energy, {known, knownTotal}));
}

SampledFigure LinearPreview::State::onMoments(const std::vector<float>& d, JobContext& job) const {
  WeightEnergy sums = *momentEnergy;
  sums.add(1, 0, d, rowWeights, job);
  const std::span<const double> w = sums.rows(0), errors = sums.rows(1);
  double total = 0;
  for (std::size_t r = 0; r < rowCount(); ++r) total += rowWeights[r] * w[r];
  if (!(total > 0)) return {};
  RatioInterval ratio = sampledRatio(sample.rows, errors, w, {momentKnown, momentKnownTotal});
  if (sums.source() == EnergySource::Sketch && activations->secondMoment) {
    const std::vector<double> columns = sums.sketchColumns(0);
    if (totalOf(columns) > 0) {
      const RatioInterval sketch = ratioInterval(sums.sketchColumns(1), columns);
      ratio.below = std::hypot(ratio.below, sketch.below);
      ratio.above = std::hypot(ratio.above, sketch.above);
    }
  }
  ratio.value = std::max(0.0, ratio.value);
  return sampledFigure(ratio);
}

OutputError LinearPreview::State::emptyOutput(const Choice& choice) const {
  const std::string rows = "; stratified sample of " + std::to_string(rowCount()) +
                           " rows, 95 % interval of the figure of all rows";
  const EnergySource source = momentEnergy->source();
  std::string method = "outputs of the token sample";
  if (choice.activation && !choice.activation->dynamic && usesSampleRange)
    method += "; static scales from the sample's own extremes";
  OutputError error;
  error.sampleEvidence = outputEvidence(*activations, choice, method + rows);
  if (hasTokens) error.sampleEvidence.n = static_cast<std::int64_t>(tokens.tokenCount(0));
  error.weightEvidence = outputEvidence(*activations, choice, outputWeightMethod(*moments, source) + rows);
  error.weightEvidence.n = source == EnergySource::None ? error.sampleEvidence.n
                                                        : static_cast<std::int64_t>(activations->all.tokens);
  if (choice.weight) return error;
  error.w = 0.0;
  error.weightEvidence.kind = Evidence::Kind::Exact;
  error.weightEvidence.method = "weights as stored";
  return error;
}

/// scratch.rounded holds D.
OutputError LinearPreview::State::outputError(const Choice& choice, const PreviewScratch& scratch,
                                              std::vector<float>& product, JobContext& job) const {
  OutputError error = emptyOutput(choice);
  const std::vector<float>& d = scratch.rounded;
  const bool hasMoments = momentEnergy->source() != EnergySource::None;
  std::vector<double> both(rowCount(), 0.0);
  std::shared_ptr<const PreviewedActivations> rounded;
  if (hasTokens) error.a = 0.0;
  if (hasTokens && choice.activation) {
    rounded = roundedUnder(*choice.activation, job);
    error.a = onTokens(rounded->errors).value;
    both = rounded->errors;
  }
  if (choice.weight) {
    SampledFigure w;
    if (hasMoments) w = onMoments(d, job);
    if (hasTokens && (!hasMoments || !rounded)) {
      sampleProduct(tokens.tokens(0), d, width(), product, job);
      both = rowSquares(product, {}, rowCount(), job);
      if (!hasMoments) w = onTokens(both);
    }
    if (rounded) {
      // Q(X) D^T and (Q(X) - X) W^T make up the difference of the outputs
      sampleProduct(rounded->inputs->of(0, *choice.activation).values, d, width(), product, job);
      both = rowSquares(product, rounded->outputs, rowCount(), job);
    }
    error.w = w.value;
    error.weightEvidence.interval = w.interval;
  }
  if (!hasTokens) return error;
  const SampledFigure wa = onTokens(both);
  error.wa = wa.value;
  error.sampleEvidence.interval = wa.interval;
  return error;
}

}  // namespace ql
