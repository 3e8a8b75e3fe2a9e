#include "core/report/number_words.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ql::report {
namespace {

/// As printf would in the C locale, whatever the program's locale is.
std::string formatted(double value, std::chars_format format, int precision) {
  char text[512];  // fixed text of the largest double is 309 digits
  return {text, std::to_chars(text, text + sizeof text, value, format, std::clamp(precision, 0, 64)).ptr};
}

std::string twoDigits(long value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

}  // namespace

std::string percent(double fraction) {
  if (!std::isfinite(fraction)) return "-";
  const double value = fraction * 100;
  if (value != 0 && std::abs(value) < 0.01) return formatted(value, std::chars_format::scientific, 1) + " %";
  // 9.995 rounds to 10.00: the limit is where the rounded text would change its form.
  return fixedText(value, std::abs(value) >= 9.995 ? 1 : 2) + " %";
}

std::string percentWhole(double fraction) {
  return fixedText(fraction * 100, 0) + " %";
}

std::string thousands(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t position = text.size(); position > 3;) {
    position -= 3;
    text.insert(position, ",");
  }
  return text;
}

std::string thousands(std::int64_t value) {
  if (value >= 0) return thousands(static_cast<std::uint64_t>(value));
  return "-" + thousands(std::uint64_t{0} - static_cast<std::uint64_t>(value));
}

std::string bytesText(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return fixedText(bytes, unit == 0 ? 0 : 1) + " " + kUnits[unit];
}

std::string bitsText(double bits) {
  return fixedText(bits, 3);
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return formatted(value, std::chars_format::scientific, 2);
  return formatted(value, std::chars_format::general, 4);
}

std::string fixedText(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return formatted(value, std::chars_format::fixed, decimals);
}

std::string durationText(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 3600) return std::to_string(whole / 60) + ":" + twoDigits(whole % 60);
  return std::to_string(whole / 3600) + ":" + twoDigits(whole / 60 % 60) + ":" + twoDigits(whole % 60);
}

std::string counted(std::uint64_t count, const std::string& singular) {
  return thousands(count) + " " + singular + (count == 1 ? "" : "s");
}

}  // namespace ql::report
