// WordPiece of BERT: the longest token that the rest of the word begins with, again and again.
// Source: google-research/bert, tokenization.py, WordpieceTokenizer.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/token_model.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ql {
namespace {

class WordPiece : public TokenModel {
 public:
  WordPiece(const JsonPart& model, const Vocabulary& vocabulary)
      : m_vocabulary(vocabulary),
        m_where(model.where()),
        m_unknown(model.stringOr("unk_token", "[UNK]")),
        m_prefix(model.stringOr("continuing_subword_prefix", "##")),
        m_maxCharacters(static_cast<std::size_t>(model.countOr("max_input_chars_per_word", 100))) {
    for (std::int32_t id = 0; id < vocabulary.size(); ++id)
      m_longest = std::max(m_longest, vocabulary.tokenOf(id).value_or("").size());
  }

  std::string_view kind() const override { return "wordpiece"; }

  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const override {
    const std::size_t before = ids.size();
    if (characters(piece) <= m_maxCharacters && addTokens(piece, ids)) return;
    ids.resize(before);
    ids.push_back(unknownId());
  }

 private:
  static std::size_t characters(std::string_view piece) {
    return static_cast<std::size_t>(std::ranges::count_if(
        piece, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
  }

  bool addTokens(std::string_view piece, std::vector<std::int32_t>& ids) const {
    std::string spelled;
    for (std::size_t begin = 0; begin < piece.size();) {
      spelled = begin == 0 ? "" : m_prefix;
      const std::size_t prefixBytes = spelled.size();
      spelled += piece.substr(begin, m_longest);  // nothing longer is in the vocabulary
      std::string_view token = spelled;
      std::optional<std::int32_t> id;
      for (; token.size() > prefixBytes; token.remove_suffix(1)) {
        if ((id = m_vocabulary.idOf(token))) break;
      }
      if (!id) return false;
      ids.push_back(*id);
      begin += token.size() - prefixBytes;
    }
    return true;
  }

  std::int32_t unknownId() const {
    const auto id = m_vocabulary.idOf(m_unknown);
    if (id) return *id;
    throw Error(ErrorCode::Format, m_where + ": the unk_token " + quotedText(m_unknown) +
                                       " is not in the vocabulary, but the text needs it; "
                                       "give token ids (.npy) instead of a text");
  }

  const Vocabulary& m_vocabulary;
  std::string m_where;
  std::string m_unknown;
  std::string m_prefix;
  std::size_t m_maxCharacters;
  std::size_t m_longest = 0;
};

}  // namespace

std::unique_ptr<const TokenModel> makeWordPiece(const JsonPart& model, const Vocabulary& vocabulary) {
  return std::make_unique<WordPiece>(model, vocabulary);
}

}  // namespace ql
