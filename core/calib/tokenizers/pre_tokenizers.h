#pragma once
// The "pre_tokenizer" of tokenizer.json: cuts text into the pieces that the model sees one by one.
#include "core/calib/tokenizers/json_part.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// A text and the pieces of it that are left, in order; never empty, never overlapping.
struct PieceText {
  struct Piece {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool isFirst = false;  // begins where the whole text begins
  };
  std::string text;
  std::vector<Piece> pieces;

  std::string_view view(const Piece& piece) const {
    return std::string_view(text).substr(piece.begin, piece.end - piece.begin);
  }
};

/// Immutable and thread-safe.
class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  virtual void apply(PieceText& pieces) const = 0;
};

/// Null for JSON null. Throws Error(Format | Unsupported) naming the part.
/// Source: huggingface/tokenizers, tokenizers/src/pre_tokenizers.
std::unique_ptr<const PreTokenizer> makePreTokenizer(const JsonPart& part);

}  // namespace ql
