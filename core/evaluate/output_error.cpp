#include "core/evaluate/output_error.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/evaluate/error_figures.h"
#include "core/evaluate/output_evidence.h"
#include "core/evaluate/output_pass.h"
#include "core/evaluate/ratio_interval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

constexpr std::int64_t kLeastSampleRows = 8;

/// A figure sqrt(R), with what is uncertain about R; nothing when the energy is 0 or not a number.
struct Figure {
  std::optional<double> value;
  std::optional<std::pair<double, double>> interval;
};

Figure figureOf(double ratio, double below, double above) {
  if (!std::isfinite(ratio)) return {};
  Figure figure{std::sqrt(std::max(0.0, ratio)), std::nullopt};
  if (below > 0 || above > 0)
    figure.interval = {std::sqrt(std::max(0.0, ratio - below)), std::sqrt(std::max(0.0, ratio + above))};
  return figure;
}

/// Half-widths of independent uncertainties add in quadrature.
Figure figureOf(const RatioInterval& a, const RatioInterval& rows) {
  return figureOf(a.value, std::hypot(a.below, rows.below), std::hypot(a.above, rows.above));
}

/// 95 % half-widths that the sampling of rows brings; 0 when all rows were read. The variance is that of the
/// strata, a degree of freedom each; the skewness that of the drawn rows together, two a stratum say nothing.
RatioInterval rowMargins(const OutputPass& pass, std::span<const double> error,
                         std::span<const double> energy) {
  const std::vector<SampledRow>& rows = pass.plan().rows;
  if (rows.empty()) return {};
  const SampleRatio ratio = stratifiedRatio(rows, error, energy);
  double square = 0, cube = 0, drawn = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].stratum < 0) continue;
    const double residual = rows[i].weight * (error[i] - ratio.value * energy[i]);
    square += residual * residual;
    cube += residual * residual * residual;
    ++drawn;
  }
  const double deviation = std::sqrt(square / drawn);
  const double skewness = deviation > 0 ? cube / drawn / (deviation * deviation * deviation) : 0;
  const SkewedQuantiles quantiles = skewedQuantiles(skewness, drawn, drawn / 2);
  return {ratio.value, ratio.standardError * quantiles.below, ratio.standardError * quantiles.above};
}

double weightedTotal(const OutputPass& pass, std::span<const double> values) {
  const std::vector<SampledRow>& rows = pass.plan().rows;
  double total = 0;
  for (std::size_t i = 0; i < values.size(); ++i) total += (rows.empty() ? 1.0 : rows[i].weight) * values[i];
  return total;
}

/// |Y' - Y|^2 / |Y|^2 on the sample; the interval says what other tokens would give.
Figure sampleFigure(const OutputPass& pass, const ActivationStats& activations, const ProductSums& errors) {
  const ProductSums& energy = pass.products()->energy();
  const double total = std::accumulate(energy.tokens.begin(), energy.tokens.end(), 0.0);
  if (!(total > 0)) return {};
  const RatioInterval interval =
      ratioInterval(errors.tokens, energy.tokens, static_cast<double>(activations.all.tokens));
  return figureOf(interval, rowMargins(pass, errors.rows, energy.rows));
}

/// tr(D M D^T) / tr(W M W^T) from what is known of M.
Figure energyFigure(const OutputPass& pass, std::size_t scheme) {
  const WeightEnergy& energy = pass.energy();
  const std::span<const double> error = energy.rows(1 + scheme), whole = energy.rows(0);
  const double total = weightedTotal(pass, whole);
  if (!(total > 0)) return {};
  const RatioInterval margins = rowMargins(pass, error, whole);
  if (energy.source() != EnergySource::Sketch) {
    return figureOf(weightedTotal(pass, error) / total, margins.below, margins.above);
  }
  const std::vector<double> columns = energy.sketchColumns(0);
  // the estimate of an energy that nearly vanishes may fall below zero
  if (!(std::accumulate(columns.begin(), columns.end(), 0.0) > 0)) return {};
  return figureOf(ratioInterval(energy.sketchColumns(1 + scheme), columns), margins);
}

std::int64_t tokensBehind(const OutputPass& pass, const ActivationStats& activations) {
  switch (pass.energy().source()) {
    case EnergySource::Moment:
      return static_cast<std::int64_t>(activations.secondMoment->tokens());
    case EnergySource::None:
      return pass.products() ? static_cast<std::int64_t>(pass.products()->tokens()) : 0;
    default:
      return static_cast<std::int64_t>(activations.all.tokens);
  }
}

std::string sampledRowsText(const OutputPass& pass) {
  return pass.plan().rows.empty()
             ? std::string()
             : "; stratified sample of " + std::to_string(pass.plan().rows.size()) + " rows";
}

/// w and its evidence.
void setWeightFigure(const OutputPass& pass, const ActivationStats& activations, const Choice& choice,
                     const SchemePair& pair, OutputError& error) {
  const EnergySource source = pass.energy().source();
  error.weightEvidence =
      outputEvidence(activations, choice, outputWeightMethod(activations, source) + sampledRowsText(pass));
  error.weightEvidence.n = tokensBehind(pass, activations);
  if (source == EnergySource::Moment && pass.plan().rows.empty())
    error.weightEvidence.kind = Evidence::Kind::Exact;
  if (!pair.weight) {
    error.w = 0.0;
    error.weightEvidence.kind = Evidence::Kind::Exact;
    error.weightEvidence.method = "weights as stored";
    return;
  }
  Figure figure;
  if (source != EnergySource::None) figure = energyFigure(pass, *pair.weight);
  if (source == EnergySource::None && pass.products())
    figure = sampleFigure(pass, activations, pass.differenceErrors(*pair.weight));
  error.w = figure.value;
  error.weightEvidence.interval = figure.interval;
}

/// a, wa and their evidence; the interval is that of wa.
void setSampleFigures(const OutputPass& pass, const ActivationStats& activations, const Choice& choice,
                      std::size_t place, OutputError& error) {
  const SampleProducts* products = pass.products();
  std::string method = "outputs of the token sample; 95 % interval for other tokens";
  if (products && products->usesSampleRange()) method += "; static scales from the sample's own extremes";
  error.sampleEvidence = outputEvidence(activations, choice, method + sampledRowsText(pass));
  if (!products) return;
  error.sampleEvidence.n = static_cast<std::int64_t>(products->tokens());
  const SchemePair& pair = pass.plan().pairs[place];
  const ProductSums none = products->emptySums();
  const ProductSums& a = pair.act ? products->activationErrors(*pair.act) : none;
  error.a = sampleFigure(pass, activations, a).value;
  const Figure both = sampleFigure(pass, activations, pair.weight ? pass.pairErrors(place) : a);
  error.wa = both.value;
  error.sampleEvidence.interval = both.interval;
}

void requireMatching(const ErrorInput& input, const ActivationStats& activations) {
  if (activations.width == input.matrix.in) return;
  throw Error(ErrorCode::Shape, quotedText(input.matrix.tensor) + " has " + std::to_string(input.matrix.in) +
                                    " input channels but the activation statistics of its input have " +
                                    std::to_string(activations.width) +
                                    "; calibrate this model, or import activations that belong to it.");
}

bool needsRange(const OutputPassPlan& plan) {
  return std::any_of(plan.weights.begin(), plan.weights.end(),
                     [](const WeightScheme& scheme) { return quantizerNeeds(scheme).range; });
}

std::vector<OutputPassPlan> plansFor(const MatrixRef& matrix, std::span<const Choice> choices,
                                     const WeightStats* stats, std::int64_t rowLimit) {
  std::vector<SampledRow> sample;
  if (stats && rowLimit >= kLeastSampleRows && rowLimit < matrix.out)
    sample = stratifiedRows(stats->rows.absmax, rowLimit);
  return planOutputPasses(matrix, choices, sample);
}

}  // namespace

std::uint64_t outputErrorUnits(const ErrorInput& input, std::span<const Choice> choices,
                               const ActivationStats& activations, const WeightStats* stats,
                               std::int64_t rowLimit) {
  if (input.matrix.out <= 0 || input.matrix.in <= 0) return 0;
  const std::vector<OutputPassPlan> plans = plansFor(input.matrix, choices, stats, rowLimit);
  std::uint64_t units = 0;
  for (const OutputPassPlan& plan : plans) units += plan.units(input.matrix, activations);
  return units;
}

std::vector<OutputError> measureOutputErrors(const WeightSource& source, const ErrorInput& input,
                                             std::span<const Choice> choices, const WeightStats* stats,
                                             const ActivationStats& activations, std::int64_t rowLimit,
                                             JobContext& job) {
  requireMatching(input, stats);
  requireMatching(input, activations);
  static_cast<void>(measurableSchemes(choices));
  std::vector<OutputError> errors(choices.size());
  if (input.matrix.out <= 0 || input.matrix.in <= 0) return errors;
  const std::vector<OutputPassPlan> plans = plansFor(input.matrix, choices, stats, rowLimit);
  MatrixRange range;
  if (std::any_of(plans.begin(), plans.end(), needsRange))
    range = stats ? rangeOf(*stats) : measureRange(source, input.matrix, job);
  for (const OutputPassPlan& plan : plans) {
    OutputPass pass(source, input, plan, &range, activations, job);
    pass.run();
    for (std::size_t i = 0; i < plan.choices.size(); ++i) {
      const std::size_t choice = plan.choices[i];
      setWeightFigure(pass, activations, choices[choice], plan.pairs[i], errors[choice]);
      setSampleFigures(pass, activations, choices[choice], i, errors[choice]);
    }
  }
  return errors;
}

}  // namespace ql
