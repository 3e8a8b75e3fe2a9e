#include "core/quant/adadim_pair.h"

#include "core/base/error.h"

namespace ql {

AdaDimPair adaDimPair(const WeightScheme& scheme) {
  AdaDimPair pair{scheme, scheme};
  if (scheme.algorithm.name == "adadim") pair.oc.algorithm = pair.ic.algorithm = {"rtn", {}};
  switch (scheme.granularity) {
    case Granularity::OutputChannel:
    case Granularity::InputChannel:
      pair.oc.granularity = Granularity::OutputChannel;
      pair.ic.granularity = Granularity::InputChannel;
      return pair;
    case Granularity::Group:
    case Granularity::GroupInChannel:
      pair.oc.granularity = Granularity::Group;
      pair.ic.granularity = Granularity::GroupInChannel;
      return pair;
    default:
      throw Error(ErrorCode::Unsupported, "granularity " + std::string(granularityName(scheme.granularity)) +
                                              " has no dimension to choose; use channel or group");
  }
}

}  // namespace ql
