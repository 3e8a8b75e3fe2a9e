#include "core/evaluate/diagnosis_case.h"

#include <cmath>

namespace ql {
namespace {

constexpr double kWorthwhile = 0.9;  // a remedy leaves at most this share of the error

struct Candidate {
  Remedy remedy;
  double bits;
  std::size_t rank = 0;  // of a smoothing: its place in the list that was tried
};

std::optional<double> figureOf(const OutputError& output, const DiagnosisFigure& figure) {
  if (figure.member == &LayerError::outputRelWa) return output.wa;
  if (figure.member == &LayerError::outputRelW) return output.w;
  return std::nullopt;
}

std::vector<Candidate> helpingCandidates(const DiagnosisCase& c) {
  std::vector<Candidate> helping;
  for (const StoredError& candidate : c.candidates) {
    const std::optional<double> after = candidate.error.*c.figure.member;
    if (!after || *after > kWorthwhile * c.level) continue;
    helping.push_back(
        {{candidate.choice, c.figure.key, c.level, *after, std::nullopt}, candidate.error.bitsPerWeight});
  }
  for (const SmoothedError& candidate : c.smoothed) {
    const std::optional<double> after = figureOf(candidate.output, c.figure);
    if (!after || *after > kWorthwhile * c.level) continue;
    helping.push_back({{c.options.choice, c.figure.key, c.level, *after, candidate.smoothing},
                       c.error.bitsPerWeight,
                       static_cast<std::size_t>(&candidate - c.smoothed.data())});
  }
  std::stable_sort(helping.begin(), helping.end(),
                   [](const auto& a, const auto& b) { return a.remedy.after < b.remedy.after; });
  return helping;
}

}  // namespace

DiagnosisFigure diagnosisFigure(const LayerError& error, const Choice& choice) {
  if (choice.activation && error.outputRelWa) return {"output_rel_wa", &LayerError::outputRelWa};
  if (error.outputRelW) return {"output_rel_w", &LayerError::outputRelW};
  return {"norm_weighted_rel", &LayerError::normWeightedRel};
}

double DiagnosisCase::weightLevel() const {
  return error.outputRelW.value_or(level);
}

std::vector<std::int64_t> indicesAbove(const std::vector<float>& values, double threshold) {
  std::vector<std::int64_t> indices;
  for (std::size_t j = 0; j < values.size(); ++j) {
    if (static_cast<double>(values[j]) > threshold) indices.push_back(static_cast<std::int64_t>(j));
  }
  return indices;
}

std::vector<std::int64_t> standingOut(const std::vector<float>& magnitudes) {
  const double median = lowerMedian(magnitudes);
  if (!(median > 0)) return {};
  const double largest = static_cast<double>(*std::max_element(magnitudes.begin(), magnitudes.end()));
  return indicesAbove(magnitudes, median * std::sqrt(largest / median));
}

Finding startFinding(const DiagnosisCase& c, const char* code, double severity) {
  Finding finding;
  finding.layer = c.linear.name;
  finding.code = code;
  finding.severity = severity;
  finding.evidence = c.error.evidence;
  return finding;
}

void addShape(const DiagnosisCase& c, Finding& finding) {
  finding.values["in"] = c.stats.in;
  finding.values["out"] = c.stats.out;
}

void addErrorValues(const DiagnosisCase& c, Finding& finding) {
  addShape(c, finding);
  finding.values["dead_code"] = c.error.deadCode;
  finding.values["dead_code_gaussian"] = c.error.deadCodeGaussian;
  finding.values["column_peak_ratio"] = c.error.columnPeakRatio;
  if (c.error.normWeightedRel) finding.values["norm_weighted_rel"] = *c.error.normWeightedRel;
  if (c.error.outputRelW) finding.values["output_rel_w"] = *c.error.outputRelW;
  if (c.error.outputRelA) finding.values["output_rel_a"] = *c.error.outputRelA;
  if (c.error.outputRelWa) finding.values["output_rel_wa"] = *c.error.outputRelWa;
}

void addRemedies(const DiagnosisCase& c, Finding& finding) {
  const std::vector<Candidate> helping = helpingCandidates(c);
  std::optional<std::size_t> recommended;
  for (std::size_t i = 0; i < helping.size(); ++i) {
    bool isCheaper = !recommended || helping[i].bits < helping[*recommended].bits;
    // readers of a group share one S: what suits the group best counts, not what suits this reader
    if (recommended && helping[i].remedy.smoothing && helping[*recommended].remedy.smoothing)
      isCheaper = helping[i].rank < helping[*recommended].rank;
    if (helping[i].remedy.after <= c.options.target && isCheaper) recommended = i;
    finding.remedies.push_back(helping[i].remedy);
  }
  if (recommended) finding.values["recommended"] = static_cast<std::int64_t>(*recommended);
}

}  // namespace ql
