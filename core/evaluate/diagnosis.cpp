#include "core/evaluate/diagnosis_case.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {
namespace {

constexpr double kGainPeakRatio = 8;  // gains of trained norms stay within a few times their median
constexpr double kErrorShare = 0.5;   // of the weighted error that the outlying gains must carry
constexpr double kTailFactor = 1.5;   // error against a Gaussian matrix from which tails are called heavy
constexpr double kNonFiniteSeverity =
    10;  // above any error fraction: nothing else counts before it is settled
constexpr std::int64_t kFewColumns = 4,
                       kFewShare = 32;  // at most 1 in 32 columns (or 4) make a column pattern
constexpr std::size_t kListedRows = 64;

/// Criteria a and b of the detector (diagnosis.h). (a) is calibrated for 8 bits. (b) says that a few columns
/// set the scales of whole rows, so under groups it counts only where the error shows that the groups do not
/// contain them.
std::string outlierCriterion(const DiagnosisCase& c, const std::vector<std::int64_t>& channels) {
  const WeightScheme& scheme = *c.options.choice.weight;
  const bool spansRow =
      scheme.granularity == Granularity::OutputChannel || scheme.granularity == Granularity::Tensor;
  // large weights scattered over many columns are heavy tails, not a column pattern
  const std::int64_t few = std::max(kFewColumns, c.stats.in / kFewShare);
  const auto dominate = [&](const std::vector<std::int64_t>& columns) {
    const bool isFew = !columns.empty() && static_cast<std::int64_t>(columns.size()) <= few;
    return isFew && coverage(c.stats, columns) > c.options.coverage;
  };
  const bool isDead = scheme.format == "int8" && c.error.deadCode > c.options.deadCode && dominate(channels);
  const bool isPeaked = dominate(peakColumns(c.stats, c.options.peakRatio));
  const bool isPeakedHere = isPeaked && (spansRow || c.isOverTarget());
  return std::string(isDead ? "a" : "") + (isPeakedHere ? "b" : "");
}

std::optional<Finding> weightOutlierColumns(const DiagnosisCase& c) {
  const std::vector<std::int64_t> channels = standingOut(c.stats.columns.absmax);
  if (channels.empty()) return std::nullopt;
  const std::string criterion = outlierCriterion(c, channels);
  if (criterion.empty()) return std::nullopt;
  Finding finding = startFinding(c, "weight_outlier_columns", c.level);
  addErrorValues(c, finding);
  const double share = coverage(c.stats, channels);
  std::int64_t rowsSet = 0;
  for (std::size_t row = 0; row < c.stats.rowArgmax.size(); ++row) {
    const bool isZero = c.stats.rows.absmax[row] == 0;
    const std::int64_t column = c.stats.rowArgmax[row];
    if (!isZero && std::binary_search(channels.begin(), channels.end(), column)) ++rowsSet;
  }
  finding.values["channels"] = channels;
  finding.values["channel_count"] = static_cast<std::int64_t>(channels.size());
  finding.values["rows_set"] = rowsSet;
  finding.values["coverage"] = share;
  finding.values["criterion"] = criterion;
  // outlying columns have no dead codes to speak of: all of them are among the other columns
  const double others = 1 - static_cast<double>(channels.size()) / static_cast<double>(c.stats.in);
  finding.values["dead_code_others"] = others > 0 ? std::min(1.0, c.error.deadCode / others) : 0.0;
  addRemedies(c, finding);
  return finding;
}

/// Share of the weights' output error that columns carry, each with the energy of its channel: measured, or
/// g^2 if normalised activations had unit variance. 0 when the columns' errors are not at hand.
double errorShare(const DiagnosisCase& c, const std::vector<std::int64_t>& channels) {
  const std::size_t in = c.error.columnError.size();
  const bool isMeasured =
      c.activations && c.activations->all.tokens > 0 && c.activations->all.sumSq.size() == in;
  if (!isMeasured && c.gain.size() != in) return 0;
  double all = 0, ofChannels = 0;
  for (std::size_t j = 0; j < in; ++j) {
    const double g = isMeasured ? 0 : static_cast<double>(c.gain[j]);
    const double share = (isMeasured ? c.activations->all.meanSq(j) : g * g) * c.error.columnError[j];
    all += share;
    if (std::binary_search(channels.begin(), channels.end(), static_cast<std::int64_t>(j)))
      ofChannels += share;
  }
  return all > 0 ? ofChannels / all : 0;
}

/// Large gains of the norm on columns that the weights keep small: the activations will have outliers there,
/// and the weight error of those columns counts g^2 times.
std::optional<Finding> normGainOutliers(const DiagnosisCase& c) {
  const bool isComplete = !c.gain.empty() && c.gain.size() == c.error.columnError.size();
  if (!c.areWeightsOverTarget() || !isComplete) return std::nullopt;
  std::vector<float> magnitudes(c.gain.size());
  std::transform(c.gain.begin(), c.gain.end(), magnitudes.begin(), [](float g) { return std::abs(g); });
  const double median = lowerMedian(magnitudes);
  const double largest = static_cast<double>(*std::max_element(magnitudes.begin(), magnitudes.end()));
  if (!(median > 0) || largest < kGainPeakRatio * median) return std::nullopt;
  const std::vector<std::int64_t> channels = standingOut(magnitudes);
  const double share = errorShare(c, channels);
  if (!(share > kErrorShare)) return std::nullopt;
  Finding finding = startFinding(c, "norm_gain_outliers", c.level);
  addErrorValues(c, finding);
  finding.values["channels"] = channels;
  finding.values["channel_count"] = static_cast<std::int64_t>(channels.size());
  finding.values["gain_peak_ratio"] = largest / median;
  finding.values["error_share"] = share;
  addRemedies(c, finding);
  return finding;
}

std::optional<Finding> heavyTails(const DiagnosisCase& c) {
  const double gaussian = gaussianRelError(*c.options.choice.weight, c.stats.out, c.stats.in);
  if (!c.areWeightsOverTarget() || c.weightLevel() < kTailFactor * gaussian) return std::nullopt;
  Finding finding = startFinding(c, "heavy_tails", c.level);
  addErrorValues(c, finding);
  finding.values["gaussian_rel"] = gaussian;
  finding.values["kurtosis"] = c.stats.summary.kurtosis;
  addRemedies(c, finding);
  return finding;
}

std::optional<Finding> nonFinite(const DiagnosisCase& c) {
  const WeightSummary& s = c.stats.summary;
  if (s.nans + s.posInfs + s.negInfs == 0) return std::nullopt;
  Finding finding = startFinding(c, "non_finite", kNonFiniteSeverity);
  addShape(c, finding);
  finding.values["nans"] = static_cast<std::int64_t>(s.nans);
  finding.values["pos_infs"] = static_cast<std::int64_t>(s.posInfs);
  finding.values["neg_infs"] = static_cast<std::int64_t>(s.negInfs);
  return finding;
}

std::optional<Finding> deadRows(const DiagnosisCase& c) {
  const ChannelStats& rows = c.stats.rows;
  std::vector<std::int64_t> dead;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows.zeros[r] == static_cast<std::uint64_t>(c.stats.in)) dead.push_back(static_cast<std::int64_t>(r));
  }
  if (dead.empty() || c.stats.in == 0) return std::nullopt;
  Finding finding = startFinding(c, "dead_rows", 0);
  addShape(c, finding);
  finding.values["row_count"] = static_cast<std::int64_t>(dead.size());
  if (dead.size() > kListedRows) dead.resize(kListedRows);
  finding.values["rows"] = dead;
  return finding;
}

}  // namespace

std::vector<std::int64_t> peakColumns(const WeightStats& stats, double peakRatio) {
  const std::vector<float>& absmax = stats.columns.absmax;
  const double median = lowerMedian(absmax);
  if (!(median > 0)) return {};
  std::vector<std::int64_t> columns = indicesAbove(absmax, peakRatio * median);
  std::stable_sort(columns.begin(), columns.end(), [&](std::int64_t a, std::int64_t b) {
    return absmax[static_cast<std::size_t>(a)] > absmax[static_cast<std::size_t>(b)];
  });
  return columns;
}

std::vector<Finding> diagnose(const Linear& linear, const WeightStats& stats, const LayerError& error,
                              std::span<const StoredError> candidates, std::span<const float> gain,
                              const DiagnosisOptions& options) {
  return diagnose(linear, stats, error, candidates, gain, nullptr, {}, options);
}

std::vector<Finding> diagnose(const Linear& linear, const WeightStats& stats, const LayerError& error,
                              std::span<const StoredError> candidates, std::span<const float> gain,
                              const ActivationStats* activations, std::span<const SmoothedError> smoothed,
                              const DiagnosisOptions& options) {
  DiagnosisCase c{linear,
                  stats,
                  error,
                  candidates,
                  gain,
                  options,
                  activations,
                  smoothed,
                  diagnosisFigure(error, options.choice),
                  0};
  c.level = (error.*c.figure.member).value_or(0);
  std::vector<Finding> findings;
  const auto keep = [&](std::optional<Finding> finding) {
    if (finding) findings.push_back(std::move(*finding));
    return finding.has_value();
  };
  keep(nonFinite(c));
  // one cause a side: the more specific one wins
  const std::optional<Finding> outliers = activationOutliers(c);
  // large channels of X also multiply the rounding of their columns of W: that is no fault of the weights
  const bool explainsWeights =
      outliers &&
      errorShare(c, std::get<std::vector<std::int64_t>>(outliers->values.at("channels"))) > kErrorShare;
  keep(outliers);
  if (options.choice.weight && !keep(weightOutlierColumns(c)) && !explainsWeights) {
    static_cast<void>(keep(normGainOutliers(c)) || keep(heavyTails(c)));
  }
  keep(deadRows(c));
  return findings;
}

std::vector<Choice> remedyCandidates(const Choice& choice, std::int64_t in) {
  std::vector<Choice> candidates;
  if (!choice.weight) return candidates;
  const bool isGrouped = choice.weight->granularity == Granularity::Group && choice.weight->groupSize;
  const std::int64_t limit = isGrouped ? std::min(in, *choice.weight->groupSize) : in;
  for (const std::int64_t size : {128, 64, 32, 16}) {
    if (size >= limit) continue;
    Choice candidate = choice;
    candidate.weight->granularity = Granularity::Group;
    candidate.weight->groupSize = size;
    candidate.weight->block.reset();
    candidates.push_back(candidate);
  }
  return candidates;
}

std::vector<Choice> activationRemedyCandidates(const Choice& choice, std::int64_t in) {
  std::vector<Choice> candidates;
  if (!choice.activation || !choice.activation->dynamic) return candidates;
  for (Choice& candidate : remedyCandidates(choice, in)) {
    candidate.activation->granularity = Granularity::Group;
    candidate.activation->groupSize = candidate.weight->groupSize;
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

}  // namespace ql
