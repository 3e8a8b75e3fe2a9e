// MoFQ: integers or floats of the same bits, whichever has the smaller error; a tie stays with integers.
// Source: Zhang et al., "Integer or Floating Point?", arXiv:2305.12356: the loop over layers that keeps the
// better one.
#include "core/quant/mofq_pair.h"

#include "core/base/error.h"
#include "core/quant/candidate_loss.h"
#include "core/quant/quantizer.h"

namespace ql {

const Quantizer& mofqQuantizer();

namespace {

struct Pair {
  WeightScheme integer, floating;
};

Pair pairOf(const WeightScheme& scheme) {
  Pair pair{scheme, scheme};
  pair.integer.algorithm = pair.floating.algorithm = {"rtn", {}};
  try {
    const MofqPair formats = mofqPair(scheme);
    pair.integer.format = formats.integer;
    pair.floating.format = formats.floating;
  } catch (const Error& problem) {
    throw Error(ErrorCode::Unsupported,
                "MoFQ cannot choose a number format: " + std::string(problem.what()) + ".");
  }
  return pair;
}

std::string lossOf(const WeightScheme& scheme) {
  return std::get<std::string>(algorithmChoice("mofq", scheme.algorithm.options).options.at("loss"));
}

QuantizerNeeds needs(const WeightScheme& scheme) {
  const Pair pair = pairOf(scheme);
  return {quantizerNeeds(pair.integer).range || quantizerNeeds(pair.floating).range, true,
          lossOf(scheme) == "output"};
}

void check(const WeightScheme& scheme) {
  if (lossOf(scheme) == "wa") {
    throw Error(ErrorCode::Unsupported,
                "With loss=wa the activations change along with the weights: let qloupe plan auto --method "
                "mofq --loss wa "
                "decide, which writes both formats into the plan, or use loss=tensor or loss=output.");
  }
  const Pair pair = pairOf(scheme);
  requireMeasurable(pair.integer);
  requireMeasurable(pair.floating);
}

std::int64_t rowUnit(const WeightScheme& scheme, std::int64_t out, std::int64_t in) {
  return bandRows(pairOf(scheme).integer, out, in);  // the partition is the same for both
}

std::unique_ptr<RowQuantizer> make(const WeightScheme& scheme, const QuantizerInput& input) {
  const Pair pair = pairOf(scheme);
  std::unique_ptr<RowQuantizer> integer = makeRowQuantizer(pair.integer, input),
                                floating = makeRowQuantizer(pair.floating, input);
  std::vector<Fallback> fallbacks;
  bool isFloat = false;
  if (lossOf(scheme) == "output") {
    const SiteMoment site = siteMoment(*input.activations, *input.job, false);
    isFloat = outputLoss(*floating, input, site) < outputLoss(*integer, input, site);
    if (site.origin == HessianOrigin::Diagonal)
      fallbacks.push_back(
          {"there is no second moment or token sample: the format is chosen by the mean of x^2 of "
           "each channel alone",
           1});
  } else {
    isFloat = tensorLoss(*floating, input) < tensorLoss(*integer, input);
  }
  std::unique_ptr<RowQuantizer> chosen = isFloat ? std::move(floating) : std::move(integer);
  const std::int64_t unit = chosen->rowUnit();
  const std::optional<double> bits = chosen->bitsPerWeight();
  return std::make_unique<ChosenRowQuantizer>(std::move(chosen), unit, bits, std::move(fallbacks));
}

}  // namespace

const Quantizer& mofqQuantizer() {
  static const Quantizer quantizer{
      "mofq",
      "Integers or floats of the same bits, whichever has the smaller error in this layer.",
      "Zhang et al. 2023, arXiv:2305.12356",
      algorithmOptions("mofq"),
      {"int8", "int6", "int4", "fp8_e4m3", "fp8_e5m2", "fp6_e2m3", "fp6_e3m2", "fp4_e2m1", "fp4_e2m1_ieee"},
      {"compressed-tensors"},
      {"none"},
      needs,
      check,
      make,
      nullptr,
      rowUnit};
  return quantizer;
}

}  // namespace ql
