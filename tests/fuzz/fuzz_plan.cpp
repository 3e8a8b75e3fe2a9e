// Plan files: what is accepted must survive a round trip unchanged.
#include "core/base/error.h"
#include "core/plan/plan.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ql::QuantizationPlan plan;
  try {
    plan = ql::parsePlan(text, "fuzz");
  } catch (const ql::Error&) {
    return 0;
  }
  if (!(ql::parsePlan(ql::planJson(plan), "again") == plan)) std::abort();
  return 0;
}
