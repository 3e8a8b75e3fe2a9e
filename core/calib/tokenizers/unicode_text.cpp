#include "core/calib/tokenizers/unicode_text.h"

#include <unicode/uchar.h>
#include <cstdint>

namespace ql {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned byteAt(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool isContinuation(std::string_view text, std::size_t i) {
  return i < text.size() && (byteAt(text, i) & 0xC0u) == 0x80u;
}

/// Whether the second byte may follow the first: no overlong forms, surrogates, or values above U+10FFFF.
bool mayFollow(unsigned lead, unsigned second) {
  if ((second & 0xC0u) != 0x80u) return false;
  if (lead == 0xE0u) return second >= 0xA0u;
  if (lead == 0xF0u) return second >= 0x90u;
  if (lead == 0xEDu) return second <= 0x9Fu;
  if (lead == 0xF4u) return second <= 0x8Fu;
  return true;
}

std::size_t lengthOfLead(unsigned lead) {
  if (lead < 0x80u) return 1;
  if (lead < 0xC2u || lead > 0xF4u) return 0;
  return lead < 0xE0u ? 2 : lead < 0xF0u ? 3 : 4;
}

/// Bytes that one U+FFFD stands for: the longest start of a well-formed sequence, at least one byte.
std::size_t maximalSubpart(std::string_view text, std::size_t i) {
  const unsigned lead = byteAt(text, i);
  const std::size_t length = lengthOfLead(lead);
  if (length < 2 || i + 1 >= text.size() || !mayFollow(lead, byteAt(text, i + 1))) return 1;
  std::size_t k = 2;
  while (k < length && isContinuation(text, i + k)) ++k;
  return k;
}

std::uint32_t maskOf(char32_t c) {
  return U_MASK(u_charType(static_cast<UChar32>(c)));
}

}  // namespace

CodePoint codePointAt(std::string_view text, std::size_t i) {
  const unsigned lead = byteAt(text, i);
  if (lead < 0x80u) return {lead, 1};
  const auto tail = [&](std::size_t k) { return byteAt(text, i + k) & 0x3Fu; };
  if (lead < 0xE0u) return {((lead & 0x1Fu) << 6) | tail(1), 2};
  if (lead < 0xF0u) return {((lead & 0x0Fu) << 12) | (tail(1) << 6) | tail(2), 3};
  return {((lead & 0x07u) << 18) | (tail(1) << 12) | (tail(2) << 6) | tail(3), 4};
}

CodePoint codePointBefore(std::string_view text, std::size_t end) {
  std::size_t begin = end - 1;
  while (begin > 0 && isContinuation(text, begin)) --begin;
  return codePointAt(text, begin);
}

void appendUtf8(std::string& text, char32_t c) {
  const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0u | (c >> 6));
  } else if (c < 0x10000) {
    put(0xE0u | (c >> 12));
    put(0x80u | ((c >> 6) & 0x3Fu));
  } else {
    put(0xF0u | (c >> 18));
    put(0x80u | ((c >> 12) & 0x3Fu));
    put(0x80u | ((c >> 6) & 0x3Fu));
  }
  put(0x80u | (c & 0x3Fu));
}

std::size_t utf8Length(std::string_view text, std::size_t i) {
  const unsigned lead = byteAt(text, i);
  const std::size_t length = lengthOfLead(lead);
  if (length < 2) return length;
  return maximalSubpart(text, i) == length ? length : 0;
}

bool isWellFormedUtf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8Length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string wellFormedUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8Length(text, i);
    if (length == 0) {
      out += kReplacement;
      i += maximalSubpart(text, i);
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  return out;
}

bool isWhiteSpace(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

bool isWordCharacter(char32_t c) {
  if (c == 0x200C || c == 0x200D) return true;  // the joiners
  constexpr std::uint32_t kMask = U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK;
  return (maskOf(c) & kMask) != 0 || u_isUAlphabetic(static_cast<UChar32>(c)) != 0;
}

bool isPunctuationMark(char32_t c) {
  if (c < 0x80) return (c > 32 && c < 48) || (c > 57 && c < 65) || (c > 90 && c < 97) || (c > 122 && c < 127);
  return (maskOf(c) & U_GC_P_MASK) != 0;
}

bool isNumeric(char32_t c) {
  return (maskOf(c) & U_GC_N_MASK) != 0;
}

bool isMark(char32_t c) {
  return (maskOf(c) & U_GC_M_MASK) != 0;
}

bool isNonspacingMark(char32_t c) {
  return (maskOf(c) & U_GC_MN_MASK) != 0;
}

bool isOtherCategory(char32_t c) {
  return (maskOf(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK | U_GC_CS_MASK)) != 0;
}

char32_t simpleLower(char32_t c) {
  return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
}

}  // namespace ql
