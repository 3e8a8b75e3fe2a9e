#pragma once
#include <string_view>

namespace ql {
inline constexpr std::string_view kToolName = "quantloupe";
inline constexpr std::string_view kToolVersion = "0.1.0";
inline constexpr std::string_view kToolId = "quantloupe 0.1.0";  // written into provenance
}  // namespace ql
