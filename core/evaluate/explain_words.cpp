#include "core/evaluate/explain_words.h"

#include "core/base/message_text.h"

#include <cmath>
#include <cstdio>

namespace ql::words {
namespace {

constexpr std::size_t kNamedChannels = 6;

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string percent(double fraction) {
  const double value = fraction * 100;
  if (value != 0 && std::abs(value) < 0.01) return formatted("%.1e %%", value);
  // 9.995 rounds to 10.00: the limit is where the rounded text would change its form.
  return std::abs(value) >= 9.995 ? formatted("%.1f %%", value) : formatted("%.2f %%", value);
}

std::string target(double fraction) {
  return formatted("%.3g %%", fraction * 100);
}

std::string number(double value) {
  const double size = std::abs(value);
  if (size >= 999.5 && size < 1e6) return formatted("%.0f", value);
  return formatted("%.3g", value);
}

std::string count(std::int64_t value) {
  return value < 0 ? "-" + withThousands(static_cast<std::uint64_t>(-value))
                   : withThousands(static_cast<std::uint64_t>(value));
}

std::string bits(double value) {
  return formatted("%.4g", value);
}

std::string list(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? " and " : ", ";
    text += parts[i];
  }
  return text;
}

std::string channels(std::span<const std::int64_t> numbers) {
  std::string text;
  for (std::size_t i = 0; i < numbers.size() && i < kNamedChannels; ++i)
    text += (i > 0 ? ", " : "") + std::to_string(numbers[i]);
  if (numbers.size() > kNamedChannels)
    text += " and " + count(static_cast<std::int64_t>(numbers.size() - kNamedChannels)) + " more";
  return text;
}

}  // namespace ql::words
