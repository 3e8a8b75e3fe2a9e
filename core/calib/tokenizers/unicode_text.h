#pragma once
// UTF-8 and the character classes of tokenizers. Normalization forms are in normalizers.h.
#include <cstddef>
#include <string>
#include <string_view>

namespace ql {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // bytes
};

/// The character at byte `i` of well-formed UTF-8, i < text.size().
CodePoint codePointAt(std::string_view text, std::size_t i);
/// The character that ends at byte `end`, 0 < end <= text.size().
CodePoint codePointBefore(std::string_view text, std::size_t end);
void appendUtf8(std::string& text, char32_t codePoint);

/// Length of the well-formed sequence at i (Unicode, table 3-7), or 0.
std::size_t utf8Length(std::string_view text, std::size_t i);
bool isWellFormedUtf8(std::string_view text);
/// Every maximal subpart that is no UTF-8 becomes U+FFFD (Unicode, section 3.9).
std::string wellFormedUtf8(std::string_view text);

bool isWhiteSpace(char32_t c);       // property White_Space
bool isWordCharacter(char32_t c);    // Alphabetic, Mark, decimal number or connector, joiners: \w of UTS 18
bool isPunctuationMark(char32_t c);  // ASCII punctuation and symbols, or general category P
bool isNumeric(char32_t c);          // general category N
bool isMark(char32_t c);             // M
bool isNonspacingMark(char32_t c);   // Mn
bool isOtherCategory(char32_t c);    // control, format, private use, surrogate
char32_t simpleLower(char32_t c);

}  // namespace ql
