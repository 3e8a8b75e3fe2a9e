#include "core/calib/tokenizers/json_part.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <nlohmann/json.hpp>

namespace ql {

using Json = nlohmann::json;

namespace {
const Json kNull;
}

const Json* JsonPart::find(std::string_view name) const {
  if (!m_value->is_object()) return nullptr;
  const auto found = m_value->find(name);
  return found == m_value->end() || found->is_null() ? nullptr : &*found;
}

bool JsonPart::isNull() const {
  return m_value->is_null();
}

void JsonPart::failFormat(const std::string& what) const {
  throw Error(ErrorCode::Format, m_where + ": " + what + "; is the file damaged? Download it again.");
}

void JsonPart::failUnsupported(const std::string& what) const {
  throw Error(ErrorCode::Unsupported,
              m_where + ": " + what + " is not supported; give token ids (.npy) instead of a text");
}

std::string JsonPart::type() const {
  if (!m_value->is_object()) failFormat("an object with a \"type\" is expected here");
  return requiredString("type");
}

std::optional<bool> JsonPart::boolean(std::string_view name) const {
  const Json* field = find(name);
  if (field == nullptr) return std::nullopt;
  if (!field->is_boolean()) failFormat("\"" + std::string(name) + "\" must be true or false");
  return field->get<bool>();
}

std::optional<std::string> JsonPart::string(std::string_view name) const {
  const Json* field = find(name);
  if (field == nullptr) return std::nullopt;
  if (!field->is_string()) failFormat("\"" + std::string(name) + "\" must be a text");
  return field->get<std::string>();
}

bool JsonPart::boolOr(std::string_view name, bool fallback) const {
  return boolean(name).value_or(fallback);
}

std::string JsonPart::stringOr(std::string_view name, std::string_view fallback) const {
  return string(name).value_or(std::string(fallback));
}

std::int64_t JsonPart::countOr(std::string_view name, std::int64_t fallback) const {
  const Json* field = find(name);
  if (field == nullptr) return fallback;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 31;
  if (!field->is_number_unsigned() || field->get<std::uint64_t>() >= kMost)
    failFormat("\"" + std::string(name) + "\" must be a count");
  return field->get<std::int64_t>();
}

std::string JsonPart::requiredString(std::string_view name) const {
  const auto field = string(name);
  if (!field) failFormat("\"" + std::string(name) + "\" is missing");
  return *field;
}

std::int32_t JsonPart::requiredId(std::string_view name) const {
  const Json* field = find(name);
  if (field == nullptr || !field->is_number_unsigned())
    failFormat("\"" + std::string(name) + "\" must be a token id");
  return checkedTokenId(field->get<std::uint64_t>(), name, m_where);
}

JsonPart JsonPart::part(std::string_view name) const {
  const Json* field = find(name);
  return {field == nullptr ? kNull : *field, m_where + "." + std::string(name)};
}

std::vector<JsonPart> JsonPart::requiredList(std::string_view name) const {
  const Json* field = find(name);
  if (field == nullptr || !field->is_array()) failFormat("\"" + std::string(name) + "\" must be a list");
  return JsonPart(*field, m_where + "." + std::string(name)).items();
}

std::vector<JsonPart> JsonPart::items() const {
  std::vector<JsonPart> parts;
  if (!m_value->is_array()) failFormat("a list is expected here");
  for (std::size_t i = 0; i < m_value->size(); ++i)
    parts.emplace_back((*m_value)[i], m_where + "[" + std::to_string(i) + "]");
  return parts;
}

std::int32_t checkedTokenId(std::uint64_t id, std::string_view token, const std::string& where) {
  if (id > static_cast<std::uint64_t>(kMaxTokenId)) {
    throw Error(ErrorCode::Format, where + " gives the token " + quotedText(token) + " the id " +
                                       withThousands(id) + ", but at most " +
                                       withThousands(static_cast<std::uint64_t>(kMaxTokenId)) +
                                       " is possible; is the file damaged? Download it again.");
  }
  return static_cast<std::int32_t>(id);
}

}  // namespace ql
