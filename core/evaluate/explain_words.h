#pragma once
// Numbers and lists inside the sentences of explain(). Internal to evaluate/explain*.cpp.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ql::words {

/// "90.9 %", "0.69 %", "1.2e-03 %": one decimal from 10 % on, two below.
std::string percent(double fraction);
/// "2 %": a target is a round number, not a measurement.
std::string target(double fraction);
/// Three significant digits: "93.5", "0.0010", "499".
std::string number(double value);
/// "34,048"
std::string count(std::int64_t value);
/// "8.125": bits a weight.
std::string bits(double value);
/// "128, 64, 32 and 16"
std::string list(const std::vector<std::string>& parts);
/// "18, 26, 30" or "18, 26, 30, 31, 40, 44 and 5 more".
std::string channels(std::span<const std::int64_t> numbers);

}  // namespace ql::words
