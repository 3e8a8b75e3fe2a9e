#pragma once
// Few, exact regular expressions for many module names: block and expert numbers become ranges, siblings
// alternatives.
#include <set>
#include <string>
#include <vector>

namespace ql {

/// A pattern for exactly these numbers without leading zeros: {0,1,2} -> "[0-2]", {3..79} ->
/// "([3-9]|[1-7][0-9])".
std::string numbersPattern(const std::set<int>& numbers);

/// Expressions that together match exactly these dotted names, behind any prefix that ends where the numbered
/// part begins: {"model.layers.0.mlp.up_proj", ...} -> "re:.*layers\.[0-2]\.mlp\.(gate|up)_proj$". For
/// Python's re.match.
///
/// hasFreePrefix  false keeps the whole prefix: "re:model\.layers\.".
std::vector<std::string> namePatterns(const std::set<std::string>& names, bool hasFreePrefix = true);

std::string escapeRegex(const std::string& text);

}  // namespace ql
