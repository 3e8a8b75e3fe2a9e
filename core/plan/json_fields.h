#pragma once
// One object of a plan file: fields with checked types, and what is left over kept as text. Internal.
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Where in which file reading is, for messages; and where unknown keys of inner objects go.
struct PlanPlace {
  std::string file;                             // "plan.qlplan.json"
  std::string path;                             // "layers[\"model.layers.0.mlp.up_proj\"].weight"
  std::string pointer;                          // the same as a JSON pointer (RFC 6901)
  std::map<std::string, std::string>* unknown;  // by pointer

  PlanPlace key(std::string_view name) const;    // path.name
  PlanPlace entry(std::string_view name) const;  // path["name"]
  PlanPlace item(std::size_t index) const;       // path[3]
  /// Throws Error(Plan): "FILE: PATH MESSAGE; REMEDY".
  [[noreturn]] void fail(const std::string& message) const;
};

class JsonFields {
 public:
  /// Throws when `value` is no object. Both arguments must outlive this.
  JsonFields(const nlohmann::json& value, PlanPlace place);

  const PlanPlace& place() const { return m_place; }
  /// The value, null included; nullptr when absent.
  const nlohmann::json* find(const char* key);
  /// As find, but absent is an error that says what to write.
  const nlohmann::json& need(const char* key, const std::string& expected);
  std::string text(const char* key, const std::string& expected);
  bool flag(const char* key);
  /// Absent and null are nothing.
  std::optional<std::int64_t> wholeNumber(const char* key, std::int64_t minimum);
  std::optional<double> number(const char* key);
  std::vector<std::string> names(const char* key);
  /// Keys that were never asked for, as JSON object text; "" when there are none.
  std::string leftOver() const;
  /// Hands the left-over keys to place().unknown.
  void keepLeftOver() const;

 private:
  const nlohmann::json& m_value;
  PlanPlace m_place;
  std::set<std::string> m_asked;
};

/// Parses with a limit on nesting; a key twice in one object is an error. Throws Error(Plan) with the byte or
/// the path.
nlohmann::json parsePlanJson(std::string_view text, const std::string& file);

}  // namespace ql
