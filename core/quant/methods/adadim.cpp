// AdaDim: groups along the input or along the output, whichever changes the layer's output less. Source: Heo
// et al., arXiv:2309.15531, and its code (quantize/rtn_ada.py, quantizer.py): candidates in the order oc, ic,
// a strictly smaller error replaces. The error is that of the layer's own output, as in LightCompress
// (compression/quantization/adadim.py) and as the original has it for o and down; that of the whole block
// needs the forward pass.
#include "core/base/error.h"
#include "core/quant/adadim_pair.h"
#include "core/quant/candidate_loss.h"
#include "core/quant/matrix_rule.h"

#include <algorithm>

namespace ql {

const Quantizer& adadimQuantizer();

namespace {

AdaDimPair pairOf(const WeightScheme& scheme) {
  try {
    return adaDimPair(scheme);
  } catch (const Error& problem) {
    throw Error(ErrorCode::Unsupported,
                "AdaDim cannot choose a dimension: " + std::string(problem.what()) + ".");
  }
}

QuantizerNeeds needs(const WeightScheme& scheme) {
  const AdaDimPair pair = pairOf(scheme);
  return {quantizerNeeds(pair.oc).range || quantizerNeeds(pair.ic).range, true, true};
}

void check(const WeightScheme& scheme) {
  const OptionValues options = algorithmChoice("adadim", scheme.algorithm.options).options;
  if (std::get<std::string>(options.at("loss")) == "block") {
    throw Error(ErrorCode::Unsupported,
                "The output of the block is only known to a forward pass: let qloupe plan auto --method "
                "adadim --loss "
                "block decide, which writes the dimension into the plan, or use loss=own.");
  }
  const AdaDimPair pair = pairOf(scheme);
  requireMeasurable(pair.oc);
  requireMeasurable(pair.ic);
}

std::int64_t rowUnit(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  const AdaDimPair pair = pairOf(scheme);
  return std::max(bandRows(pair.oc, out, in), bandRows(pair.ic, out, in));
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  const AdaDimPair pair = pairOf(scheme);
  const SiteMoment site = siteMoment(*input.activations, *input.job, false);
  std::unique_ptr<RowQuantizer> oc = makeRowQuantizer(pair.oc, input), ic = makeRowQuantizer(pair.ic, input);
  const bool isInput = outputLoss(*ic, input, site) < outputLoss(*oc, input, site);
  const Choice chosen{isInput ? pair.ic : pair.oc, std::nullopt};
  std::vector<Fallback> fallbacks;
  if (site.origin == HessianOrigin::Diagonal)
    fallbacks.push_back(
        {"there is no second moment or token sample: the dimension is chosen by the mean of x^2 "
         "of each channel alone",
         1});
  return std::make_unique<ChosenRowQuantizer>(
      isInput ? std::move(ic) : std::move(oc), rowUnit(scheme, input.out, input.in),
      bitsPerWeight(chosen, input.out, input.in, 16), std::move(fallbacks));
}

/// Formats with a group size of their own cannot have groups along the output.
std::vector<std::string> formatNames() {
  std::vector<std::string> names;
  for (const std::string& name : gridFormats())
    if (findNumberFormat(name)->ownGroup == 0) names.push_back(name);
  return names;
}

}  // namespace

const Quantizer& adadimQuantizer() {
  static const Quantizer quantizer{
      "adadim",
      "Groups along the input or the output, whichever changes the layer's output less; needs activations.",
      "Heo et al. 2023, arXiv:2309.15531",
      algorithmOptions("adadim"),
      formatNames(),
      gridFlavours(),
      {"none"},
      needs,
      check,
      make,
      nullptr,
      rowUnit};
  return quantizer;
}

}  // namespace ql
