#include "core/calib/tokenizers/decoders.h"

#include "core/calib/tokenizers/byte_level.h"
#include "core/calib/tokenizers/expression.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

namespace ql {
namespace {

using Made = std::unique_ptr<const TokenDecoder>;
using Tokens = std::vector<std::string>;

class Function : public TokenDecoder {
 public:
  explicit Function(std::function<void(Tokens&)> function) : m_function(std::move(function)) {}
  void apply(Tokens& tokens) const override { m_function(tokens); }

 private:
  std::function<void(Tokens&)> m_function;
};

Made make(std::function<void(Tokens&)> function) {
  return std::make_unique<Function>(std::move(function));
}

void fuse(Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token;
  tokens.assign(1, std::move(text));
}

void replaceAll(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t i = text.find(from); i != std::string::npos; i = text.find(from, i + to.size()))
    text.replace(i, from.size(), to);
}

void decodeByteLevel(Tokens& tokens) {
  std::string bytes;
  for (const std::string& token : tokens) bytes += bytesOfByteLevel(token).value_or(token);
  tokens.assign(1, wellFormedUtf8(bytes));
}

/// Runs of byte tokens that are no UTF-8 give one U+FFFD a byte.
void decodeBytes(Tokens& tokens) {
  Tokens out;
  std::string bytes;
  const auto flush = [&] {
    if (bytes.empty()) return;
    if (!isWellFormedUtf8(bytes)) {
      std::string marks;
      for (std::size_t i = 0; i < bytes.size(); ++i) appendUtf8(marks, 0xFFFD);
      bytes = std::move(marks);
    }
    out.push_back(std::exchange(bytes, {}));
  };
  for (std::string& token : tokens) {
    const int byte = byteOfToken(token);
    if (byte >= 0) {
      bytes += static_cast<char>(byte);
    } else {
      flush();
      out.push_back(std::move(token));
    }
  }
  flush();
  tokens = std::move(out);
}

// English only, as in the reference's "cleanup".
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kCleanups = {{{" .", "."},
                                                                                      {" ?", "?"},
                                                                                      {" !", "!"},
                                                                                      {" ,", ","},
                                                                                      {" ' ", "'"},
                                                                                      {" n't", "n't"},
                                                                                      {" 'm", "'m"},
                                                                                      {" do not", " don't"},
                                                                                      {" 's", "'s"},
                                                                                      {" 've", "'ve"},
                                                                                      {" 're", "'re"}}};

Made makeWordPieceDecoder(const JsonPart& part) {
  const std::string prefix = part.stringOr("prefix", "##");
  const bool isCleaned = part.boolOr("cleanup", true);
  return make([prefix, isCleaned](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      std::string& token = tokens[i];
      if (i > 0) token = token.starts_with(prefix) ? token.substr(prefix.size()) : " " + token;
      if (!isCleaned) continue;
      for (const auto& [from, to] : kCleanups) replaceAll(token, from, to);
    }
  });
}

Made makeMetaspaceDecoder(const JsonPart& part) {
  const std::string mark = part.stringOr("replacement", "\xE2\x96\x81");
  const bool isPrefixed =
      part.stringOr("prepend_scheme", "always") != "never" && part.boolOr("add_prefix_space", true);
  if (mark.empty()) part.failFormat("\"replacement\" must be one character");
  return make([mark, isPrefixed](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      replaceAll(tokens[i], mark, i == 0 && isPrefixed ? std::string_view() : std::string_view(" "));
  });
}

Made makeReplaceDecoder(const JsonPart& part) {
  const auto from = part.part("pattern").string("String");
  const std::string to = part.stringOr("content", "");
  if (!from || from->empty()) return nullptr;
  return make([from = *from, to](Tokens& tokens) {
    for (std::string& token : tokens) replaceAll(token, from, to);
  });
}

Made makeStripDecoder(const JsonPart& part) {
  const std::string content = part.stringOr("content", " ");
  const std::int64_t start = part.countOr("start", 0), stop = part.countOr("stop", 0);
  if (content.empty()) part.failFormat("\"content\" must be one character");
  return make([content, start, stop](Tokens& tokens) {
    for (std::string& token : tokens) {
      for (std::int64_t k = 0; k < start && token.starts_with(content); ++k) token.erase(0, content.size());
      for (std::int64_t k = 0; k < stop && token.ends_with(content); ++k)
        token.resize(token.size() - content.size());
    }
  });
}

Made makeBpeDecoder(const JsonPart& part) {
  const std::string suffix = part.stringOr("suffix", "</w>");
  if (suffix.empty()) return nullptr;
  return make([suffix](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      replaceAll(tokens[i], suffix, i + 1 < tokens.size() ? " " : "");
  });
}

Made makeSequence(const JsonPart& part) {
  std::vector<std::shared_ptr<const TokenDecoder>> steps;
  for (const JsonPart& item : part.requiredList("decoders")) {
    if (auto step = makeDecoder(item)) steps.emplace_back(std::move(step));
  }
  return make([steps](Tokens& tokens) {
    for (const auto& step : steps) step->apply(tokens);
  });
}

}  // namespace

int byteOfToken(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return -1;
  int value = 0;
  for (const char c : {token[3], token[4]}) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

Made makeDecoder(const JsonPart& part) {
  if (part.isNull()) return nullptr;
  const std::string type = part.type();
  if (type == "Sequence") return makeSequence(part);
  if (type == "ByteLevel") return make(decodeByteLevel);
  if (type == "ByteFallback") return make(decodeBytes);
  if (type == "Fuse") return make(fuse);
  if (type == "Replace") return makeReplaceDecoder(part);
  if (type == "Strip") return makeStripDecoder(part);
  if (type == "Metaspace") return makeMetaspaceDecoder(part);
  if (type == "WordPiece") return makeWordPieceDecoder(part);
  if (type == "BPEDecoder") return makeBpeDecoder(part);
  return nullptr;
}

}  // namespace ql
