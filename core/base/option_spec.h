#pragma once
// What a method or exporter can be told: key, type, range, default, unit and one sentence. The form in the
// window, the flags, the help and the validation are all made from these.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ql {

using OptionValue = std::variant<bool, std::int64_t, double, std::string>;
using OptionValues = std::map<std::string, OptionValue>;

struct OptionSpec {
  std::string key;
  OptionValue defaultValue;  // its alternative is the option's type
  std::optional<double> minimum, maximum;
  std::vector<std::string> choices;  // for strings; empty = free text
  std::string unit;
  std::string sentence;
};

/// Defaults filled in for what `given` lacks. Throws Error(Usage) naming `owner` and the option for an
/// unknown key, a wrong type, or a value out of range, and says what is allowed.
OptionValues completeOptions(const std::string& owner, const std::vector<OptionSpec>& specs,
                             const OptionValues& given);

std::string optionText(const OptionValue& value);

}  // namespace ql
