#pragma once
// A checker for the subset of JSON Schema (draft 2020-12) that the product's schemas use. An unknown keyword
// is an error, so that no rule of a schema is passed over silently.
#include <string>
#include <vector>

namespace ql::test {

/// Every violation as "PATH: what"; empty when `document` fits `schema`. Both are JSON texts.
std::vector<std::string> schemaErrors(const std::string& schema, const std::string& document);

/// The text of resources/schemas/<name>.
std::string schemaFile(const std::string& name);

}  // namespace ql::test
