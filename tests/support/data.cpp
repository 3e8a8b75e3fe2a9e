#include "tests/support/data.h"

namespace ql::test {

std::filesystem::path dataFile(const std::string& name) {
  return std::filesystem::path(QL_TEST_DATA) / name;
}

std::filesystem::path demoModel() {
  return std::filesystem::path(QL_SOURCE_DIR) / "resources" / "demo" / "demo-llama-weight-outliers";
}

std::string sourceDirectory() {
  return QL_SOURCE_DIR;
}

}  // namespace ql::test
