#include "core/plan/json_fields.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace ql {
namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 64;

std::string escapePointer(std::string_view name) {
  std::string text;
  for (const char c : name) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

/// Watches the parser for what a tree would hide: keys that come twice, endless nesting.
class ParseGuard {
 public:
  explicit ParseGuard(const std::string& file) : m_file(file) {}

  bool operator()(Json::parse_event_t event, const Json& value) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      m_keys.emplace_back();
      if (m_keys.size() > kMaxDepth) {
        throw Error(ErrorCode::Plan, m_file + ": nested deeper than " + std::to_string(kMaxDepth) +
                                         " levels; this is no plan, save it again from QuantLoupe");
      }
    } else if (event == Event::object_end || event == Event::array_end) {
      m_keys.pop_back();
    } else if (event == Event::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!m_keys.back().insert(key).second) {
        throw Error(ErrorCode::Plan, m_file + ": the key " + quotedText(key) +
                                         " appears twice in one object; remove one of the two");
      }
    }
    return true;
  }

 private:
  const std::string& m_file;
  std::vector<std::set<std::string>> m_keys;
};

}  // namespace

PlanPlace PlanPlace::key(std::string_view name) const {
  return {file, path + (path.empty() ? "" : ".") + std::string(name), pointer + "/" + escapePointer(name),
          unknown};
}

PlanPlace PlanPlace::entry(std::string_view name) const {
  return {file, path + "[" + quotedText(name) + "]", pointer + "/" + escapePointer(name), unknown};
}

PlanPlace PlanPlace::item(std::size_t index) const {
  const std::string number = std::to_string(index);
  return {file, path + "[" + number + "]", pointer + "/" + number, unknown};
}

void PlanPlace::fail(const std::string& message) const {
  throw Error(ErrorCode::Plan, file + ": " + (path.empty() ? "the plan" : path) + " " + message);
}

JsonFields::JsonFields(const Json& value, PlanPlace place) : m_value(value), m_place(std::move(place)) {
  if (!value.is_object())
    m_place.fail("is " + std::string(value.type_name()) + "; write an object in braces {}");
}

const Json* JsonFields::find(const char* key) {
  m_asked.insert(key);
  const auto found = m_value.find(key);
  return found == m_value.end() ? nullptr : &*found;
}

const Json& JsonFields::need(const char* key, const std::string& expected) {
  const Json* value = find(key);
  if (value == nullptr) m_place.key(key).fail("is missing; write " + expected);
  return *value;
}

std::string JsonFields::text(const char* key, const std::string& expected) {
  const Json& value = need(key, expected);
  if (!value.is_string())
    m_place.key(key).fail("is " + std::string(value.type_name()) + "; write " + expected);
  return value.get<std::string>();
}

bool JsonFields::flag(const char* key) {
  const Json& value = need(key, "true or false");
  if (!value.is_boolean())
    m_place.key(key).fail("is " + std::string(value.type_name()) + "; write true or false");
  return value.get<bool>();
}

std::optional<std::int64_t> JsonFields::wholeNumber(const char* key, std::int64_t minimum) {
  constexpr std::int64_t kMaximum = std::int64_t{1} << 40;
  const Json* value = find(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  const bool isWhole = value->is_number_integer();
  const bool isTooLarge =
      value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(kMaximum);
  if (!isWhole || isTooLarge || value->get<std::int64_t>() < minimum) {
    m_place.key(key).fail("is " + value->dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 80) +
                          "; write a whole number from " + std::to_string(minimum) + ", or null");
  }
  return value->get<std::int64_t>();
}

std::optional<double> JsonFields::number(const char* key) {
  const Json* value = find(key);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (!value->is_number() || !std::isfinite(value->get<double>())) {
    m_place.key(key).fail("is " + std::string(value->type_name()) + "; write a number, or null");
  }
  return value->get<double>();
}

std::vector<std::string> JsonFields::names(const char* key) {
  std::vector<std::string> result;
  const Json* value = find(key);
  if (value == nullptr) return result;
  if (!value->is_array())
    m_place.key(key).fail("is " + std::string(value->type_name()) + "; write a list of names []");
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& name = (*value)[i];
    if (!name.is_string()) {
      m_place.key(key).item(i).fail("is " + std::string(name.type_name()) + "; write a name in quotes");
    }
    result.push_back(name.get<std::string>());
  }
  return result;
}

std::string JsonFields::leftOver() const {
  Json rest = Json::object();
  for (const auto& [key, value] : m_value.items()) {
    if (!m_asked.contains(key)) rest[key] = value;
  }
  return rest.empty() ? "" : rest.dump();
}

void JsonFields::keepLeftOver() const {
  const std::string rest = leftOver();
  if (!rest.empty() && m_place.unknown != nullptr) m_place.unknown->emplace(m_place.pointer, rest);
}

Json parsePlanJson(std::string_view text, const std::string& file) {
  ParseGuard guard(file);
  try {
    return Json::parse(text.begin(), text.end(),
                       [&](int, Json::parse_event_t event, Json& value) { return guard(event, value); });
  } catch (const Json::parse_error& error) {
    throw Error(ErrorCode::Plan, file + ": not valid JSON at byte " + std::to_string(error.byte) +
                                     "; mend it in a text editor or take an earlier copy of the plan");
  } catch (const Json::exception&) {  // a number beyond the range of double
    throw Error(ErrorCode::Plan, file + ": a number is too large to be read; write numbers below 1e308");
  }
}

}  // namespace ql
