#include "core/smooth/smoothing.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/smooth/methods/channel_factors.h"

#include <algorithm>
#include <cmath>

namespace ql {

#define X(name) const SmoothingMethod& name##Smoothing();
#include "core/smooth/methods.inc"
#undef X

namespace {

/// 2^round(log2 S): for S within the guards nothing over- or underflows.
float nearestPowerOfTwo(float s) {
  return static_cast<float>(std::exp2(std::round(std::log2(static_cast<double>(s)))));
}

}  // namespace

const std::vector<const SmoothingMethod*>& smoothingMethods() {
  static const std::vector<const SmoothingMethod*> methods = {
#define X(name) &name##Smoothing(),
#include "core/smooth/methods.inc"
#undef X
  };
  return methods;
}

const SmoothingMethod& smoothingMethodFor(std::string_view name) {
  std::string names;
  for (const SmoothingMethod* method : smoothingMethods()) {
    if (method->name == name) return *method;
    names += (names.empty() ? "" : ", ") + std::string(method->name);
  }
  throw Error(ErrorCode::Unsupported, "There is no smoothing method " + quotedText(name) +
                                          " in this version; there is " + names + ".");
}

SmoothingFactors smoothingFactors(const SmoothingInput& input, const SmoothingOptions& options) {
  const SmoothingMethod& method = smoothingMethodFor(options.method);
  if (!(options.alpha >= 0 && options.alpha <= 1)) {
    throw Error(ErrorCode::Usage, "The smoothing strength alpha is " + std::to_string(options.alpha) +
                                      "; it must be between 0 (all on the activations) and 1.");
  }
  if (std::find(method.statistics.begin(), method.statistics.end(), options.statistic) ==
      method.statistics.end()) {
    throw Error(ErrorCode::Unsupported, std::string(method.name) + " has no statistic " +
                                            quotedText(options.statistic) + "; use " +
                                            method.statistics.front() + ".");
  }
  SmoothingOptions complete = options;
  complete.options = completeOptions(std::string(method.name), method.options, options.options);
  SmoothingFactors factors = method.factors(input, complete);
  if (options.powersOfTwo) roundToPowersOfTwo(factors.s);
  return factors;
}

void roundToPowersOfTwo(std::span<float> s) {
  std::transform(s.begin(), s.end(), s.begin(), nearestPowerOfTwo);
}

SmoothingFactors channelFactors(std::size_t channels, const std::function<float(std::size_t)>& formula) {
  SmoothingFactors factors;
  factors.s.assign(channels, 1.0f);
  for (std::size_t j = 0; j < channels; ++j) {
    const float s = formula(j);
    if (std::isnan(s)) {
      ++factors.deadChannels;
      continue;
    }
    factors.s[j] = std::clamp(s, kLeastFactor, kLargestFactor);
    if (factors.s[j] != s) ++factors.clampedChannels;
  }
  return factors;
}

void requireEvidence(const std::vector<float>& values, std::size_t channels, const std::string& method,
                     const std::string& what, const std::string& remedy) {
  if (values.empty() && channels > 0) {
    throw Error(ErrorCode::Unsupported,
                method + " needs " + what + ", which is not known here; " + remedy + ".");
  }
  if (values.size() != channels) {
    throw Error(ErrorCode::Shape, method + " got " + what + " for " + std::to_string(values.size()) +
                                      " channels where the weights have " + std::to_string(channels) +
                                      "; calibrate this model again.");
  }
}

}  // namespace ql
