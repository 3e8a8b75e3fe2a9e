#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/expression.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace ql {
namespace {

// \s is the property White_Space; PCRE2's own \s has U+180E besides. \w of Oniguruma takes in all numbers.
constexpr std::string_view kWordSet = "\\p{Alphabetic}\\p{M}\\p{N}\\p{Pc}";
constexpr std::string_view kHexSet = "0-9a-fA-F";

struct LongName {
  std::string_view name, category;
};
constexpr std::array<LongName, 7> kCategories = {{{"Letter", "L"},
                                                  {"Mark", "M"},
                                                  {"Number", "N"},
                                                  {"Punctuation", "P"},
                                                  {"Punct", "P"},
                                                  {"Symbol", "S"},
                                                  {"Separator", "Z"}}};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

class Translator {
 public:
  Translator(std::string_view text, const std::string& where) : m_text(text), m_where(where) {}

  std::string run() {
    while (m_i < m_text.size()) {
      const char c = m_text[m_i];
      if (c == '\\') {
        escape();
      } else if (m_isInClass) {
        classCharacter(c);
      } else if (c == '[') {
        openClass();
      } else if (c == '(') {
        openGroup();
      } else if (c == '{') {
        interval();
      } else {
        m_out += c;
        ++m_i;
      }
    }
    return std::move(m_out);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::Unsupported, m_where + " has the expression " + quotedText(m_text) + " with " +
                                            what +
                                            ", which is not supported; give token ids "
                                            "(.npy) instead of a text");
  }

  char at(std::size_t i) const { return i < m_text.size() ? m_text[i] : '\0'; }

  void put(std::string_view replacement, std::size_t length) {
    m_out += replacement;
    m_i += length;
  }

  void set(std::string_view members, bool isNegated) {
    if (!m_isInClass) {
      put(std::string(isNegated ? "[^" : "[") + std::string(members) + "]", 2);
    } else if (!isNegated) {
      put(members, 2);
    } else {
      fail("\\" + std::string(1, at(m_i + 1)) + " inside brackets");
    }
  }

  void wordBoundary(bool isNegated) {
    const std::string word = "[" + std::string(kWordSet) + "]";
    const std::string behind = "(?<=" + word + ")", notBehind = "(?<!" + word + ")";
    const std::string ahead = "(?=" + word + ")", notAhead = "(?!" + word + ")";
    if (isNegated) return put("(?:" + behind + ahead + "|" + notBehind + notAhead + ")", 2);
    put("(?:" + behind + notAhead + "|" + notBehind + ahead + ")", 2);
  }

  void property() {
    const std::size_t end = m_text.find('}', m_i);
    if (at(m_i + 2) != '{' || end == std::string_view::npos) return copy(2);
    const std::string_view name = m_text.substr(m_i + 3, end - m_i - 3);
    for (const LongName& known : kCategories) {
      if (known.name != name) continue;
      return put("\\" + std::string(1, at(m_i + 1)) + "{" + std::string(known.category) + "}", end + 1 - m_i);
    }
    copy(end + 1 - m_i);
  }

  void unicodeEscape() {
    for (std::size_t k = 2; k < 6; ++k) {
      if (std::isxdigit(static_cast<unsigned char>(at(m_i + k))) == 0) fail("\\u without four digits");
    }
    put("\\x{" + std::string(m_text.substr(m_i + 2, 4)) + "}", 6);
  }

  void escape() {
    switch (at(m_i + 1)) {
      case 's':
        return put("\\p{White_Space}", 2);
      case 'S':
        return put("\\P{White_Space}", 2);
      case 'w':
        return set(kWordSet, false);
      case 'W':
        return set(kWordSet, true);
      case 'h':
        return set(kHexSet, false);
      case 'H':
        return set(kHexSet, true);
      case 'v':
        return put("\\x0b", 2);
      case 'u':
        return unicodeEscape();
      case 'p':
      case 'P':
        return property();
      case 'b':
        return m_isInClass ? copy(2) : wordBoundary(false);
      case 'B':
        return m_isInClass ? fail("\\B inside brackets") : wordBoundary(true);
      case 'Q':
      case 'E':
      case 'C':
      case 'V':
      case 'y':
      case 'Y':
      case 'O':
        return fail("\\" + std::string(1, at(m_i + 1)));
      default:
        return copy(2);
    }
  }

  void copy(std::size_t length) {
    m_out += m_text.substr(m_i, length);
    m_i = std::min(m_i + length, m_text.size());
  }

  void openClass() {
    m_isInClass = true;
    copy(at(m_i + 1) == '^' ? 2 : 1);
    if (at(m_i) == ']') copy(1);  // a bracket that comes first is a member
  }

  void classCharacter(char c) {
    if (c == '[') {
      const std::size_t end = m_text.find(":]", m_i);
      if (at(m_i + 1) != ':' || end == std::string_view::npos) fail("brackets inside brackets");
      return copy(end + 2 - m_i);
    }
    if (c == '&' && at(m_i + 1) == '&') fail("an intersection (&&)");
    if (c == ']') m_isInClass = false;
    copy(1);
  }

  void openGroup() {
    if (at(m_i + 1) == '*') fail("(*");
    if (at(m_i + 1) != '?') return copy(1);
    const char kind = at(m_i + 2);
    if (kind == ':' || kind == '=' || kind == '!' || kind == '<' || kind == '>') return copy(3);
    const bool isFirst = m_i == 0;
    m_i += 2;
    m_out += "(?";
    for (bool isOn = true; at(m_i) != ')' && at(m_i) != ':'; ++m_i) {
      const char option = at(m_i);
      if (option == '-' && isOn) {
        isOn = false;
      } else if (option != 'i' && option != 'm') {
        fail("the group (?" + quotedText(std::string(1, option)));
      }
      m_out += option == 'm' ? 's' : option;  // m: the dot also stands for line ends
    }
    // There it opens a group up to the end of the enclosing one, here it would not take in alternatives.
    if (at(m_i) == ')' && !isFirst) fail("options in the middle");
  }

  /// {n}, {n,}, {n,m}, {,m}; a + behind them repeats once more there but is possessive here.
  void interval() {
    std::size_t k = m_i + 1;
    while (isDigit(at(k))) ++k;
    const bool hasLow = k > m_i + 1, hasComma = at(k) == ',';
    const std::size_t comma = k;
    if (hasComma) ++k;
    while (hasComma && isDigit(at(k))) ++k;
    const bool isInterval = at(k) == '}' && (hasLow || k > comma + 1);
    if (!isInterval) return put("\\{", 1);
    if (at(k + 1) == '+') fail("{ }+");
    if (!hasLow) m_out += "{0", ++m_i;
    copy(k + 1 - m_i);
  }

  std::string_view m_text;
  const std::string& m_where;
  std::string m_out;
  std::size_t m_i = 0;
  bool m_isInClass = false;
};

}  // namespace

std::string pcreFromOniguruma(std::string_view expression, const std::string& where) {
  return Translator(expression, where).run();
}

}  // namespace ql
