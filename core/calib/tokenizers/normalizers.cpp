#include "core/calib/tokenizers/normalizers.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/byte_level.h"
#include "core/calib/tokenizers/expression.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <unicode/normalizer2.h>
#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace ql {
namespace {

using Made = std::unique_ptr<const TextNormalizer>;

/// A normalizer that is one function.
class Function : public TextNormalizer {
 public:
  explicit Function(std::function<void(std::string&)> function) : m_function(std::move(function)) {}
  void apply(std::string& text) const override { m_function(text); }

 private:
  std::function<void(std::string&)> m_function;
};

Made make(std::function<void(std::string&)> function) {
  return std::make_unique<Function>(std::move(function));
}

/// Calls `change(c, out)` for every character.
template <class Change>
void rebuild(std::string& text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = codePointAt(text, i);
    change(c.value, out);
    i += c.length;
  }
  text = std::move(out);
}

void lowercase(std::string& text) {
  rebuild(text, [](char32_t c, std::string& out) {
    appendUtf8(out, c == 0x130 ? U'i' : simpleLower(c));
    if (c == 0x130) appendUtf8(out, 0x307);  // the only full mapping without a context (SpecialCasing.txt)
  });
}

void removeIf(std::string& text, bool (*isRemoved)(char32_t)) {
  rebuild(text, [isRemoved](char32_t c, std::string& out) {
    if (!isRemoved(c)) appendUtf8(out, c);
  });
}

/// One of the four normalization forms, by ICU.
const icu::Normalizer2& form(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = name == "NFC"    ? icu::Normalizer2::getNFCInstance(status)
                                       : name == "NFD"  ? icu::Normalizer2::getNFDInstance(status)
                                       : name == "NFKC" ? icu::Normalizer2::getNFKCInstance(status)
                                                        : icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status) != 0 || normalizer == nullptr) {
    throw Error(ErrorCode::Io, "the Unicode tables of ICU cannot be read (" +
                                   std::string(u_errorName(status)) + "); install libicu again");
  }
  return *normalizer;
}

void applyForm(const icu::Normalizer2& normalizer, std::string& text) {
  const auto isAscii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), isAscii)) return;
  std::string out;
  out.reserve(text.size());
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode status = U_ZERO_ERROR;
  normalizer.normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink,
                           nullptr, status);
  if (U_FAILURE(status) != 0) {
    throw Error(ErrorCode::Numeric, "the text cannot be brought to a Unicode normalization form (" +
                                        std::string(u_errorName(status)) + "); give a smaller text");
  }
  text = std::move(out);
}

Made unicodeForm(const std::string& name) {
  const icu::Normalizer2& normalizer = form(name);
  return make([&normalizer](std::string& text) { applyForm(normalizer, text); });
}

void replaceAll(std::string& text, const std::string& from, const std::string& to) {
  std::size_t found = text.find(from);
  if (found == std::string::npos) return;
  std::string out;
  std::size_t begin = 0;
  for (; found != std::string::npos; found = text.find(from, begin)) {
    out.append(text, begin, found - begin).append(to);
    begin = found + from.size();
  }
  text = out.append(text, begin);
}

void replaceAll(std::string& text, const Expression& expression, const std::string& to) {
  std::vector<TextRange> matches;
  Expression::Matcher(expression).findAll(text, matches);
  if (matches.empty()) return;
  std::string out;
  std::size_t begin = 0;
  for (const TextRange& match : matches) {
    out.append(text, begin, match.begin - begin).append(to);
    begin = match.end;
  }
  text = out.append(text, begin);
}

Made makeReplace(const JsonPart& part) {
  const JsonPart pattern = part.part("pattern");
  std::string to = part.stringOr("content", "");
  if (auto from = pattern.string("String")) {
    if (from->empty()) part.failFormat("the pattern is empty");
    return make([from = *from, to](std::string& text) { replaceAll(text, from, to); });
  }
  auto expression = std::make_shared<const Expression>(pattern.requiredString("Regex"), pattern.where());
  return make([expression, to](std::string& text) { replaceAll(text, *expression, to); });
}

Made makeStrip(const JsonPart& part) {
  const bool isLeft = part.boolOr("strip_left", true), isRight = part.boolOr("strip_right", true);
  return make([isLeft, isRight](std::string& text) {
    std::size_t end = text.size(), begin = 0;
    for (; isRight && end > 0; end -= codePointBefore(text, end).length) {
      if (!isWhiteSpace(codePointBefore({text.data(), end}, end).value)) break;
    }
    for (; isLeft && begin < end; begin += codePointAt(text, begin).length) {
      if (!isWhiteSpace(codePointAt(text, begin).value)) break;
    }
    text = text.substr(begin, end - begin);
  });
}

struct CodeRange {
  char32_t first, last;
};
// As the reference has them; its fifth range begins at 2B920, not at 2B820 as the Unicode block does.
constexpr std::array<CodeRange, 8> kIdeographs = {{{0x4E00, 0x9FFF},
                                                   {0x3400, 0x4DBF},
                                                   {0x20000, 0x2A6DF},
                                                   {0x2A700, 0x2B73F},
                                                   {0x2B740, 0x2B81F},
                                                   {0x2B920, 0x2CEAF},
                                                   {0xF900, 0xFAFF},
                                                   {0x2F800, 0x2FA1F}}};

bool isIdeograph(char32_t c) {
  return std::ranges::any_of(kIdeographs,
                             [c](const CodeRange& range) { return c >= range.first && c <= range.last; });
}

/// Control characters go, every kind of space becomes a space.
void cleanForBert(std::string& text) {
  rebuild(text, [](char32_t c, std::string& out) {
    const bool isBlank = c == U'\t' || c == U'\n' || c == U'\r';
    if (c == 0 || c == 0xFFFD || (!isBlank && isOtherCategory(c))) return;
    appendUtf8(out, isBlank || isWhiteSpace(c) ? U' ' : c);
  });
}

void spaceIdeographs(std::string& text) {
  rebuild(text, [](char32_t c, std::string& out) {
    const bool isSpaced = isIdeograph(c);
    if (isSpaced) out += ' ';
    appendUtf8(out, c);
    if (isSpaced) out += ' ';
  });
}

Made makeBert(const JsonPart& part) {
  const bool isCleaned = part.boolOr("clean_text", true);
  const bool isSpaced = part.boolOr("handle_chinese_chars", true);
  const bool isLower = part.boolOr("lowercase", true);
  const bool isStripped = part.boolOr("strip_accents", isLower);
  const icu::Normalizer2& nfd = form("NFD");
  return make([=, &nfd](std::string& text) {
    if (isCleaned) cleanForBert(text);
    if (isSpaced) spaceIdeographs(text);
    if (isStripped) {
      applyForm(nfd, text);
      removeIf(text, isNonspacingMark);
    }
    if (isLower) lowercase(text);
  });
}

Made makeSequence(const JsonPart& part) {
  std::vector<std::shared_ptr<const TextNormalizer>> steps;
  for (const JsonPart& item : part.requiredList("normalizers")) {
    if (auto step = makeNormalizer(item)) steps.emplace_back(std::move(step));
  }
  return make([steps](std::string& text) {
    for (const auto& step : steps) step->apply(text);
  });
}

Made makePrepend(const JsonPart& part) {
  return make([content = part.requiredString("prepend")](std::string& text) {
    if (!text.empty()) text.insert(0, content);
  });
}

}  // namespace

Made makeNormalizer(const JsonPart& part) {
  if (part.isNull()) return nullptr;
  const std::string type = part.type();
  if (type == "Sequence") return makeSequence(part);
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") return unicodeForm(type);
  if (type == "Lowercase") return make(lowercase);
  if (type == "StripAccents") return make([](std::string& text) { removeIf(text, isMark); });
  if (type == "Prepend") return makePrepend(part);
  if (type == "Replace") return makeReplace(part);
  if (type == "Strip") return makeStrip(part);
  if (type == "BertNormalizer") return makeBert(part);
  if (type == "ByteLevel") return make([](std::string& text) { text = byteLevelText(text); });
  if (type == "Precompiled" && part.stringOr("precompiled_charsmap", "").empty()) return nullptr;
  part.failUnsupported("the normalizer " + quotedText(type));
}

}  // namespace ql
