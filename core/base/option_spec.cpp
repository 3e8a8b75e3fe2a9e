#include "core/base/option_spec.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace ql {
namespace {

std::string numberText(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

const char* typeText(const OptionValue& value) {
  switch (value.index()) {
    case 0:
      return "true or false";
    case 1:
      return "a whole number";
    case 2:
      return "a number";
    default:
      return "a word";
  }
}

std::string rangeText(const OptionSpec& spec) {
  const std::string unit = spec.unit.empty() ? "" : " " + spec.unit;
  if (spec.minimum && spec.maximum)
    return numberText(*spec.minimum) + " to " + numberText(*spec.maximum) + unit;
  if (spec.minimum) return numberText(*spec.minimum) + unit + " or more";
  return numberText(*spec.maximum) + unit + " or less";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

[[noreturn]] void refuse(const std::string& owner, const OptionSpec& spec, const OptionValue& value,
                         const std::string& allowed) {
  throw Error(ErrorCode::Usage, owner + ": option " + spec.key + " is " + quotedText(optionText(value)) +
                                    ", allowed is " + allowed + ".");
}

void checkRange(const std::string& owner, const OptionSpec& spec, const OptionValue& value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  const auto* real = std::get_if<double>(&value);
  if (whole == nullptr && real == nullptr) return;
  const double number = whole != nullptr ? static_cast<double>(*whole) : *real;
  if (!std::isfinite(number)) refuse(owner, spec, value, "a finite number");
  const bool isBelow = spec.minimum && number < *spec.minimum;
  const bool isAbove = spec.maximum && number > *spec.maximum;
  if (isBelow || isAbove) refuse(owner, spec, value, rangeText(spec));
}

OptionValue checked(const std::string& owner, const OptionSpec& spec, OptionValue value) {
  const auto* whole = std::get_if<std::int64_t>(&value);
  if (whole != nullptr && std::holds_alternative<double>(spec.defaultValue))
    value = static_cast<double>(*whole);
  if (value.index() != spec.defaultValue.index()) refuse(owner, spec, value, typeText(spec.defaultValue));
  checkRange(owner, spec, value);
  const auto* word = std::get_if<std::string>(&value);
  if (word != nullptr && !spec.choices.empty() &&
      std::ranges::find(spec.choices, *word) == spec.choices.end()) {
    refuse(owner, spec, value, "one of " + joined(spec.choices));
  }
  return value;
}

[[noreturn]] void refuseUnknown(const std::string& owner, const std::string& key,
                                const std::vector<OptionSpec>& specs) {
  std::vector<std::string> known;
  for (const OptionSpec& spec : specs) known.push_back(spec.key);
  throw Error(ErrorCode::Usage, owner + " has no option " + quotedText(key) + "; " +
                                    (known.empty() ? "it takes none." : "it takes " + joined(known) + "."));
}

}  // namespace

OptionValues completeOptions(const std::string& owner, const std::vector<OptionSpec>& specs,
                             const OptionValues& given) {
  OptionValues complete;
  for (const OptionSpec& spec : specs) complete[spec.key] = spec.defaultValue;
  for (const auto& [key, value] : given) {
    const auto spec = std::ranges::find(specs, key, &OptionSpec::key);
    if (spec == specs.end()) refuseUnknown(owner, key, specs);
    complete[key] = checked(owner, *spec, value);
  }
  return complete;
}

std::string optionText(const OptionValue& value) {
  if (const auto* isOn = std::get_if<bool>(&value)) return *isOn ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* real = std::get_if<double>(&value)) return numberText(*real);
  return std::get<std::string>(value);
}

}  // namespace ql
