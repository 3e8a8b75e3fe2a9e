#include "core/quant/rtn_quantizer.h"

#include "core/base/error.h"
#include "core/quant/matrix_in_memory.h"
#include "core/quant/matrix_rule.h"
#include "core/quant/rtn_rows.h"

namespace ql {
QuantizerNeeds rtnNeeds(const WeightScheme& scheme) {
  QuantizerNeeds needs = gridNeeds(scheme);
  const QuantizerNeeds search = rtnRowsNeeds(scheme, clipRule(scheme));
  needs.matrix = needs.matrix || search.matrix;
  needs.activations = needs.activations || search.activations;
  return needs;
}

void checkRtn(const WeightScheme& scheme) {
  checkGrids(scheme);
  static_cast<void>(partitionOf(scheme, 1, 1));
  requireSearchable(scheme, rtnRule(scheme), clipRule(scheme));
}

std::unique_ptr<RowQuantizer> makeRtn(const WeightScheme& scheme, const QuantizerInput& input) {
  return makeRtnRows(scheme, matrixRule(scheme, input), clipRule(scheme), input);
}

QuantizedMatrix quantizeRtn(const WeightScheme& scheme, std::int64_t out, std::int64_t in,
                            std::span<const float> weights) {
  const ClipRule clip = clipRule(scheme);
  if (rtnNeeds(scheme).activations)
    throw Error(ErrorCode::Unsupported, "The clip " + scheme.clip.name +
                                            " looks at activations; a matrix alone cannot be quantized so.");
  std::optional<JobContext> job;  // its threads are only worth it for a search
  if (rtnNeeds(scheme).matrix) job.emplace(1);
  const MatrixInMemory matrix(weights, out, in, job ? &*job : nullptr);
  const auto quantizer = makeRtnRows(scheme, matrixRule(scheme, matrix.input()), clip, matrix.input());
  return quantizedRows(*quantizer, scheme, out, in, weights);
}

}  // namespace ql
