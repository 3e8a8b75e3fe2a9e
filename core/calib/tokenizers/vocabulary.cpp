#include "core/calib/tokenizers/vocabulary.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/tokenizers/json_part.h"

#include <utility>

namespace ql {

void Vocabulary::add(std::string token, std::uint64_t wideId, const std::string& where) {
  const std::int32_t id = checkedTokenId(wideId, token, where);
  const auto place = static_cast<std::size_t>(id);
  if (place >= m_tokens.size()) m_tokens.resize(place + 1);
  if (m_tokens[place] != nullptr) {
    throw Error(ErrorCode::Format, where + " gives the id " + std::to_string(id) + " to two tokens, " +
                                       quotedText(*m_tokens[place]) + " and " + quotedText(token) +
                                       "; is the file damaged? Download it again.");
  }
  const auto [entry, isNew] = m_ids.emplace(std::move(token), id);
  if (!isNew) {
    throw Error(ErrorCode::Format, where + " has the token " + quotedText(entry->first) +
                                       " twice, with the ids " + std::to_string(entry->second) + " and " +
                                       std::to_string(id) + "; is the file damaged? Download it again.");
  }
  m_tokens[place] = &entry->first;
}

std::optional<std::string_view> Vocabulary::tokenOf(std::int32_t id) const {
  if (id < 0 || id >= size() || m_tokens[static_cast<std::size_t>(id)] == nullptr) return std::nullopt;
  return *m_tokens[static_cast<std::size_t>(id)];
}

}  // namespace ql
