#include "core/calib/tokenizers/pre_tokenizers.h"

#include "core/base/message_text.h"
#include "core/calib/tokenizers/byte_level.h"
#include "core/calib/tokenizers/expression.h"
#include "core/calib/tokenizers/piece_split.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace ql {
namespace {

using Made = std::unique_ptr<const PreTokenizer>;
using Piece = PieceText::Piece;

// openai/gpt-2, src/encoder.py
constexpr std::string_view kGpt2Expression =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// Rewrites every piece: `rewrite(piece, view, out)` appends its new text.
template <class Rewrite>
void rewritePieces(PieceText& pieces, Rewrite rewrite) {
  std::string text;
  text.reserve(pieces.text.size() + pieces.text.size() / 4 + 16);
  for (Piece& piece : pieces.pieces) {
    const std::size_t begin = text.size();
    rewrite(piece, pieces.view(piece), text);
    piece.begin = begin;
    piece.end = text.size();
  }
  pieces.text = std::move(text);
}

/// Cuts every piece: `cover(view, ranges)` finds the matches in it.
template <class Cover>
void splitPieces(PieceText& pieces, SplitBehaviour behaviour, Cover cover) {
  std::vector<Piece> cut;
  std::vector<SplitRange> ranges;
  for (const Piece& piece : pieces.pieces) {
    cover(pieces.view(piece), ranges);
    appendSplit(piece, ranges, behaviour, cut);
  }
  pieces.pieces = std::move(cut);
}

void splitByExpression(PieceText& pieces, const Expression& expression, SplitBehaviour behaviour,
                       bool isInverted) {
  Expression::Matcher matcher(expression);
  std::vector<TextRange> matches;
  splitPieces(pieces, behaviour, [&](std::string_view view, std::vector<SplitRange>& ranges) {
    matcher.findAll(view, matches);
    coverRanges(view.size(), matches, ranges);
    if (!isInverted) return;
    for (SplitRange& range : ranges) range.isMatch = !range.isMatch;
  });
}

template <class IsMatch>
void splitByCharacter(PieceText& pieces, SplitBehaviour behaviour, IsMatch isMatch) {
  splitPieces(pieces, behaviour, [&](std::string_view view, std::vector<SplitRange>& ranges) {
    coverCharacters(view, isMatch, ranges);
  });
}

class Sequence : public PreTokenizer {
 public:
  explicit Sequence(const JsonPart& part) {
    for (const JsonPart& item : part.requiredList("pretokenizers")) {
      if (auto step = makePreTokenizer(item)) m_steps.push_back(std::move(step));
    }
  }
  void apply(PieceText& pieces) const override {
    for (const Made& step : m_steps) step->apply(pieces);
  }

 private:
  std::vector<Made> m_steps;
};

class ByteLevel : public PreTokenizer {
 public:
  explicit ByteLevel(const JsonPart& part) : m_isPrefixed(part.boolOr("add_prefix_space", true)) {
    if (part.boolOr("use_regex", true)) m_expression.emplace(kGpt2Expression, part.where());
  }
  void apply(PieceText& pieces) const override {
    if (m_isPrefixed) {
      rewritePieces(pieces, [](const Piece&, std::string_view view, std::string& out) {
        if (view.front() != ' ') out += ' ';
        out += view;
      });
    }
    if (m_expression) splitByExpression(pieces, *m_expression, SplitBehaviour::Isolated, false);
    rewritePieces(pieces,
                  [](const Piece&, std::string_view view, std::string& out) { appendByteLevel(out, view); });
  }

 private:
  bool m_isPrefixed;
  std::optional<Expression> m_expression;
};

class Split : public PreTokenizer {
 public:
  explicit Split(const JsonPart& part)
      : m_behaviour(splitBehaviour(part, SplitBehaviour::Isolated)),
        m_isInverted(part.boolOr("invert", false)) {
    const JsonPart pattern = part.part("pattern");
    m_literal = pattern.string("String");
    if (!m_literal) m_expression.emplace(pattern.requiredString("Regex"), pattern.where());
  }
  void apply(PieceText& pieces) const override {
    if (m_expression) return splitByExpression(pieces, *m_expression, m_behaviour, m_isInverted);
    if (m_literal->empty()) return;
    std::vector<TextRange> matches;
    splitPieces(pieces, m_behaviour, [&](std::string_view view, std::vector<SplitRange>& ranges) {
      matches.clear();
      for (std::size_t i = view.find(*m_literal); i != std::string_view::npos;
           i = view.find(*m_literal, i + m_literal->size()))
        matches.push_back({i, i + m_literal->size()});
      coverRanges(view.size(), matches, ranges);
      if (!m_isInverted) return;
      for (SplitRange& range : ranges) range.isMatch = !range.isMatch;
    });
  }

 private:
  SplitBehaviour m_behaviour;
  bool m_isInverted;
  std::optional<std::string> m_literal;
  std::optional<Expression> m_expression;
};

class Metaspace : public PreTokenizer {
 public:
  explicit Metaspace(const JsonPart& part)
      : m_replacement(part.stringOr("replacement", "\xE2\x96\x81")),
        m_scheme(part.stringOr("prepend_scheme", "always")),
        m_isSplit(part.boolOr("split", true)) {
    if (!part.boolOr("add_prefix_space", true)) m_scheme = "never";  // files written before 2023-11
    if (m_scheme != "always" && m_scheme != "first" && m_scheme != "never")
      part.failUnsupported("the prepend_scheme " + quotedText(m_scheme));
    if (!isWellFormedUtf8(m_replacement) || m_replacement.empty() ||
        codePointAt(m_replacement, 0).length != m_replacement.size())
      part.failFormat("\"replacement\" must be one character");
    m_character = codePointAt(m_replacement, 0).value;
  }
  void apply(PieceText& pieces) const override {
    rewritePieces(pieces, [this](const Piece& piece, std::string_view view, std::string& out) {
      const bool isMarked = view.front() == ' ' || view.starts_with(m_replacement);
      const bool isPrefixed = m_scheme == "always" || (m_scheme == "first" && piece.isFirst);
      if (!isMarked && isPrefixed) out += m_replacement;
      for (const char c : view) c == ' ' ? out += m_replacement : out += c;
    });
    if (!m_isSplit) return;
    splitByCharacter(pieces, SplitBehaviour::MergedWithNext, [this](char32_t c) { return c == m_character; });
  }

 private:
  std::string m_replacement;
  std::string m_scheme;
  bool m_isSplit;
  char32_t m_character = 0;
};

class Bert : public PreTokenizer {
 public:
  void apply(PieceText& pieces) const override {
    splitByCharacter(pieces, SplitBehaviour::Removed, isWhiteSpace);
    splitByCharacter(pieces, SplitBehaviour::Isolated, isPunctuationMark);
  }
};

class WhitespaceSplit : public PreTokenizer {
 public:
  void apply(PieceText& pieces) const override {
    splitByCharacter(pieces, SplitBehaviour::Removed, isWhiteSpace);
  }
};

/// \w+|[^\w\s]+
class Whitespace : public PreTokenizer {
 public:
  void apply(PieceText& pieces) const override {
    splitByCharacter(pieces, SplitBehaviour::Removed, isWhiteSpace);
    splitByCharacter(pieces, SplitBehaviour::Contiguous, isWordCharacter);
  }
};

class Punctuation : public PreTokenizer {
 public:
  explicit Punctuation(const JsonPart& part) : m_behaviour(splitBehaviour(part, SplitBehaviour::Isolated)) {}
  void apply(PieceText& pieces) const override { splitByCharacter(pieces, m_behaviour, isPunctuationMark); }

 private:
  SplitBehaviour m_behaviour;
};

class Digits : public PreTokenizer {
 public:
  explicit Digits(const JsonPart& part) : m_isIndividual(part.boolOr("individual_digits", false)) {}
  void apply(PieceText& pieces) const override {
    splitByCharacter(pieces, m_isIndividual ? SplitBehaviour::Isolated : SplitBehaviour::Contiguous,
                     isNumeric);
  }

 private:
  bool m_isIndividual;
};

class CharDelimiter : public PreTokenizer {
 public:
  explicit CharDelimiter(const JsonPart& part) {
    const std::string text = part.requiredString("delimiter");
    if (text.empty() || codePointAt(text, 0).length != text.size())
      part.failFormat("\"delimiter\" must be one character");
    m_delimiter = codePointAt(text, 0).value;
  }
  void apply(PieceText& pieces) const override {
    splitByCharacter(pieces, SplitBehaviour::Removed, [this](char32_t c) { return c == m_delimiter; });
  }

 private:
  char32_t m_delimiter = 0;
};

}  // namespace

Made makePreTokenizer(const JsonPart& part) {
  if (part.isNull()) return nullptr;
  const std::string type = part.type();
  if (type == "Sequence") return std::make_unique<Sequence>(part);
  if (type == "ByteLevel") return std::make_unique<ByteLevel>(part);
  if (type == "Split") return std::make_unique<Split>(part);
  if (type == "Metaspace") return std::make_unique<Metaspace>(part);
  if (type == "BertPreTokenizer") return std::make_unique<Bert>();
  if (type == "WhitespaceSplit") return std::make_unique<WhitespaceSplit>();
  if (type == "Whitespace") return std::make_unique<Whitespace>();
  if (type == "Punctuation") return std::make_unique<Punctuation>(part);
  if (type == "Digits") return std::make_unique<Digits>(part);
  if (type == "CharDelimiterSplit") return std::make_unique<CharDelimiter>(part);
  part.failUnsupported("the pre-tokenizer " + quotedText(type));
}

}  // namespace ql
