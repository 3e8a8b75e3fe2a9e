#pragma once
// The spelling of an activation scheme by itself: for tensor points and caches, which have no weights.
#include "core/quant/scheme.h"

#include <string>
#include <string_view>

namespace ql {

/// Parses FORMAT[:OPT,...], OPT = tensor | token | group=N | sym | asym | static | dynamic | flavour=NAME |
/// outliers=T | groups=N[:PERMUTATION[:CHANNELS]], e.g. "int8:token" or "int8:tensor,static,asym"; or the
/// activations of a whole SPEC ("w8a8:act=tensor"). Throws Error(Usage) as parseSpec() does.
ActScheme parseActSpec(std::string_view text);

/// The shortest such spelling: parseActSpec(actSpecText(s)) == s for every scheme that it can express.
std::string actSpecText(const ActScheme& scheme);

}  // namespace ql
