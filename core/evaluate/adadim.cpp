#include "core/evaluate/adadim.h"

#include "core/base/error.h"
#include "core/quant/adadim_pair.h"

#include <utility>

namespace ql {

AdaDimCandidates adaDimCandidates(const Choice& choice) {
  if (!choice.weight) throw Error(ErrorCode::Unsupported, "its weights stay as stored");
  AdaDimCandidates candidates{choice, choice};
  AdaDimPair pair = adaDimPair(*choice.weight);
  candidates.oc.weight = std::move(pair.oc);
  candidates.ic.weight = std::move(pair.ic);
  return candidates;
}

AdaDimResult adaDimVerdict(std::optional<double> ocError, std::optional<double> icError) {
  AdaDimResult result{ocError, icError, false, std::nullopt};
  if (!result.isMeasured()) return result;
  result.isInput = *icError < *ocError;
  if (*ocError > 0) result.ratio = *icError / *ocError;
  return result;
}

}  // namespace ql
