// Findings as sentences with every number they rest on.
#include "core/evaluate/diagnosis_case.h"
#include "core/evaluate/error_shares.h"
#include "core/evaluate/explain_parts.h"
#include "core/evaluate/explain_words.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ql {
namespace {

const FindingValue* valueOf(const Finding& finding, const char* key) {
  const auto at = finding.values.find(key);
  return at == finding.values.end() ? nullptr : &at->second;
}

/// NaN when the finding has no such number.
double numberOf(const Finding& finding, const char* key) {
  const FindingValue* value = valueOf(finding, key);
  if (value) {
    if (const auto* real = std::get_if<double>(value)) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::int64_t countOf(const Finding& finding, const char* key) {
  const double value = numberOf(finding, key);
  return std::isfinite(value) ? static_cast<std::int64_t>(value) : 0;
}

std::vector<std::int64_t> listOf(const Finding& finding, const char* key) {
  const FindingValue* value = valueOf(finding, key);
  const auto* list = value ? std::get_if<std::vector<std::int64_t>>(value) : nullptr;
  return list ? *list : std::vector<std::int64_t>();
}

/// "3 of 256 input channels (18, 26, 30)"
std::string who(const Finding& finding, const char* what) {
  const std::vector<std::int64_t> channels = listOf(finding, "channels");
  std::string text = words::count(countOf(finding, "channel_count")) + " of " +
                     words::count(countOf(finding, "in")) + " " + what;
  return channels.empty() ? text : text + " (" + words::channels(channels) + ")";
}

/// Largest value among the channels; NaN when they are not at hand.
double largestOf(const std::vector<std::int64_t>& channels, std::span<const float> values) {
  double largest = std::numeric_limits<double>::quiet_NaN();
  for (const std::int64_t channel : channels) {
    if (channel < 0 || static_cast<std::size_t>(channel) >= values.size()) continue;
    const double value = std::abs(static_cast<double>(values[static_cast<std::size_t>(channel)]));
    if (!(largest >= value)) largest = value;
  }
  return largest;
}

double medianMagnitude(std::span<const float> values) {
  std::vector<float> magnitudes(values.begin(), values.end());
  for (float& value : magnitudes) value = std::abs(value);
  return lowerMedian(std::move(magnitudes));
}

/// "up to 93.5, 499 times the median channel"; empty without statistics.
std::string reach(const std::vector<std::int64_t>& channels, std::span<const float> absmax) {
  const double largest = largestOf(channels, absmax), median = medianMagnitude(absmax);
  if (!std::isfinite(largest) || !(median > 0)) return {};
  return "up to " + words::number(largest) + ", " + words::number(largest / median) +
         " times the median channel";
}

std::string outlierColumns(const Finding& finding, const ExplainInput& input) {
  const bool isOne = countOf(finding, "channel_count") == 1;
  const std::int64_t rows = countOf(finding, "rows_set"), out = countOf(finding, "out");
  std::string text = who(finding, "input channels");
  const std::string size =
      input.stats ? reach(listOf(finding, "channels"), input.stats->columns.absmax) : std::string();
  if (!size.empty()) text += (isOne ? " holds weights " : " hold weights ") + size + ", and";
  text += std::string(isOne ? " sets" : " set") + " the scale of " +
          (rows == out ? "all " + words::count(out) : words::count(rows) + " of " + words::count(out)) +
          " rows";
  const double dead = numberOf(finding, "dead_code_others");
  if (std::isfinite(dead)) {
    text += "; " + words::percent(dead) + " of the other weights round to zero";
    const double gaussian = numberOf(finding, "dead_code_gaussian");
    if (std::isfinite(gaussian)) text += " (a Gaussian matrix: " + words::percent(gaussian) + ")";
  }
  return text + ".";
}

std::string heavyTails(const Finding& finding, const ExplainInput& input) {
  std::string text =
      "The weights have heavy tails: kurtosis " + words::number(numberOf(finding, "kurtosis")) +
      " (Gaussian 3), and a Gaussian matrix would have " + words::percent(numberOf(finding, "gaussian_rel"));
  if (input.stats && input.stats->summary.maxOverMedian > 0)
    text += "; the largest weight is " + words::number(input.stats->summary.maxOverMedian) +
            " times the median |w|";
  return text + ".";
}

std::string normGainOutliers(const Finding& finding, const ExplainInput& input) {
  std::string text = "The gains of the norm in front reach " +
                     words::number(numberOf(finding, "gain_peak_ratio")) + " times their median in " +
                     who(finding, "channels") +
                     (countOf(finding, "channel_count") == 1 ? ", which carries " : ", which carry ") +
                     words::percent(numberOf(finding, "error_share")) + " of the weighted error";
  const std::string size =
      input.stats ? reach(listOf(finding, "channels"), input.stats->columns.absmax) : std::string();
  if (!size.empty()) text += ", while their weights reach " + size;
  return text + ".";
}

std::string activationOutliers(const Finding& finding) {
  std::string text = who(finding, "channels of the input") +
                     (countOf(finding, "channel_count") == 1 ? " reaches " : " reach ") +
                     words::number(numberOf(finding, "act_absmax"));
  const double ratio = numberOf(finding, "act_channel_peak_ratio");
  if (std::isfinite(ratio)) text += ", " + words::number(ratio) + " times the median channel";
  text += ", over " + words::count(countOf(finding, "tokens")) + " tokens";
  const double later = numberOf(finding, "act_absmax_later");
  if (std::isfinite(later)) text += " (" + words::number(later) + " without the first of each window)";
  return text + "; rounding the activations alone costs " +
         words::percent(numberOf(finding, "output_rel_a")) + " of the output.";
}

std::string shareText(const std::vector<std::int64_t>& channels, const ExplainInput& input) {
  if (!input.error) return {};
  std::span<const double> energy;
  if (input.stats) energy = input.stats->columns.sumSq;
  const ErrorShares shares = columnErrorShares(*input.error, input.gain, input.activations, energy);
  if (!shares.isKnown()) return {};
  double sum = 0;
  for (const std::int64_t channel : channels)
    if (channel >= 0 && static_cast<std::size_t>(channel) < shares.share.size())
      sum += shares.share[static_cast<std::size_t>(channel)];
  const char* basis = shares.basis == ShareBasis::Activations ? "the measured energy of X"
                      : shares.basis == ShareBasis::Gain      ? "the gains squared"
                                                              : "1 / |W_j|^2 by column";
  return std::string(channels.size() == 1 ? "carries " : "carry ") + words::percent(sum) +
         " of the weights' squared error weighted with " + basis;
}

/// Without channels to name: the one that carries most.
std::string worstShareText(const ExplainInput& input) {
  if (!input.error) return {};
  std::span<const double> energy;
  if (input.stats) energy = input.stats->columns.sumSq;
  const ErrorShares shares = columnErrorShares(*input.error, input.gain, input.activations, energy);
  if (!shares.isKnown()) return {};
  const auto worst = std::max_element(shares.share.begin(), shares.share.end());
  return "No input channel carries more than " + words::percent(*worst) + " of the weighted error (channel " +
         std::to_string(worst - shares.share.begin()) + ").";
}

}  // namespace

std::string findingSentence(const Finding& finding, const ExplainInput& input) {
  if (finding.code == "weight_outlier_columns") return outlierColumns(finding, input);
  if (finding.code == "heavy_tails") return heavyTails(finding, input);
  if (finding.code == "norm_gain_outliers") return normGainOutliers(finding, input);
  if (finding.code == "activation_outliers") return activationOutliers(finding);
  if (finding.code == "dead_rows")
    return words::count(countOf(finding, "row_count")) + " of " + words::count(countOf(finding, "out")) +
           " output channels (" + words::channels(listOf(finding, "rows")) +
           (countOf(finding, "row_count") == 1 ? ") holds zeros only." : ") hold zeros only.");
  if (finding.code == "non_finite")
    return words::count(countOf(finding, "nans")) + " NaN, " + words::count(countOf(finding, "pos_infs")) +
           " +Inf and " + words::count(countOf(finding, "neg_infs")) +
           " -Inf among the weights are left out of every figure.";
  return "Finding " + finding.code + " at severity " + words::number(finding.severity) + ".";
}

std::string circumstances(const Finding& finding, const ExplainInput& input) {
  const std::vector<std::int64_t> channels = listOf(finding, "channels");
  if (channels.empty()) return worstShareText(input);
  std::vector<std::string> parts;
  const bool isOne = channels.size() == 1;
  const bool isOfInput = finding.code == "activation_outliers";
  if (!isOfInput && input.activations && input.activations->hasExtremes()) {
    const std::vector<float>& absmax = input.activations->all.absmax;
    const double largest = largestOf(channels, absmax);
    if (std::isfinite(largest))
      parts.push_back(std::string(isOne ? "reads" : "read") + " inputs up to " + words::number(largest) +
                      " (median channel " + words::number(medianMagnitude(absmax)) + ")");
  }
  if (isOfInput && input.stats) {
    const std::string size = reach(channels, input.stats->columns.absmax);
    if (!size.empty()) parts.push_back(std::string(isOne ? "meets" : "meet") + " weights " + size);
  }
  if (finding.code != "norm_gain_outliers" && !input.gain.empty()) {
    const double largest = largestOf(channels, input.gain);
    if (std::isfinite(largest))
      parts.push_back(std::string(isOne ? "sits" : "sit") + " behind norm gains up to " +
                      words::number(largest) + " (median " + words::number(medianMagnitude(input.gain)) +
                      ")");
  }
  const std::string share = finding.code == "norm_gain_outliers" ? std::string() : shareText(channels, input);
  if (!share.empty()) parts.push_back(share);
  return parts.empty() ? std::string()
                       : (isOne ? "This channel " : "These channels ") + words::list(parts) + ".";
}

}  // namespace ql
