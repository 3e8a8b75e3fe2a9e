#pragma once
// Checks JSON against a JSON Schema (draft 2020-12), the keywords that our schemas use; any other keyword is
// reported as a problem, so that no rule is skipped silently.
#include <nlohmann/json_fwd.hpp>

#include <string>

namespace ql::test {

/// The first problem with its place ("/layers/0/name: not a string"), or empty when `value` fits.
std::string schemaProblem(const nlohmann::json& schema, const nlohmann::json& value);

}  // namespace ql::test
