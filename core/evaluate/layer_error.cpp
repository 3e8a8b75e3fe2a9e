#include "core/evaluate/layer_error.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/base/sha256.h"
#include "core/base/version.h"
#include "core/evaluate/error_figures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ql {
namespace {

double ratioRoot(double error, double energy) {
  return energy > 0 ? std::sqrt(error / energy) : 0.0;
}

double totalOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

std::string settingsHash(const Choice& choice) {
  Sha256 hash;
  hash.add(specText(choice));
  return hash.finish();
}

Evidence evidenceFor(const ErrorInput& input, const Choice& choice, std::uint64_t count) {
  Evidence evidence;
  evidence.method = choice.weight ? choice.weight->algorithm.name + " weight error; " : "weights as stored; ";
  evidence.method += input.gain.empty() ? "column-normalised, no norm feeds this linear"
                                        : "norm gain g, unit-variance activations";
  evidence.n = static_cast<std::int64_t>(count);
  evidence.settings = settingsHash(choice);
  evidence.tool = std::string(kToolId);
  return evidence;
}

bool hasPartialGroup(const Choice& choice, std::int64_t out, std::int64_t in) {
  if (!choice.weight) return false;
  const WeightScheme& w = *choice.weight;
  // a part as wide as the matrix or wider is one whole part, as the tools allow
  const auto isPartial = [](std::int64_t length, std::int64_t part) {
    return length > part && length % part != 0;
  };
  if (w.granularity == Granularity::Group) return isPartial(in, *w.groupSize);
  if (w.granularity == Granularity::GroupInChannel) return isPartial(out, *w.groupSize);
  return w.block && (isPartial(out, (*w.block)[0]) || isPartial(in, (*w.block)[1]));
}

bool needsRange(const WeightScheme& scheme) {
  return quantizerNeeds(scheme).range;
}

}  // namespace

std::vector<double> columnWeights(const ErrorInput& input, std::span<const double> columnEnergy) {
  std::vector<double> weights(columnEnergy.size(), 0.0);
  for (std::size_t j = 0; j < weights.size(); ++j) {
    if (columnEnergy[j] <= 0) continue;
    if (input.gain.empty()) {
      weights[j] = 1 / columnEnergy[j];
    } else if (std::isfinite(input.gain[j])) {
      weights[j] = static_cast<double>(input.gain[j]) * static_cast<double>(input.gain[j]);
    }
  }
  return weights;
}

double peakRatio(std::vector<float> columnAbsmax) {
  if (columnAbsmax.empty()) return 0;
  const auto median = columnAbsmax.begin() + static_cast<std::ptrdiff_t>((columnAbsmax.size() - 1) / 2);
  std::nth_element(columnAbsmax.begin(), median, columnAbsmax.end());
  if (*median == 0) return 0;
  const double middle = static_cast<double>(*median);
  return static_cast<double>(*std::max_element(median, columnAbsmax.end())) / middle;
}

LayerError errorFigures(const ErrorInput& input, const Choice& choice, const WeightSums& weights,
                        const SchemeSums& sums, double columnPeakRatio) {
  LayerError figures;
  const double error = totalOf(sums.columnError), energy = totalOf(weights.columnEnergy);
  figures.weightRelFro = ratioRoot(error, energy);
  figures.weightRelL1 = weights.sumAbs > 0 ? sums.sumAbs / weights.sumAbs : 0.0;
  figures.sqnrDb =
      energy > 0 ? (error > 0 ? 10 * std::log10(energy / error) : std::numeric_limits<double>::infinity())
                 : std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> weight = columnWeights(input, weights.columnEnergy);
  const double weightedEnergy =
      std::inner_product(weight.begin(), weight.end(), weights.columnEnergy.begin(), 0.0);
  const double weightedError =
      std::inner_product(weight.begin(), weight.end(), sums.columnError.begin(), 0.0);
  if (weightedEnergy > 0) figures.normWeightedRel = ratioRoot(weightedError, weightedEnergy);
  figures.isNormGainBased = !input.gain.empty();
  const std::uint64_t nonZero = weights.count - weights.zeros;
  const std::uint64_t dead = sums.zeroCodes > weights.zeros ? sums.zeroCodes - weights.zeros : 0;
  figures.deadCode = nonZero > 0 ? static_cast<double>(dead) / static_cast<double>(nonZero) : 0.0;
  const std::int64_t out = input.matrix.out, in = input.matrix.in;
  figures.deadCodeGaussian = choice.weight ? gaussianDeadCode(*choice.weight, out, in) : 0.0;
  figures.columnPeakRatio = columnPeakRatio;
  figures.maxAbsError = sums.maxAbs;
  figures.bitsPerWeight =
      sums.bitsPerWeight ? *sums.bitsPerWeight : bitsPerWeight(choice, out, in, input.storedBits);
  figures.fallbacks = sums.fallbacks;
  figures.hasPartialGroup = hasPartialGroup(choice, out, in);
  figures.columnError = sums.columnError;
  figures.columnEnergy = weights.columnEnergy;
  figures.evidence = evidenceFor(input, choice, weights.count);
  for (const Fallback& fallback : figures.fallbacks)
    figures.evidence.method += "; " + fallback.reason + " (" + std::to_string(fallback.count) + ")";
  return figures;
}

SchemeSums exactSums(std::size_t in) {
  SchemeSums sums;
  sums.columnError.assign(in, 0.0);
  return sums;
}

void requireMatching(const ErrorInput& input, const WeightStats* stats) {
  const MatrixRef& matrix = input.matrix;
  const std::size_t in = static_cast<std::size_t>(std::max<std::int64_t>(matrix.in, 0));
  if (!input.gain.empty() && input.gain.size() != in) {
    throw Error(ErrorCode::Shape, quotedText(matrix.tensor) + " has " + std::to_string(in) +
                                      " input channels but the norm before it has " +
                                      std::to_string(input.gain.size()) +
                                      " gains; measure it without the norm, or check config.json.");
  }
  if (stats && (stats->out != matrix.out || stats->in != matrix.in)) {
    throw Error(ErrorCode::Shape, quotedText(matrix.tensor) + " is " + std::to_string(matrix.out) + " x " +
                                      std::to_string(matrix.in) + " but its statistics are of " +
                                      std::to_string(stats->out) + " x " + std::to_string(stats->in) +
                                      "; analyze the model again.");
  }
}

std::vector<WeightScheme> measurableSchemes(std::span<const Choice> choices) {
  std::vector<WeightScheme> schemes;
  for (const Choice& choice : choices) {
    if (!choice.weight) continue;
    requireMeasurable(*choice.weight);
    schemes.push_back(*choice.weight);
  }
  return schemes;
}

MatrixRange rangeOf(const WeightStats& stats) {
  return {stats.columns.min, stats.columns.max};
}

std::uint64_t errorUnits(const ErrorInput& input, std::span<const Choice> choices, bool hasStats) {
  std::vector<WeightScheme> schemes;
  for (const Choice& choice : choices) {
    if (choice.weight) schemes.push_back(*choice.weight);
  }
  const bool readsRange = !hasStats && std::any_of(schemes.begin(), schemes.end(), needsRange);
  return sumErrorUnits(input.matrix, schemes) + (readsRange ? measureRangeUnits(input.matrix) : 0);
}

std::vector<LayerError> measureErrors(const WeightSource& source, const ErrorInput& input,
                                      std::span<const Choice> choices, const WeightStats* stats,
                                      JobContext& job) {
  requireMatching(input, stats);
  const std::vector<WeightScheme> schemes = measurableSchemes(choices);
  const std::size_t in = static_cast<std::size_t>(std::max<std::int64_t>(input.matrix.in, 0));
  ErrorSums sums;
  sums.weights.columnEnergy.assign(in, 0.0);
  sums.schemes.assign(schemes.size(), exactSums(in));
  if (input.matrix.out > 0 && input.matrix.in > 0) {
    MatrixRange range;
    if (std::any_of(schemes.begin(), schemes.end(), needsRange)) {
      range = stats ? rangeOf(*stats) : measureRange(source, input.matrix, job);
    }
    sums = sumErrors(source, input, schemes, &range, job);
  }
  const double ratio = peakRatio(sums.weights.columnAbsmax);
  const SchemeSums unchanged = exactSums(in);
  std::vector<LayerError> errors;
  std::size_t scheme = 0;
  for (const Choice& choice : choices) {
    const SchemeSums& own = choice.weight ? sums.schemes[scheme++] : unchanged;
    errors.push_back(errorFigures(input, choice, sums.weights, own, ratio));
  }
  return errors;
}

}  // namespace ql
