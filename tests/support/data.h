#pragma once
// Where tests find their files.
#include <filesystem>
#include <string>

namespace ql::test {

std::filesystem::path dataFile(const std::string& name);  // tests/data/<name>
std::filesystem::path demoModel();  // resources/demo/... : the shipped weight-outlier model
std::string sourceDirectory();

}  // namespace ql::test
