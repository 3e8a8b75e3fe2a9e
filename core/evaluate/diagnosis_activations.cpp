// Outliers of activations, by effect: what rounding the measured input costs, and which channels do it.
#include "core/evaluate/diagnosis_case.h"

namespace ql {
namespace {

constexpr double kPeakRatio = 8;     // channels of ordinary inputs stay within a few times their median
constexpr double kLargeValue = 6.0;  // LLM.int8, arXiv:2208.07339
constexpr std::int64_t kFewShare =
    8;  // at most 1 in 8 channels are outliers; more are the scale of the input

/// The channels to blame: those that stand out, else those that reach 6.0 when they are few.
std::vector<std::int64_t> outlyingChannels(const ActivationStats& site) {
  const std::vector<float>& absmax = site.all.absmax;
  const double median = lowerMedian(absmax);
  if (absmax.empty()) return {};
  const double largest = static_cast<double>(*std::max_element(absmax.begin(), absmax.end()));
  if (median > 0 && largest >= kPeakRatio * median) return standingOut(absmax);
  std::vector<std::int64_t> large;
  for (std::size_t j = 0; j < absmax.size(); ++j) {
    if (static_cast<double>(absmax[j]) >= kLargeValue) large.push_back(static_cast<std::int64_t>(j));
  }
  const auto few = static_cast<std::int64_t>(absmax.size()) / kFewShare;
  return static_cast<std::int64_t>(large.size()) <= few ? large : std::vector<std::int64_t>();
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
