#pragma once
// What the rules of a diagnosis look at and how they begin a finding. Internal to diagnosis*.cpp.
#include "core/evaluate/diagnosis.h"

#include <algorithm>

namespace ql {

/// The figure a finding rests on: the measured output error of what the choice quantizes, else the
/// norm-weighted error.
struct DiagnosisFigure {
  const char* key;
  std::optional<double> LayerError::*member;
};

struct DiagnosisCase {
  const Linear& linear;
  const WeightStats& stats;
  const LayerError& error;
  std::span<const StoredError> candidates;
  std::span<const float> gain;
  const DiagnosisOptions& options;
  const ActivationStats* activations = nullptr;
  std::span<const SmoothedError> smoothed;
  DiagnosisFigure figure;
  double level = 0;  // the figure's value

  bool isOverTarget() const { return level > options.target; }
  /// Of the weights alone: with activations the output error that rounding them causes, else `level`.
  double weightLevel() const;
  bool areWeightsOverTarget() const { return weightLevel() > options.target; }
};

DiagnosisFigure diagnosisFigure(const LayerError& error, const Choice& choice);

/// Lower of the two middle values; 0 for none.
template <class T>
double lowerMedian(std::vector<T> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return static_cast<double>(*middle);
}
/// Indices of values above `threshold`, ascending.
std::vector<std::int64_t> indicesAbove(const std::vector<float>& values, double threshold);
/// Values nearer (in log) to the largest than to the median: median * sqrt(max / median). Empty without a
/// median.
std::vector<std::int64_t> standingOut(const std::vector<float>& magnitudes);

Finding startFinding(const DiagnosisCase& c, const char* code, double severity);
void addShape(const DiagnosisCase& c, Finding& finding);
void addErrorValues(const DiagnosisCase& c, Finding& finding);
/// Measured candidates that help, best first, and which of them reaches the target at the least cost in bits.
void addRemedies(const DiagnosisCase& c, Finding& finding);

/// Channels of X that stand out and make rounding activations cost more than the target.
std::optional<Finding> activationOutliers(const DiagnosisCase& c);

}  // namespace ql
