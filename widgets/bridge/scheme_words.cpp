#include "widgets/bridge/scheme_words.h"

#include "core/base/error.h"
#include "core/quant/quantizer.h"

#include <algorithm>

namespace ql {

namespace {

const Quantizer* quantizerOf(const std::string& algorithm, const std::string& format) {
  for (const Quantizer* quantizer : quantizers()) {
    const auto& formats = quantizer->formats;
    if (quantizer->name == algorithm && std::find(formats.begin(), formats.end(), format) != formats.end())
      return quantizer;
  }
  return nullptr;
}

}  // namespace

bool isMeasurableScheme(const WeightScheme& scheme) {
  try {
    requireMeasurable(scheme);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string algorithmFor(const std::string& algorithm, const std::string& format) {
  if (quantizerOf(algorithm, format)) return algorithm;
  for (const Quantizer* quantizer : quantizers())
    if (quantizerOf(std::string(quantizer->name), format)) return std::string(quantizer->name);
  return algorithm;
}

std::vector<std::string> flavoursFor(WeightScheme scheme) {
  std::vector<std::string> accepted;
  const Quantizer* quantizer = quantizerOf(scheme.algorithm.name, scheme.format);
  if (!quantizer) return accepted;
  for (const std::string& flavour : quantizer->flavours) {
    scheme.flavour = flavour;
    if (isMeasurableScheme(scheme)) accepted.push_back(flavour);
  }
  return accepted;
}

std::vector<std::string> clipsFor(const WeightScheme& scheme) {
  const Quantizer* quantizer = quantizerOf(scheme.algorithm.name, scheme.format);
  return quantizer ? quantizer->clips : std::vector<std::string>{"none"};
}

}  // namespace ql
