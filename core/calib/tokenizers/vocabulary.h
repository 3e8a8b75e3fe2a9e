#pragma once
// Tokens and their ids, both ways.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ql {

/// Lets maps of strings be searched with views.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

class Vocabulary {
 public:
  /// `where` is the file as it stands in messages. Throws Error(Format) when the id is out of range or
  /// belongs to another token, or the token is there already.
  void add(std::string token, std::uint64_t id, const std::string& where);
  void reserve(std::size_t count) { m_ids.reserve(count); }

  std::optional<std::int32_t> idOf(std::string_view token) const {
    const auto found = m_ids.find(token);
    return found == m_ids.end() ? std::nullopt : std::optional(found->second);
  }
  /// Nothing for an id without a token.
  std::optional<std::string_view> tokenOf(std::int32_t id) const;
  std::size_t count() const { return m_ids.size(); }
  std::int32_t size() const { return static_cast<std::int32_t>(m_tokens.size()); }  // largest id + 1

 private:
  TextMap<std::int32_t> m_ids;
  std::vector<const std::string*> m_tokens;  // keys of m_ids, which stay where they are
};

}  // namespace ql
