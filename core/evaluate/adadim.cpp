#include "core/evaluate/adadim.h"

#include "core/base/error.h"

namespace ql {

AdaDimCandidates adaDimCandidates(const Choice& choice) {
  if (!choice.weight) throw Error(ErrorCode::Unsupported, "its weights stay as stored");
  AdaDimCandidates candidates{choice, choice};
  WeightScheme &oc = *candidates.oc.weight, &ic = *candidates.ic.weight;
  switch (choice.weight->granularity) {
    case Granularity::OutputChannel:
    case Granularity::InputChannel:
      oc.granularity = Granularity::OutputChannel;
      ic.granularity = Granularity::InputChannel;
      return candidates;
    case Granularity::Group:
    case Granularity::GroupInChannel:
      oc.granularity = Granularity::Group;
      ic.granularity = Granularity::GroupInChannel;
      return candidates;
    default:
      throw Error(ErrorCode::Unsupported, "granularity " +
                                              std::string(granularityName(choice.weight->granularity)) +
                                              " has no dimension to choose; use channel or group");
  }
}

AdaDimResult adaDimVerdict(std::optional<double> ocError, std::optional<double> icError) {
  AdaDimResult result{ocError, icError, false, std::nullopt};
  if (!result.isMeasured()) return result;
  result.isInput = *icError < *ocError;
  if (*ocError > 0) result.ratio = *icError / *ocError;
  return result;
}

}  // namespace ql
