#include "core/calib/tokenizers/piece_split.h"

#include "core/base/message_text.h"

#include <algorithm>
#include <string>

namespace ql {
namespace {

/// A range joins the one before it when `joins(range, isAfterMatch)`.
template <class Joins>
void fold(std::vector<SplitRange>& ranges, Joins joins) {
  std::size_t count = 0;
  bool isAfterMatch = false;
  for (const SplitRange& range : ranges) {
    const bool isMatch = range.isMatch;
    if (count > 0 && joins(isMatch, isAfterMatch)) {
      ranges[count - 1].begin = std::min(ranges[count - 1].begin, range.begin);
      ranges[count - 1].end = std::max(ranges[count - 1].end, range.end);
    } else {
      ranges[count++] = {range.begin, range.end, false};
    }
    isAfterMatch = isMatch;
  }
  ranges.resize(count);
}

bool isLoneMatch(bool isMatch, bool isAfterMatch) {
  return isMatch && !isAfterMatch;
}

void applyBehaviour(std::vector<SplitRange>& ranges, SplitBehaviour behaviour) {
  switch (behaviour) {
    case SplitBehaviour::Removed:
      std::erase_if(ranges, [](const SplitRange& r) { return r.isMatch; });
      break;
    case SplitBehaviour::Isolated:
      break;
    case SplitBehaviour::Contiguous:
      fold(ranges, [](bool is, bool was) { return is == was; });
      break;
    case SplitBehaviour::MergedWithPrevious:
      fold(ranges, isLoneMatch);
      break;
    case SplitBehaviour::MergedWithNext:
      std::ranges::reverse(ranges);
      fold(ranges, isLoneMatch);
      std::ranges::reverse(ranges);
  }
}

}  // namespace

SplitBehaviour splitBehaviour(const JsonPart& part, SplitBehaviour fallback) {
  const auto name = part.string("behavior");
  if (!name) return fallback;
  if (*name == "Removed") return SplitBehaviour::Removed;
  if (*name == "Isolated") return SplitBehaviour::Isolated;
  if (*name == "MergedWithPrevious") return SplitBehaviour::MergedWithPrevious;
  if (*name == "MergedWithNext") return SplitBehaviour::MergedWithNext;
  if (*name == "Contiguous") return SplitBehaviour::Contiguous;
  part.failUnsupported("the behavior " + quotedText(*name));
}

void coverRanges(std::size_t size, const std::vector<TextRange>& matches, std::vector<SplitRange>& ranges) {
  ranges.clear();
  std::size_t begin = 0;
  for (const TextRange& match : matches) {
    if (begin != match.begin) ranges.push_back({begin, match.begin, false});
    ranges.push_back({match.begin, match.end, true});
    begin = match.end;
  }
  if (begin != size) ranges.push_back({begin, size, false});
}

void appendSplit(const PieceText::Piece& piece, std::vector<SplitRange>& ranges, SplitBehaviour behaviour,
                 std::vector<PieceText::Piece>& pieces) {
  applyBehaviour(ranges, behaviour);
  for (const SplitRange& range : ranges) {
    if (range.begin == range.end) continue;
    pieces.push_back({piece.begin + range.begin, piece.begin + range.end, piece.isFirst && range.begin == 0});
  }
}

}  // namespace ql
