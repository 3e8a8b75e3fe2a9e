// EasyQuant: outliers beyond n sigma of the matrix stay exact, the step of every part of the rest is the one
// with the least squared error. Data-free. Source: arXiv:2403.02775; the range is optimised exactly instead
// of by gradient descent (step_search.h).
#include "core/base/error.h"
#include "core/quant/outlier_split.h"
#include "core/quant/rtn_rows.h"

namespace ql {
namespace {

OptionValues optionsOf(const WeightScheme& scheme) {
  return completeOptions("easyquant", algorithmOptions("easyquant"), scheme.algorithm.options);
}

OutlierRule outlierRuleOf(const WeightScheme& scheme) {
  const OptionValues options = optionsOf(scheme);
  const bool isVariance = std::get<std::string>(options.at("rule")) == "variance";
  return {isVariance ? "variance" : "sigma", std::get<double>(options.at("n"))};
}

ClipRule clipOf(const WeightScheme& scheme) {
  ClipRule clip;
  clip.kind = ClipRule::Kind::EasyQuant;
  clip.factors = static_cast<int>(std::get<std::int64_t>(optionsOf(scheme).at("grid")));
  return clip;
}

/// Codes -2^(k-1) + 1 .. 2^(k-1) - 1 as printed, and the first step absmax / (2^(k-1) - 1).
RtnRule ruleOf(const WeightScheme& scheme) {
  RtnRule rule = rtnRule(scheme);
  rule.codeLo = -rule.codeHi;
  rule.divisor = rule.codeHi;
  return rule;
}

QuantizerNeeds easyQuantNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs = rtnRowsNeeds(scheme, clipOf(scheme));
  needs.matrix = true;
  return needs;
}

void checkEasyQuant(const WeightScheme& scheme) {
  static_cast<void>(clipOf(scheme));
  static_cast<void>(partitionOf(scheme, 1, 1));
  if (!scheme.symmetric)
    throw Error(ErrorCode::Unsupported,
                "EasyQuant has a symmetric grid without a zero point; use symmetric, or rtn with "
                "clip=easyquant for an asymmetric one.");
}

std::unique_ptr<RowQuantizer> makeEasyQuant(const WeightScheme& scheme, const QuantizerInput& input) {
  return makeWithOutliers(scheme, outlierRuleOf(scheme), input, [&](const QuantizerInput& rest) {
    return makeRtnRows(scheme, ruleOf(scheme), clipOf(scheme), rest);
  });
}

}  // namespace

const Quantizer& easyquantQuantizer();

const Quantizer& easyquantQuantizer() {
  static const Quantizer quantizer{
      "easyquant",
      "Weights beyond n standard deviations stay exact; every part of the rest gets the step with the least "
      "squared error; needs no data.",
      "Tang et al. 2024, EasyQuant, arXiv:2403.02775, its range optimised exactly",
      algorithmOptions("easyquant"),
      {"int8", "int7", "int6", "int5", "int4", "int3", "int2"},
      {"compressed-tensors"},
      {"none", "easyquant"},
      easyQuantNeeds,
      checkEasyQuant,
      makeEasyQuant,
      nullptr,
      nullptr};
  return quantizer;
}

}  // namespace ql
