#pragma once
// The "added_tokens" of tokenizer.json, which are found in the text before anything else happens to it.
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/vocabulary.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ql {

struct AddedToken {
  std::string content;
  std::int32_t id = 0;
  bool isSingleWord = false;    // only where no word character touches it
  bool isLeftStripped = false;  // takes the white space before it
  bool isRightStripped = false;
  bool isNormalized = false;  // looked for in the normalized text
  bool isSpecial = false;
};

/// The list of "added_tokens". An id must not belong to another token of `vocabulary`; where the content is a
/// token of the vocabulary already, that one's id counts. Throws Error(Format).
std::vector<AddedToken> readAddedTokens(const JsonPart& list, const Vocabulary& vocabulary);

/// A piece of text, or a token found in it.
struct TextSegment {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::optional<std::int32_t> token;
};

/// Finds tokens in text: leftmost, and of those the longest. Immutable and thread-safe.
class AddedTokenFinder {
 public:
  /// `spelling(token)` is what is looked for; empty ones are left out.
  void add(const AddedToken& token, std::string_view spelling);
  bool isEmpty() const { return m_tokens.empty(); }
  /// Covers the whole text; segments are not empty. Cost: bytes times the longest token.
  std::vector<TextSegment> split(std::string_view text) const;

 private:
  struct Found {
    std::size_t begin = 0, end = 0;
    const AddedToken* token = nullptr;
  };
  bool find(std::string_view text, std::size_t from, Found& found) const;
  void longestAt(std::string_view text, std::size_t begin, Found& found) const;

  std::vector<AddedToken> m_tokens;
  // A trie: (node << 8 | byte) -> node; the token that ends at a node, or -1.
  std::unordered_map<std::uint64_t, std::uint32_t> m_edges;
  std::vector<std::int32_t> m_ends = {-1};
  std::array<bool, 256> m_isStart{};  // bytes that a token begins with
};

}  // namespace ql
