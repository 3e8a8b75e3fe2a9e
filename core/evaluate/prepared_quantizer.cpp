#include "core/evaluate/prepared_quantizer.h"

#include "core/evaluate/error_figures.h"
#include "core/evaluate/error_pass.h"

namespace ql {

QuantizerInput quantizerInput(const WeightSource& source, const ErrorInput& input, const MatrixRange* range,
                              JobContext& job) {
  QuantizerInput made;
  made.out = input.matrix.out;
  made.in = input.matrix.in;
  made.range = range;
  made.source = &source;
  made.matrix = input.matrix;
  made.siblings = input.siblings;
  made.activations = input.activations.get();
  made.job = &job;
  return made;
}

std::shared_ptr<const RowQuantizer> prepareQuantizer(const WeightSource& source, const ErrorInput& input,
                                                     const WeightScheme& scheme, const WeightStats* stats,
                                                     JobContext& job) {
  requireMeasurable(scheme);
  MatrixRange range;
  if (quantizerNeeds(scheme).range) range = stats ? rangeOf(*stats) : measureRange(source, input.matrix, job);
  return makeRowQuantizer(scheme, quantizerInput(source, input, &range, job));
}

bool isRowLocal(const WeightScheme& scheme) {
  const QuantizerNeeds needs = quantizerNeeds(scheme);
  return !needs.matrix && !needs.activations;
}

}  // namespace ql
