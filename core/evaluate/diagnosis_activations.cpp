// Outliers of activations, by effect: what rounding the measured input costs, and which channels do it.
#include "core/evaluate/diagnosis_case.h"

namespace ql {
namespace {

constexpr double kPeakRatio = 8;  // channels of ordinary inputs stay within a few times their median

/// The channels to blame. Without any that stand out the error comes from somewhere else: rows whose largest
/// weights sit on quiet channels, say, which rounding silences. A channel of 6.0 alone (the threshold of
/// LLM.int8) says nothing about an input whose channels all reach that far.
std::vector<std::int64_t> outlyingChannels(const ActivationStats& site) {
  const std::vector<float>& absmax = site.all.absmax;
  if (absmax.empty()) return {};
  const double median = lowerMedian(absmax);
  const double largest = static_cast<double>(*std::max_element(absmax.begin(), absmax.end()));
  return median > 0 && largest >= kPeakRatio * median ? standingOut(absmax) : std::vector<std::int64_t>();
}

}  // namespace

std::optional<Finding> activationOutliers(const DiagnosisCase& c) {
  if (!c.activations || !c.options.choice.activation || !c.error.outputRelA) return std::nullopt;
  if (!(*c.error.outputRelA > c.options.target)) return std::nullopt;
  const ActivationStats& site = *c.activations;
  const std::vector<std::int64_t> channels = outlyingChannels(site);
  if (channels.empty()) return std::nullopt;
  Finding finding = startFinding(c, "activation_outliers", c.level);
  finding.evidence = site.evidence;
  finding.evidence.method = "extremes of the input's channels; output error on the token sample";
  addErrorValues(c, finding);
  finding.values["channels"] = channels;
  finding.values["channel_count"] = static_cast<std::int64_t>(channels.size());
  const double median = lowerMedian(site.all.absmax);
  const double largest =
      static_cast<double>(*std::max_element(site.all.absmax.begin(), site.all.absmax.end()));
  finding.values["act_absmax"] = largest;
  if (!site.laterAbsmax.empty()) {
    finding.values["act_absmax_later"] =
        static_cast<double>(*std::max_element(site.laterAbsmax.begin(), site.laterAbsmax.end()));
  }
  if (median > 0) finding.values["act_channel_peak_ratio"] = largest / median;
  finding.values["tokens"] = static_cast<std::int64_t>(site.all.tokens);
  addRemedies(c, finding);
  return finding;
}

}  // namespace ql
