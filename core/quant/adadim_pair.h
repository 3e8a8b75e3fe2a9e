#pragma once
// The two directions that AdaDim chooses between: groups of a row, or of a column.
#include "core/quant/scheme.h"

namespace ql {

struct AdaDimPair {
  WeightScheme oc, ic;
};
/// The same scheme along both dimensions: channel and input_channel, or group=g and group_in_channel=g;
/// algorithm adadim becomes rtn. Throws Error(Unsupported), as one clause without a full stop, for a scheme
/// without such a pair.
AdaDimPair adaDimPair(const WeightScheme& scheme);

}  // namespace ql
