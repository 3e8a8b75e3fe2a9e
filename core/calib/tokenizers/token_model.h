#pragma once
// The "model" of tokenizer.json: one piece of text to ids.
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/vocabulary.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ql {

/// Immutable and thread-safe.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual std::string_view kind() const = 0;
  /// Appends the ids of a piece of well-formed UTF-8, not empty. Cost n log n.
  virtual void encode(std::string_view piece, std::vector<std::int32_t>& ids) const = 0;
  /// Where a piece may be cut (in bytes, more than 0) without changing its ids.
  virtual std::size_t firstCut(std::string_view piece) const { return piece.size(); }
  virtual bool hasByteFallback() const { return false; }
};

using MergePair = std::pair<std::string, std::string>;

/// `model` is the "model" object without "vocab" and "merges". The vocabulary must outlive the result.
/// Throws Error(Format): a merge of unknown tokens, by number.
/// Source: huggingface/tokenizers, tokenizers/src/models.
std::unique_ptr<const TokenModel> makeBpe(const JsonPart& model, const Vocabulary& vocabulary,
                                          const std::vector<MergePair>& merges);
std::unique_ptr<const TokenModel> makeWordPiece(const JsonPart& model, const Vocabulary& vocabulary);

}  // namespace ql
