// AWQ: weights that meet large activations are multiplied by a factor before rounding and divided after it;
// the factors' power is searched, then a clip for each group. Sources: Lin et al., arXiv:2306.00978; llm-awq
// auto_scale.py and auto_clip.py; llm-compressor AWQModifier for `duo`.
#include "core/base/error.h"
#include "core/quant/awq_clip.h"
#include "core/quant/awq_scale.h"
#include "core/quant/matrix_rule.h"

namespace ql {

const Quantizer& awqQuantizer();

namespace {

/// How W s is rounded.
WeightScheme innerOf(const WeightScheme& scheme) {
  WeightScheme inner = scheme;
  inner.algorithm = {"rtn", {}};
  inner.clip = {"none", {}};
  return inner;
}

struct Options {
  AwqSearch scale;
  bool hasClip = true;
  AwqClipSearch clip;
};

Options optionsOf(const WeightScheme& scheme) {
  const OptionValues values = algorithmChoice("awq", scheme.algorithm.options).options;
  Options options;
  options.scale = {std::get<std::int64_t>(values.at("grid")), std::get<bool>(values.at("duo"))};
  options.hasClip = std::get<bool>(values.at("clip"));
  if (scheme.clip.name == "awq") {
    const OptionValues clip = clipChoice("awq", scheme.clip.options).options;
    options.hasClip = true;
    options.clip = {std::get<std::int64_t>(clip.at("grid")), std::get<double>(clip.at("shrink"))};
  }
  return options;
}

QuantizerNeeds needs(const WeightScheme&) {
  return {false, true, true};
}

void check(const WeightScheme& scheme) {
  const Options options = optionsOf(scheme);
  if (options.hasClip) requireAwqClippable(scheme, "use group or channel, or algorithm=awq:clip=false");
  requireMeasurable(innerOf(scheme));
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  const Options options = optionsOf(scheme);
  const WeightScheme inner = innerOf(scheme);
  const SiteMoment site = siteMoment(*input.activations, *input.job, false);
  AwqScale scale = searchAwqScale(inner, input, site, options.scale);
  std::unique_ptr<RowQuantizer> quantizer = quantizerOfScaled(inner, input, input.matrix, scale.s);
  AwqBounds bounds;
  if (options.hasClip && isClippedByAwq(input.matrix.tensor))
    bounds = searchAwqClip(inner, *quantizer, input, site, scale.s, options.clip);
  return std::make_unique<AwqRowQuantizer>(std::move(quantizer), std::move(scale.s), std::move(bounds),
                                           awqFallbacks(site));
}

std::int64_t rowUnit(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  return bandRows(innerOf(scheme), out, in);
}

}  // namespace

const Quantizer& awqQuantizer() {
  static const Quantizer quantizer{"awq",
                                   "Input channels with large activations are scaled up before rounding, and "
                                   "groups are clipped, as far as "
                                   "the output gains by it; needs activations.",
                                   "Lin et al. 2023, arXiv:2306.00978; llm-awq; llm-compressor for duo",
                                   algorithmOptions("awq"),
                                   gridFormats(),
                                   gridFlavours(),
                                   {"none", "awq"},
                                   needs,
                                   check,
                                   make,
                                   nullptr,
                                   rowUnit};
  return quantizer;
}

}  // namespace ql
