// Byte-pair encoding: from characters, the adjacent pair of the lowest rank is merged, leftmost first, until
// none is left (Sennrich et al. 2016, arXiv:1508.07909, section 3.2).
#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/token_model.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <queue>
#include <utility>

namespace ql {
namespace {

constexpr std::string_view kMetaspace = "\xE2\x96\x81";
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

struct Merge {
  std::uint32_t rank = 0;
  std::int32_t id = 0;
};

/// Open addressing with linear probing: the tables have half a million pairs and are asked for every one.
class MergeTable {
 public:
  struct Entry {
    std::uint64_t pair = kFree;
    Merge merge;
  };

  explicit MergeTable(std::size_t count) : m_entries(std::bit_ceil(2 * count + 2)) {}

  void set(std::uint64_t pair, Merge merge) { m_entries[placeOf(pair)] = {pair, merge}; }
  const Merge* find(std::uint64_t pair) const {
    const Entry& entry = m_entries[placeOf(pair)];
    return entry.pair == pair ? &entry.merge : nullptr;
  }
  const std::vector<Entry>& entries() const { return m_entries; }
  static bool isUsed(const Entry& entry) { return entry.pair != kFree; }

 private:
  static constexpr std::uint64_t kFree = std::numeric_limits<std::uint64_t>::max();  // ids are smaller

  std::size_t placeOf(std::uint64_t pair) const {
    std::uint64_t mixed = (pair ^ (pair >> 30)) * 0xBF58476D1CE4E5B9u;  // finalizer of splitmix64
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    std::size_t place = (mixed ^ (mixed >> 31)) & (m_entries.size() - 1);
    while (m_entries[place].pair != kFree && m_entries[place].pair != pair)
      place = (place + 1) & (m_entries.size() - 1);
    return place;
  }

  std::vector<Entry> m_entries;  // a power of two, at most half full
};

std::uint64_t pairKey(std::int32_t left, std::int32_t right) {
  return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint32_t>(right);
}

/// A token of a piece under way, linked to its neighbours; swallowed ones are no longer alive.
struct Symbol {
  std::int32_t id = 0;
  bool isAlive = true;
  std::size_t before = kNone;
  std::size_t after = kNone;
};

struct Candidate {
  std::uint32_t rank = 0;
  std::int32_t id = 0;
  std::size_t left = 0;
  /// The queue serves the lowest rank first, and of equal ranks the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : left > other.left;
  }
};

/// One piece on its way from characters to tokens.
class Word {
 public:
  explicit Word(const MergeTable& merges) : m_merges(merges) {}

  void add(std::int32_t id) {
    const std::size_t place = m_symbols.size();
    m_symbols.push_back({id, true, place == 0 ? kNone : place - 1, kNone});
    if (place > 0) m_symbols[place - 1].after = place;
  }

  void merge() {
    std::vector<Candidate> first;
    first.reserve(m_symbols.size());
    for (std::size_t i = 0; i + 1 < m_symbols.size(); ++i) {
      const Merge* merge = m_merges.find(pairKey(m_symbols[i].id, m_symbols[i + 1].id));
      if (merge != nullptr) first.push_back({merge->rank, merge->id, i});
    }
    m_queue = std::priority_queue<Candidate>(std::less<Candidate>(), std::move(first));
    while (!m_queue.empty()) {
      const Candidate best = m_queue.top();
      m_queue.pop();
      Symbol& left = m_symbols[best.left];
      if (!left.isAlive || left.after == kNone) continue;
      Symbol& right = m_symbols[left.after];
      const Merge* merge = m_merges.find(pairKey(left.id, right.id));
      if (merge == nullptr || merge->id != best.id) continue;  // one of the two has changed since
      left.id = best.id;
      left.after = right.after;
      right.isAlive = false;
      if (right.after != kNone) m_symbols[right.after].before = best.left;
      if (left.before != kNone) propose(left.before);
      propose(best.left);
    }
  }

  void appendTo(std::vector<std::int32_t>& ids) const {
    for (const Symbol& symbol : m_symbols) {
      if (symbol.isAlive) ids.push_back(symbol.id);
    }
  }

 private:
  void propose(std::size_t left) {
    const std::size_t right = m_symbols[left].after;
    if (right == kNone) return;
    const Merge* merge = m_merges.find(pairKey(m_symbols[left].id, m_symbols[right].id));
    if (merge != nullptr) m_queue.push({merge->rank, merge->id, left});
  }

  const MergeTable& m_merges;
  std::vector<Symbol> m_symbols;
  std::priority_queue<Candidate> m_queue;
};

/// Whether no merge joins another character with a ▁ behind it: then every such place may be cut.
bool isCutAtMetaspace(const Vocabulary& vocabulary, const MergeTable& merges) {
  if (!vocabulary.idOf(kMetaspace)) return false;
  for (const MergeTable::Entry& entry : merges.entries()) {
    if (!MergeTable::isUsed(entry)) continue;
    const std::string_view token = vocabulary.tokenOf(entry.merge.id).value_or("");
    for (std::size_t i = token.find(kMetaspace, 1); i != std::string_view::npos;
         i = token.find(kMetaspace, i + 1)) {
      if (token.substr(0, i).size() < kMetaspace.size() || !token.substr(0, i).ends_with(kMetaspace))
        return false;
    }
  }
  return true;
}

class Bpe : public TokenModel {
 public:
  Bpe(const JsonPart& model, const Vocabulary& vocabulary, const std::vector<MergePair>& merges)
      : m_vocabulary(vocabulary),
        m_where(model.where()),
        m_unknown(model.string("unk_token")),
        m_prefix(model.stringOr("continuing_subword_prefix", "")),
        m_suffix(model.stringOr("end_of_word_suffix", "")),
        m_isFused(model.boolOr("fuse_unk", false)),
        m_hasBytes(model.boolOr("byte_fallback", false)),
        m_isWholeFirst(model.boolOr("ignore_merges", false)),
        m_merges(merges.size()) {
    if (model.countOr("dropout", 0) != 0) model.failUnsupported("a dropout that is not null");
    readMerges(model, merges);
    readBytes();
    m_isCut =
        !m_isWholeFirst && m_prefix.empty() && m_suffix.empty() && isCutAtMetaspace(vocabulary, m_merges);
  }

  std::string_view kind() const override { return "bpe"; }
  bool hasByteFallback() const override { return m_hasBytes; }

  void encode(std::string_view piece, std::vector<std::int32_t>& ids) const override {
    if (m_isWholeFirst) {
      if (const auto id = m_vocabulary.idOf(piece)) return ids.push_back(*id);
    }
    Word word(m_merges);
    addCharacters(piece, word);
    word.merge();
    word.appendTo(ids);
  }

  std::size_t firstCut(std::string_view piece) const override {
    if (!m_isCut) return piece.size();
    std::size_t begin = 0;
    while (piece.substr(begin).starts_with(kMetaspace)) begin += kMetaspace.size();
    return std::min(piece.find(kMetaspace, begin), piece.size());
  }

 private:
  void readMerges(const JsonPart& model, const std::vector<MergePair>& merges) {
    for (std::size_t i = 0; i < merges.size(); ++i) {
      const std::string& left = merges[i].first;
      const std::string& right = merges[i].second;
      const auto fail = [&](const std::string& token) {
        model.failFormat("merge " + withThousands(i + 1) + " (" + quotedText(left) + " with " +
                         quotedText(right) + ") needs the token " + quotedText(token) +
                         ", which the vocabulary does not have");
      };
      const auto leftId = m_vocabulary.idOf(left), rightId = m_vocabulary.idOf(right);
      if (!leftId) fail(left);
      if (!rightId) fail(right);
      if (!right.starts_with(m_prefix)) fail(m_prefix + right);
      const std::string merged = left + right.substr(m_prefix.size());
      const auto id = m_vocabulary.idOf(merged);
      if (!id) fail(merged);
      m_merges.set(pairKey(*leftId, *rightId), {static_cast<std::uint32_t>(i), *id});
    }
  }

  void readBytes() {
    if (!m_hasBytes) return;
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::array<char, 8> name{};
      std::snprintf(name.data(), name.size(), "<0x%02X>", byte);
      m_bytes[byte] = m_vocabulary.idOf(name.data()).value_or(-1);
    }
  }

  std::int32_t unknownId() const {
    const auto id = m_vocabulary.idOf(*m_unknown);
    if (id) return *id;
    throw Error(ErrorCode::Format, m_where + ": the unk_token " + quotedText(*m_unknown) +
                                       " is not in the vocabulary, but the text needs it; "
                                       "give token ids (.npy) instead of a text");
  }

  bool addBytes(std::string_view character, Word& word) const {
    if (!m_hasBytes) return false;
    for (const char c : character) {
      if (m_bytes[static_cast<unsigned char>(c)] < 0) return false;
    }
    for (const char c : character) word.add(m_bytes[static_cast<unsigned char>(c)]);
    return true;
  }

  void addCharacters(std::string_view piece, Word& word) const {
    std::int32_t pending = -1;  // an unknown that may still grow; bytes go before it
    std::string spelled;
    for (std::size_t i = 0; i < piece.size();) {
      const std::size_t length = codePointAt(piece, i).length;
      std::string_view character = piece.substr(i, length);
      const bool isFirst = i == 0, isLast = i + length == piece.size();
      i += length;
      if ((!isFirst && !m_prefix.empty()) || (isLast && !m_suffix.empty())) {
        spelled = (isFirst ? "" : m_prefix) + std::string(character) + (isLast ? m_suffix : "");
        character = spelled;
      }
      if (const auto id = m_vocabulary.idOf(character)) {
        if (pending >= 0) word.add(pending);
        pending = -1;
        word.add(*id);
      } else if (!addBytes(character, word) && m_unknown) {
        if (pending >= 0 && !m_isFused) word.add(pending);
        if (pending < 0) pending = unknownId();
      }
    }
    if (pending >= 0) word.add(pending);
  }

  const Vocabulary& m_vocabulary;
  std::string m_where;
  std::optional<std::string> m_unknown;
  std::string m_prefix, m_suffix;
  bool m_isFused, m_hasBytes, m_isWholeFirst;
  MergeTable m_merges;
  bool m_isCut = false;
  std::array<std::int32_t, 256> m_bytes{};
};

}  // namespace

std::unique_ptr<const TokenModel> makeBpe(const JsonPart& model, const Vocabulary& vocabulary,
                                          const std::vector<MergePair>& merges) {
  return std::make_unique<Bpe>(model, vocabulary, merges);
}

}  // namespace ql
