// The tokenizer of tokenizer.json: added tokens, normalizer, pre-tokenizer, model, in that order.
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/added_tokens.h"
#include "core/calib/tokenizers/byte_level.h"
#include "core/calib/tokenizers/decoders.h"
#include "core/calib/tokenizers/json_part.h"
#include "core/calib/tokenizers/normalizers.h"
#include "core/calib/tokenizers/post_processors.h"
#include "core/calib/tokenizers/pre_tokenizers.h"
#include "core/calib/tokenizers/screen_text.h"
#include "core/calib/tokenizers/token_model.h"
#include "core/calib/tokenizers/tokenizer_spec.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

namespace ql {
namespace {

constexpr std::size_t kMaxCachedBytes = 64;         // longer pieces hardly ever come twice
constexpr std::size_t kMaxCachedPieces = 1u << 18;  // about 30 MB

/// Ids of the pieces that one call has met.
class PieceCache {
 public:
  void encode(const TokenModel& model, std::string_view piece, std::vector<std::int32_t>& ids) {
    if (piece.size() > kMaxCachedBytes) return model.encode(piece, ids);
    const auto known = m_ranges.find(piece);
    if (known != m_ranges.end()) {
      const auto [begin, count] = known->second;
      ids.insert(ids.end(), m_ids.begin() + begin, m_ids.begin() + begin + count);
      return;
    }
    const std::size_t before = ids.size();
    model.encode(piece, ids);
    if (m_ranges.size() >= kMaxCachedPieces) return;
    m_ranges.emplace(piece, std::pair(static_cast<std::ptrdiff_t>(m_ids.size()),
                                      static_cast<std::ptrdiff_t>(ids.size() - before)));
    m_ids.insert(m_ids.end(), ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end());
  }

 private:
  TextMap<std::pair<std::ptrdiff_t, std::ptrdiff_t>> m_ranges;
  std::vector<std::int32_t> m_ids;
};

bool mentionsType(const nlohmann::json& part, std::string_view type) {
  if (part.is_object() && part.contains("type") && part["type"] == type) return true;
  if (!part.is_structured()) return false;
  return std::any_of(part.begin(), part.end(),
                     [type](const nlohmann::json& item) { return mentionsType(item, type); });
}

class PipelineTokenizer : public Tokenizer {
 public:
  explicit PipelineTokenizer(TokenizerSpec spec)
      : m_sha256(std::move(spec.sha256)), m_vocabulary(std::move(spec.vocabulary)) {
    const JsonPart parts(*spec.parts, spec.where);
    const auto part = [&](const std::string& name) {
      const JsonPart found = parts.part(name);
      return JsonPart(found.value(), spec.where + ", " + name);
    };
    m_normalizer = makeNormalizer(part("normalizer"));
    m_preTokenizer = makePreTokenizer(part("pre_tokenizer"));
    m_model = makeModel(part("model"), spec);
    m_frame = readPostProcessor(part("post_processor"));
    m_decoder = makeDecoder(part("decoder"));
    m_isByteLevel = mentionsType(parts.part("pre_tokenizer").value(), "ByteLevel") ||
                    mentionsType(parts.part("normalizer").value(), "ByteLevel") ||
                    mentionsType(parts.part("decoder").value(), "ByteLevel");
    addTokens(readAddedTokens(part("added_tokens"), *m_vocabulary));
    m_mask = findMask(spec.maskToken);
    checkFrame(spec.where);
  }

  std::string_view kind() const override { return m_model->kind(); }
  std::string sha256() const override { return m_sha256; }
  std::int32_t vocabularySize() const override { return m_size; }
  std::vector<std::int32_t> prefix() const override { return m_frame.prefix; }
  std::vector<std::int32_t> suffix() const override { return m_frame.suffix; }
  std::optional<std::int32_t> maskToken() const override { return m_mask; }

  std::vector<std::int32_t> encode(std::string_view text) const override {
    checkTextSize(text.size());
    const std::string valid = wellFormedUtf8(text);
    std::vector<std::int32_t> ids;
    PieceCache cache;
    for (const TextSegment& segment : m_rawFinder.split(valid)) {
      if (segment.token) {
        ids.push_back(*segment.token);
      } else {
        encodeSegment(valid.substr(segment.begin, segment.end - segment.begin), segment.begin == 0, cache,
                      ids);
      }
    }
    return ids;
  }

  std::string decode(std::span<const std::int32_t> ids) const override {
    std::vector<std::string> tokens;
    for (const std::int32_t id : ids) {
      if (const auto token = tokenOf(id)) tokens.emplace_back(*token);
    }
    if (m_decoder) m_decoder->apply(tokens);
    std::string text;
    for (const std::string& token : tokens) text += token;
    return text;
  }

  std::string tokenText(std::int32_t id) const override {
    const auto token = tokenOf(id);
    if (!token) return {};
    if (m_added.contains(id)) return std::string(*token);
    if (m_isByteLevel) return screenText(bytesOfByteLevel(*token).value_or(std::string(*token)));
    if (m_model->kind() == "bpe") return metaspaceScreenText(*token, m_model->hasByteFallback());
    return std::string(*token);
  }

 private:
  std::unique_ptr<const TokenModel> makeModel(const JsonPart& model, const TokenizerSpec& spec) const {
    // Files older than 2020 do not say which model they hold.
    const std::string type = model.stringOr("type", spec.merges.empty() ? "WordPiece" : "BPE");
    if (type != "BPE" && type != "WordPiece") model.failUnsupported("the model " + quotedText(type));
    if (m_vocabulary->count() == 0) model.failFormat("the vocabulary is missing or empty");
    if (type == "BPE") return makeBpe(model, *m_vocabulary, spec.merges);
    return makeWordPiece(model, *m_vocabulary);
  }

  void addTokens(const std::vector<AddedToken>& tokens) {
    m_size = m_vocabulary->size();
    for (const AddedToken& token : tokens) {
      m_size = std::max(m_size, token.id + 1);
      m_added.emplace(token.id, token.content);
      std::string spelling = token.content;
      if (token.isNormalized && m_normalizer) m_normalizer->apply(spelling);
      (token.isNormalized ? m_normalizedFinder : m_rawFinder).add(token, spelling);
    }
  }

  std::optional<std::int32_t> idOf(std::string_view token) const {
    if (const auto id = m_vocabulary->idOf(token)) return id;
    for (const auto& [id, content] : m_added) {
      if (content == token) return id;
    }
    return std::nullopt;
  }

  std::optional<std::int32_t> findMask(const std::optional<std::string>& named) const {
    if (named) return idOf(*named);
    const auto mask = idOf("[MASK]");
    return mask ? mask : idOf("<mask>");
  }

  void checkFrame(const std::string& where) const {
    for (const auto* ids : {&m_frame.prefix, &m_frame.suffix}) {
      for (const std::int32_t id : *ids) {
        if (id < m_size) continue;
        throw Error(ErrorCode::Format, where + ", post_processor adds the id " + std::to_string(id) +
                                           ", but ids end at " + std::to_string(m_size - 1) +
                                           "; is the file damaged? Download it again.");
      }
    }
  }

  std::optional<std::string_view> tokenOf(std::int32_t id) const {
    const auto added = m_added.find(id);
    return added != m_added.end() ? std::optional<std::string_view>(added->second)
                                  : m_vocabulary->tokenOf(id);
  }

  void encodeSegment(std::string text, bool isAtStart, PieceCache& cache,
                     std::vector<std::int32_t>& ids) const {
    if (m_normalizer) m_normalizer->apply(text);
    for (const TextSegment& segment : m_normalizedFinder.split(text)) {
      if (segment.token) {
        ids.push_back(*segment.token);
      } else {
        encodePlain(text.substr(segment.begin, segment.end - segment.begin), isAtStart && segment.begin == 0,
                    cache, ids);
      }
    }
  }

  void encodePlain(std::string text, bool isAtStart, PieceCache& cache,
                   std::vector<std::int32_t>& ids) const {
    PieceText pieces;
    pieces.text = std::move(text);
    pieces.pieces.push_back({0, pieces.text.size(), isAtStart});
    if (m_preTokenizer) m_preTokenizer->apply(pieces);
    for (const PieceText::Piece& piece : pieces.pieces) {
      for (std::string_view rest = pieces.view(piece); !rest.empty();) {
        const std::size_t cut = m_model->firstCut(rest);
        cache.encode(*m_model, rest.substr(0, cut), ids);
        rest.remove_prefix(cut);
      }
    }
  }

  std::string m_sha256;
  std::unique_ptr<const Vocabulary> m_vocabulary;
  std::unique_ptr<const TextNormalizer> m_normalizer;
  std::unique_ptr<const PreTokenizer> m_preTokenizer;
  std::unique_ptr<const TokenModel> m_model;
  std::unique_ptr<const TokenDecoder> m_decoder;
  SequenceFrame m_frame;
  std::unordered_map<std::int32_t, std::string> m_added;
  AddedTokenFinder m_rawFinder, m_normalizedFinder;
  std::optional<std::int32_t> m_mask;
  std::int32_t m_size = 0;
  bool m_isByteLevel = false;
};

}  // namespace

std::shared_ptr<const Tokenizer> makePipelineTokenizer(TokenizerSpec spec) {
  return std::make_shared<const PipelineTokenizer>(std::move(spec));
}

}  // namespace ql
