#include "core/quant/quantizer.h"

#include "core/base/error.h"
#include "core/quant/outlier_split.h"

#include <algorithm>
#include <cmath>

namespace ql {

#define X(name) const Quantizer& name##Quantizer();
#include "core/quant/methods.inc"
#undef X

namespace {

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

[[noreturn]] void failWord(const char* what, const std::string& word, const std::vector<std::string>& known,
                           std::string_view method) {
  throw Error(ErrorCode::Unsupported, std::string("The ") + what + " \"" + word + "\" does not go with " +
                                          std::string(method) + "; it has " + listed(known) + ".");
}

/// "rtn of nf4" where several quantizers share a name.
std::string methodWords(const WeightScheme& scheme) {
  return scheme.algorithm.name + " of " + scheme.format;
}

void requireOutliers(const WeightScheme& scheme) {
  const OutlierRule& rule = *scheme.outliers;
  if (!contains(outlierRuleNames(), rule.rule))
    failWord("rule for outliers", rule.rule, outlierRuleNames(), "weights kept apart");
  if (!(rule.n > 0) || !std::isfinite(rule.n))
    throw Error(ErrorCode::Unsupported,
                "Outliers are kept apart beyond a number of standard deviations above 0, e.g. sigma:3.");
  if (scheme.algorithm.name != "rtn")
    throw Error(ErrorCode::Unsupported,
                "Outliers are kept apart with the algorithm rtn alone; leave them out with " +
                    scheme.algorithm.name + ", or use algorithm=easyquant:n=3, which keeps its own.");
}

void requireEvidence(const WeightScheme& scheme, const QuantizerNeeds& needs, const QuantizerInput& input) {
  const auto in = static_cast<std::size_t>(input.in);
  if (needs.range &&
      (!input.range || input.range->columnMin.size() != in || input.range->columnMax.size() != in))
    throw Error(ErrorCode::Shape, "Granularity " + std::string(granularityName(scheme.granularity)) +
                                      " needs the extremes of all " + std::to_string(input.in) +
                                      " columns before the first row; measure the matrix first.");
  if (needs.activations && !input.activations)
    throw Error(ErrorCode::Unsupported,
                scheme.algorithm.name +
                    " needs activations of this layer's input, and there are none; calibrate first "
                    "(qloupe analyze --calibration) or give a file with --activations.");
  if (needs.activations && input.activations->width != input.in)
    throw Error(ErrorCode::Shape, "The activations have " + std::to_string(input.activations->width) +
                                      " channels but the layer has " + std::to_string(input.in) +
                                      "; they are of another layer or model.");
  QL_ASSERT(!(needs.matrix || needs.activations) || input.job);
  QL_ASSERT(!needs.matrix || input.source);
}

}  // namespace

const std::vector<const Quantizer*>& quantizers() {
  static const std::vector<const Quantizer*> all{
#define X(name) &name##Quantizer(),
#include "core/quant/methods.inc"
#undef X
  };
  return all;
}

const Quantizer& quantizerFor(const WeightScheme& scheme) {
  std::vector<std::string> names, formats, clips;
  const Quantizer* found = nullptr;  // of this format, with this clip if there is one
  for (const Quantizer* quantizer : quantizers()) {
    if (!contains(names, std::string(quantizer->name))) names.emplace_back(quantizer->name);
    if (quantizer->name != scheme.algorithm.name) continue;
    for (const std::string& format : quantizer->formats)
      if (!contains(formats, format)) formats.push_back(format);
    if (!contains(quantizer->formats, scheme.format)) continue;
    if (!found || contains(quantizer->clips, scheme.clip.name)) found = quantizer;
    clips.insert(clips.end(), quantizer->clips.begin(), quantizer->clips.end());
  }
  if (found) {
    if (!contains(found->flavours, scheme.flavour))
      failWord("rounding flavour", scheme.flavour, found->flavours, methodWords(scheme));
    if (!contains(clips, scheme.clip.name)) failWord("clip", scheme.clip.name, clips, methodWords(scheme));
    return *found;
  }
  if (!formats.empty()) failWord("number format", scheme.format, formats, scheme.algorithm.name);
  throw Error(ErrorCode::Unsupported, "The algorithm \"" + scheme.algorithm.name +
                                          "\" cannot be measured by this version; use " + listed(names) +
                                          ".");
}

QuantizerNeeds quantizerNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs = quantizerFor(scheme).needs(scheme);
  needs.matrix = needs.matrix || scheme.outliers.has_value();  // its mean and spread
  return needs;
}

std::int64_t bandRows(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  const Quantizer& quantizer = quantizerFor(scheme);
  if (quantizer.rowUnit) return quantizer.rowUnit(scheme, out, in);
  if (scheme.granularity == Granularity::GroupInChannel) return std::min(*scheme.groupSize, out);
  return scheme.granularity == Granularity::Block ? std::min((*scheme.block)[0], out) : 1;
}

std::unique_ptr<RowQuantizer> makeRowQuantizer(const WeightScheme& scheme, const QuantizerInput& input) {
  requireMeasurable(scheme);
  const Quantizer& quantizer = quantizerFor(scheme);
  requireEvidence(scheme, quantizerNeeds(scheme), input);
  if (!scheme.outliers) return quantizer.make(scheme, input);
  WeightScheme rest = scheme;
  rest.outliers.reset();
  return makeWithOutliers(scheme, *scheme.outliers, input,
                          [&](const QuantizerInput& masked) { return quantizer.make(rest, masked); });
}

bool isMeasurableFormat(std::string_view format) {
  const auto& all = quantizers();
  return std::any_of(all.begin(), all.end(), [&](const Quantizer* quantizer) {
    return std::find(quantizer->formats.begin(), quantizer->formats.end(), format) !=
           quantizer->formats.end();
  });
}

void requireMeasurable(const WeightScheme& scheme) {
  const NumberFormatInfo* format = findNumberFormat(scheme.format);
  if (format && !format->isQuantized) {
    throw Error(ErrorCode::Unsupported,
                "Storing weights as " + scheme.format +
                    " cannot be measured by this version; leave the weights as stored, or "
                    "use int2 to int8 or a float format such as fp8_e4m3.");
  }
  const std::string problem = choiceProblem(Choice{scheme, std::nullopt});
  if (!problem.empty())
    throw Error(ErrorCode::Unsupported, "The scheme cannot be measured: " + problem + ".");
  const Quantizer& quantizer = quantizerFor(scheme);
  if (scheme.outliers) requireOutliers(scheme);
  quantizer.check(scheme);
}

}  // namespace ql
