#include "core/report/html_text.h"

#include "core/report/number_words.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ql::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
constexpr std::string_view kNarrowSpace = "\xE2\x80\xAF";
constexpr std::string_view kMinus = "\xE2\x88\x92";

/// Length and code point of the UTF-8 sequence at the start of a text; length 0 when it is malformed.
std::pair<std::size_t, std::uint32_t> decode(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80u) return {1, lead};
  const std::size_t length = lead >= 0xF0u ? 4 : lead >= 0xE0u ? 3 : 2;
  if (lead < 0xC2u || lead > 0xF4u || text.size() < length) return {0, 0};
  std::uint32_t code = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80u) return {0, 0};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const std::uint32_t least = length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u;
  if (code < least || code > 0x10FFFFu || (code >= 0xD800u && code <= 0xDFFFu)) return {0, 0};
  return {length, code};
}

/// Controls, and what turns the direction of the text around it (Unicode 15, Bidi_Control).
bool isUnsafe(std::uint32_t code) {
  return code < 0x20u || (code >= 0x7Fu && code < 0xA0u) || code == 0x061Cu || code == 0x200Eu ||
         code == 0x200Fu || (code >= 0x2028u && code <= 0x202Eu) || (code >= 0x2066u && code <= 0x2069u) ||
         code == 0xFFFEu || code == 0xFFFFu;
}

void append(std::string& out, std::string_view sequence) {
  switch (sequence[0]) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    case '\'':
      out += "&#39;";
      break;
    default:
      out += sequence;
  }
}

std::string escapedPart(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const auto [length, code] = decode(text);
    if (length == 0 || isUnsafe(code))
      out += kReplacement;
    else
      append(out, text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

bool isContinuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string escaped(std::string_view text, std::size_t maxBytes) {
  if (text.size() <= maxBytes) return escapedPart(text);
  std::size_t head = maxBytes / 2, tail = text.size() - (maxBytes - maxBytes / 2);
  while (head > 0 && isContinuation(text[head])) --head;
  while (tail < text.size() && isContinuation(text[tail])) ++tail;
  return escapedPart(text.substr(0, head)) + std::string(kEllipsis) + escapedPart(text.substr(tail));
}

std::string escapedName(std::string_view name) {
  return escaped(name, kMaxNameBytes);
}

std::string typeset(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    const char before = i > 0 ? text[i - 1] : ' ';
    if (rest.starts_with(" %")) {
      out += std::string(kNarrowSpace) + "%", ++i;
    } else if (rest.starts_with("->")) {
      out += "\xE2\x86\x92", ++i;
    } else if (rest.starts_with("+/-")) {
      out += "\xC2\xB1", i += 2;
    } else if (rest.size() > 2 && rest[0] == 'e' && isDigit(before) && (rest[1] == '-' || rest[1] == '+')) {
      out += rest[1] == '-' ? "e" + std::string(kMinus) : std::string("e");
      i += rest[2] == '0' && rest.size() > 3 && isDigit(rest[3]) ? 2 : 1;
    } else if (rest[0] == '-' && rest.size() > 1 && isDigit(rest[1]) && (before == ' ' || before == '(')) {
      out += kMinus;
    } else {
      out += rest[0];
    }
  }
  return out;
}

std::string percentHtml(double fraction) {
  return std::isfinite(fraction) ? typeset(percent(fraction)) : std::string("\xE2\x80\x93");
}

std::string coordinate(double value) {
  char text[64];
  const double rounded = std::isfinite(value) ? std::round(std::clamp(value, -1e6, 1e6) * 100) / 100 : 0;
  const auto end = std::to_chars(text, text + sizeof text, rounded == 0 ? 0.0 : rounded).ptr;
  return {text, end};
}

}  // namespace ql::report
