#pragma once
// Cutting pieces at matches, in the five ways of tokenizer.json.
#include "core/calib/tokenizers/expression.h"
#include "core/calib/tokenizers/pre_tokenizers.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace ql {

enum class SplitBehaviour { Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous };

/// "Removed", ...; Error(Unsupported) for others.
SplitBehaviour splitBehaviour(const JsonPart& part, SplitBehaviour fallback);

/// A part of a piece: a match, or what lies between matches. Positions within the piece.
struct SplitRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool isMatch = false;
};

/// Ranges that cover `size` bytes, from matches in order.
void coverRanges(std::size_t size, const std::vector<TextRange>& matches, std::vector<SplitRange>& ranges);

/// Every character for which `isMatch` is a match of its own; the others in runs.
template <class IsMatch>
void coverCharacters(std::string_view text, IsMatch isMatch, std::vector<SplitRange>& ranges) {
  ranges.clear();
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint c = codePointAt(text, i);
    const std::size_t end = i + c.length;
    const bool isOne = isMatch(c.value);
    if (!isOne && !ranges.empty() && !ranges.back().isMatch) {
      ranges.back().end = end;
    } else {
      ranges.push_back({i, end, isOne});
    }
    i = end;
  }
}

/// Appends what `behaviour` makes of the ranges of one piece. `ranges` is used up.
void appendSplit(const PieceText::Piece& piece, std::vector<SplitRange>& ranges, SplitBehaviour behaviour,
                 std::vector<PieceText::Piece>& pieces);

}  // namespace ql
