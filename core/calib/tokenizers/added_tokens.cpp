#include "core/calib/tokenizers/added_tokens.h"

#include "core/base/message_text.h"
#include "core/calib/tokenizers/unicode_text.h"

#include <algorithm>

namespace ql {
namespace {

bool touchesWord(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && isWordCharacter(codePointBefore(text, begin).value)) return true;
  return end < text.size() && isWordCharacter(codePointAt(text, end).value);
}

std::size_t spaceBefore(std::string_view text, std::size_t begin) {
  while (begin > 0 && isWhiteSpace(codePointBefore(text, begin).value))
    begin -= codePointBefore(text, begin).length;
  return begin;
}

std::size_t spaceBehind(std::string_view text, std::size_t end) {
  while (end < text.size() && isWhiteSpace(codePointAt(text, end).value))
    end += codePointAt(text, end).length;
  return end;
}

}  // namespace

std::vector<AddedToken> readAddedTokens(const JsonPart& list, const Vocabulary& vocabulary) {
  std::vector<AddedToken> tokens;
  if (list.isNull()) return tokens;
  std::unordered_map<std::int32_t, std::string> owners;
  for (const JsonPart& item : list.items()) {
    AddedToken token;
    token.content = item.requiredString("content");
    token.id = item.requiredId("id");
    token.isSpecial = item.boolOr("special", false);
    token.isSingleWord = item.boolOr("single_word", false);
    token.isLeftStripped = item.boolOr("lstrip", false);
    token.isRightStripped = item.boolOr("rstrip", false);
    token.isNormalized = item.boolOr("normalized", !token.isSpecial);
    if (token.content.empty()) continue;
    const auto known = vocabulary.idOf(token.content);
    if (known) token.id = *known;
    const std::string owner(known ? token.content : vocabulary.tokenOf(token.id).value_or(token.content));
    const auto [entry, isNew] = owners.emplace(token.id, owner);
    if (entry->second != token.content) {
      item.failFormat("the added token " + quotedText(token.content) + " has the id " +
                      std::to_string(token.id) + ", which belongs to " + quotedText(entry->second));
    }
    if (isNew) tokens.push_back(std::move(token));
  }
  return tokens;
}

void AddedTokenFinder::add(const AddedToken& token, std::string_view spelling) {
  if (spelling.empty()) return;
  m_isStart[static_cast<unsigned char>(spelling.front())] = true;
  std::uint32_t node = 0;
  for (const char c : spelling) {
    const std::uint64_t edge = (std::uint64_t{node} << 8) | static_cast<unsigned char>(c);
    const auto [entry, isNew] = m_edges.emplace(edge, static_cast<std::uint32_t>(m_ends.size()));
    if (isNew) m_ends.push_back(-1);
    node = entry->second;
  }
  if (m_ends[node] >= 0) return;  // of two tokens that are spelled alike the first counts
  m_ends[node] = static_cast<std::int32_t>(m_tokens.size());
  m_tokens.push_back(token);
}

void AddedTokenFinder::longestAt(std::string_view text, std::size_t begin, Found& found) const {
  std::uint32_t node = 0;
  for (std::size_t i = begin; i < text.size(); ++i) {
    const auto edge = m_edges.find((std::uint64_t{node} << 8) | static_cast<unsigned char>(text[i]));
    if (edge == m_edges.end()) return;
    node = edge->second;
    if (m_ends[node] >= 0) found = {begin, i + 1, &m_tokens[static_cast<std::size_t>(m_ends[node])]};
  }
}

bool AddedTokenFinder::find(std::string_view text, std::size_t from, Found& found) const {
  found = {};
  for (std::size_t i = from; i < text.size() && found.token == nullptr; ++i) {
    if (m_isStart[static_cast<unsigned char>(text[i])]) longestAt(text, i, found);
  }
  return found.token != nullptr;
}

std::vector<TextSegment> AddedTokenFinder::split(std::string_view text) const {
  std::vector<TextSegment> segments;
  std::size_t done = 0;
  Found found;
  for (std::size_t from = 0; !isEmpty() && find(text, from, found); from = std::max(found.end, from + 1)) {
    const AddedToken& token = *found.token;
    if (token.isSingleWord && touchesWord(text, found.begin, found.end)) continue;
    std::size_t begin = found.begin, end = found.end;
    if (token.isLeftStripped) begin = spaceBefore(text, begin);
    if (token.isRightStripped) end = spaceBehind(text, end);
    begin = std::max(begin, done);
    if (begin >= end) continue;  // the white space that the one before took
    if (done < begin) segments.push_back({done, begin, std::nullopt});
    segments.push_back({begin, end, token.id});
    done = end;
  }
  if (done < text.size()) segments.push_back({done, text.size(), std::nullopt});
  return segments;
}

}  // namespace ql
