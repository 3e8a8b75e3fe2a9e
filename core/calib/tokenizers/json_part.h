#pragma once
// One object of tokenizer.json with its place, and its fields read with checks.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

class JsonPart {
 public:
  /// `value` must outlive this object; `where` is the file and part as it stands in messages:
  /// "/m/tokenizer.json", pre_tokenizer.
  JsonPart(const nlohmann::json& value, std::string where) : m_value(&value), m_where(std::move(where)) {}

  const nlohmann::json& value() const { return *m_value; }
  const std::string& where() const { return m_where; }
  bool isNull() const;
  std::string type() const;  // of its "type" field; Error(Format) without one

  /// Absent or null gives `fallback`; another type is an Error(Format).
  bool boolOr(std::string_view name, bool fallback) const;
  std::string stringOr(std::string_view name, std::string_view fallback) const;
  std::int64_t countOr(std::string_view name, std::int64_t fallback) const;
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<std::string> string(std::string_view name) const;
  std::string requiredString(std::string_view name) const;
  std::int32_t requiredId(std::string_view name) const;
  JsonPart part(std::string_view name) const;  // null when absent
  std::vector<JsonPart> requiredList(std::string_view name) const;
  std::vector<JsonPart> items() const;  // of an array

  [[noreturn]] void failFormat(const std::string& what) const;
  /// "..., part X of type Y is not supported ..." with the remedy.
  [[noreturn]] void failUnsupported(const std::string& what) const;

 private:
  const nlohmann::json* find(std::string_view name) const;
  const nlohmann::json* m_value;
  std::string m_where;
};

/// The largest id a tokenizer may have: four times that of any published model.
inline constexpr std::int64_t kMaxTokenId = (std::int64_t{1} << 22) - 1;
/// The id, or Error(Format) when it is not in [0, kMaxTokenId]; `token` names it.
std::int32_t checkedTokenId(std::uint64_t id, std::string_view token, const std::string& where);

}  // namespace ql
