#pragma once
// The two number formats that MoFQ chooses between: integers and floats of the same bits.
#include "core/quant/scheme.h"

#include <string>
#include <string_view>

namespace ql {

/// Bits of an integer format or of one of single floats; 0 for the others.
int mofqBits(const std::string& format);

struct MofqPair {
  std::string integer, floating;  // number formats
};
/// Both of a scheme: the same granularity, symmetric, scale = absmax over the largest code. `floatFormat`
/// empty = the scheme's own, else fp8_e4m3, fp6_e2m3 or fp4_e2m1. Throws Error(Usage) for a float format that
/// is not one of elements; Error(Unsupported), as one clause without a full stop, for a scheme that has no
/// counterpart.
MofqPair mofqPair(const WeightScheme& scheme, std::string_view floatFormat = {});

}  // namespace ql
