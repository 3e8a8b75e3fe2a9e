#include "core/report/number_words.h"

#include <cmath>
#include <cstdio>

namespace ql::report {
namespace {

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string percent(double fraction) {
  if (!std::isfinite(fraction)) return "-";
  const double value = fraction * 100;
  if (value != 0 && std::abs(value) < 0.01) return formatted("%.1e %%", value);
  // 9.995 rounds to 10.00: the limit is where the rounded text would change its form.
  return std::abs(value) >= 9.995 ? formatted("%.1f %%", value) : formatted("%.2f %%", value);
}

std::string percentWhole(double fraction) {
  return formatted("%.0f %%", fraction * 100);
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
  return formatted(unit == 0 ? "%.0f " : "%.1f ", bytes) + kUnits[unit];
}

std::string bitsText(double bits) {
  return fixedText(bits, 3);
}

std::string figure(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return formatted("%.2e", value);
  return formatted("%.4g", value);
}

std::string fixedText(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string durationText(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  char text[64];
  if (whole >= 3600)
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  else
    std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
  return text;
}

std::string counted(std::uint64_t count, const std::string& singular) {
  return thousands(count) + " " + singular + (count == 1 ? "" : "s");
}

}  // namespace ql::report
