// tokenizer.model through libsentencepiece, as its makers read it.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/added_tokens.h"
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/screen_text.h"
#include "core/calib/tokenizers/sentencepiece_check.h"
#include "core/calib/tokenizers/tokenizer_format.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <sentencepiece_processor.h>
#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace ql {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Their Python classes shift or reorder the ids of the file.
constexpr std::array<std::string_view, 10> kRenumbering = {
    "XLMRoberta", "MBart", "NLLB", "Nllb", "Camembert", "Barthez", "XGLM", "M2M100", "Pegasus", "BigBird"};

class SentencePieceTokenizer : public Tokenizer {
 public:
  explicit SentencePieceTokenizer(const fs::path& path) {
    const TokenizerFile file(path);
    m_where = file.where();
    m_sha256 = file.sha256();
    checkSentencePieceModel(file.text(), m_where);
    check(m_processor.LoadFromSerializedProto(file.text()), "is not a readable SentencePiece model");
    m_size = m_processor.GetPieceSize();
    readOptions(path);
  }

  std::string_view kind() const override { return "sentencepiece"; }
  std::string sha256() const override { return m_sha256; }
  std::int32_t vocabularySize() const override { return m_size; }
  std::vector<std::int32_t> prefix() const override { return m_prefix; }
  std::vector<std::int32_t> suffix() const override { return m_suffix; }

  std::vector<std::int32_t> encode(std::string_view text) const override {
    checkTextSize(text.size());
    const std::string valid = wellFormedUtf8(text);
    std::vector<std::int32_t> ids;
    std::vector<int> part;
    for (const TextSegment& segment : m_finder.split(valid)) {
      if (segment.token) {
        ids.push_back(*segment.token);
        continue;
      }
      const std::string_view piece =
          std::string_view(valid).substr(segment.begin, segment.end - segment.begin);
      check(m_processor.Encode(piece, &part), "cannot tokenize this text");
      ids.insert(ids.end(), part.begin(), part.end());
    }
    return ids;
  }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::string text;
    std::vector<int> run;
    const auto flush = [&] {
      std::string part;
      if (!run.empty()) check(m_processor.Decode(run, &part), "cannot turn these ids into text");
      text += part;
      run.clear();
    };
    for (const std::int32_t id : ids) {
      const auto added = m_added.find(id);
      if (added == m_added.end()) {
        if (id >= 0 && id < m_processor.GetPieceSize()) run.push_back(id);
        continue;
      }
      flush();
      text += added->second;
    }
    flush();
    return text;
  }

  std::string tokenText(std::int32_t id) const override {
    const auto added = m_added.find(id);
    if (added != m_added.end()) return added->second;
    if (id < 0 || id >= m_processor.GetPieceSize()) return {};
    return metaspaceScreenText(m_processor.IdToPiece(id), m_processor.IsByte(id));
  }

 private:
  void check(const sentencepiece::util::Status& status, const std::string& what) const {
    if (status.ok()) return;
    throw Error(ErrorCode::Format, m_where + " " + what + " (" + quotedText(status.message()) +
                                       "); download it again, or give token ids (.npy) instead of a text");
  }

  /// tokenizer_config.json: the tokens added to the file's own, and what stands around a text. Without it
  /// BOS is put in front, as Llama does.
  void readOptions(const fs::path& path) {
    const Json config = companionJson(path, "tokenizer_config.json");
    const JsonPart options(config, m_where + ", tokenizer_config.json");
    const std::string type = options.stringOr("tokenizer_class", "LlamaTokenizer");
    if (std::ranges::any_of(kRenumbering, [&](std::string_view name) { return type.starts_with(name); }))
      options.failUnsupported("tokenizer.model of the tokenizer_class " + quotedText(type));
    if (options.boolOr("add_bos_token", true) && m_processor.bos_id() >= 0) m_prefix = {m_processor.bos_id()};
    if (options.boolOr("add_eos_token", false) && m_processor.eos_id() >= 0)
      m_suffix = {m_processor.eos_id()};
    addTokens(options.part("added_tokens_decoder"));
    const Json older = companionJson(path, "added_tokens.json");
    for (const auto& [content, id] : older.items()) {
      const JsonPart part(id, m_where + ", added_tokens.json");
      if (!id.is_number_unsigned()) part.failFormat("the id of " + quotedText(content) + " is not a number");
      addToken(AddedToken{content, checkedTokenId(id.get<std::uint64_t>(), content, part.where())}, part);
    }
  }

  /// {"32000": {"content": "<pad>", "lstrip": false, ...}}
  void addTokens(const JsonPart& list) {
    if (list.isNull()) return;
    for (const auto& [number, value] : list.value().items()) {
      const JsonPart item(value, list.where() + "." + number);
      if (number.empty() || number.size() > 9 || number.find_first_not_of("0123456789") != std::string::npos)
        item.failFormat("a token id is expected as the name");
      AddedToken token;
      token.content = item.requiredString("content");
      token.id = checkedTokenId(std::stoull(number), token.content, item.where());
      token.isSingleWord = item.boolOr("single_word", false);
      token.isLeftStripped = item.boolOr("lstrip", false);
      token.isRightStripped = item.boolOr("rstrip", false);
      addToken(token, item);
    }
  }

  void addToken(const AddedToken& token, const JsonPart& part) {
    if (m_added.contains(token.id) || token.content.empty()) return;
    if (token.id < m_processor.GetPieceSize() && m_processor.IdToPiece(token.id) != token.content) {
      part.failFormat("the added token " + quotedText(token.content) + " has the id " +
                      std::to_string(token.id) + ", which belongs to " +
                      quotedText(m_processor.IdToPiece(token.id)));
    }
    m_added.emplace(token.id, token.content);
    m_finder.add(token, token.content);
    m_size = std::max(m_size, token.id + 1);
  }

  sentencepiece::SentencePieceProcessor m_processor;
  std::string m_where, m_sha256;
  std::vector<std::int32_t> m_prefix, m_suffix;
  std::map<std::int32_t, std::string> m_added;
  AddedTokenFinder m_finder;
  std::int32_t m_size = 0;
};

std::shared_ptr<const Tokenizer> open(const fs::path& path) {
  try {
    return std::make_shared<const SentencePieceTokenizer>(path);
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {  // the library's tables throw what they please
    throw Error(ErrorCode::Format, quotedPath(path) + " is not a readable SentencePiece model (" +
                                       quotedText(e.what()) +
                                       "); download it again, or give token ids (.npy) instead of a text");
  }
}

}  // namespace

const TokenizerFormat& sentencePieceFormat() {
  static const TokenizerFormat format{
      "tokenizer.model", [](const fs::path& file) { return file.extension() == ".model"; }, open};
  return format;
}

}  // namespace ql
