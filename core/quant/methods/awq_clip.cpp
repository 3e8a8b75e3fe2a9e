// Round to nearest with AWQ's clip: each group's range is pulled in as far as the layer's output gains by it.
// Source: Lin et al., arXiv:2306.00978; llm-awq auto_clip.py.
#include "core/quant/awq_clip.h"

#include "core/quant/awq_scale.h"
#include "core/quant/matrix_rule.h"

namespace ql {

const Quantizer& awq_clipQuantizer();

namespace {

WeightScheme unclipped(const WeightScheme& scheme) {
  WeightScheme inner = scheme;
  inner.clip = {"none", {}};
  return inner;
}

QuantizerNeeds needs(const WeightScheme&) {
  return {false, true, true};
}

void check(const WeightScheme& scheme) {
  static_cast<void>(clipChoice("awq", scheme.clip.options));
  requireAwqClippable(scheme, "use group or channel, or another clip");
  requireMeasurable(unclipped(scheme));
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  const WeightScheme inner = unclipped(scheme);
  const OptionValues options = clipChoice("awq", scheme.clip.options).options;
  const AwqClipSearch search{std::get<std::int64_t>(options.at("grid")),
                             std::get<double>(options.at("shrink"))};
  std::vector<float> ones(static_cast<std::size_t>(input.in), 1.0f);
  std::unique_ptr<RowQuantizer> quantizer = quantizerOfScaled(inner, input, input.matrix, ones);
  if (!isClippedByAwq(input.matrix.tensor)) return quantizer;
  const SiteMoment site = siteMoment(*input.activations, *input.job, false);
  AwqBounds bounds = searchAwqClip(inner, *quantizer, input, site, ones, search);
  return std::make_unique<AwqRowQuantizer>(std::move(quantizer), std::move(ones), std::move(bounds),
                                           awqFallbacks(site));
}

std::int64_t rowUnit(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  return bandRows(unclipped(scheme), out, in);
}

}  // namespace

const Quantizer& awq_clipQuantizer() {
  static const Quantizer quantizer{
      "rtn",
      "Round to nearest within ranges that are searched for each group on the layer's output; needs "
      "activations.",
      "Lin et al. 2023, arXiv:2306.00978; llm-awq, auto_clip.py",
      {},
      gridFormats(),
      gridFlavours(),
      {"awq"},
      needs,
      check,
      make,
      nullptr,
      rowUnit};
  return quantizer;
}

}  // namespace ql
