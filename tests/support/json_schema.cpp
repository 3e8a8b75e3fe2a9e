#include "tests/support/json_schema.h"

#include "tests/support/data.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

namespace ql::test {
namespace {

using Json = nlohmann::json;

bool hasType(const Json& value, const std::string& type) {
  if (type == "integer") {
    return value.is_number_integer() ||
           (value.is_number_float() &&
            value.get<double>() == static_cast<double>(static_cast<std::int64_t>(value.get<double>())));
  }
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "array") return value.is_array();
  return type == "object" && value.is_object();
}

class Checker {
 public:
  explicit Checker(const Json& root) : m_root(root) {}

  std::vector<std::string> check(const Json& schema, const Json& value, const std::string& path) {
    m_errors.clear();
    visit(schema, value, path);
    return m_errors;
  }

 private:
  void fail(const std::string& path, const std::string& what) {
    m_errors.push_back((path.empty() ? "/" : path) + ": " + what);
  }

  bool fits(const Json& schema, const Json& value) {
    return Checker(m_root).check(schema, value, "").empty();
  }

  void visit(const Json& schema, const Json& value, const std::string& path) {
    if (schema.is_boolean()) {
      if (!schema.get<bool>()) fail(path, "is not allowed");
      return;
    }
    for (const auto& [keyword, rule] : schema.items()) {
      if (!apply(keyword, rule, schema, value, path))
        fail(path, "the schema's keyword '" + keyword + "' is not known here");
    }
  }

  bool apply(const std::string& keyword, const Json& rule, const Json& schema, const Json& value,
             const std::string& path) {
    static const std::set<std::string> kNotes = {"$schema", "$id",         "$defs",   "$comment",
                                                 "title",   "description", "default", "examples"};
    if (kNotes.contains(keyword)) return true;
    return general(keyword, rule, value, path) || numeric(keyword, rule, value, path) ||
           object(keyword, rule, schema, value, path) || array(keyword, rule, schema, value, path);
  }

  bool general(const std::string& keyword, const Json& rule, const Json& value, const std::string& path) {
    const auto count = [&](const Json& options) {
      return std::count_if(options.begin(), options.end(),
                           [&](const Json& option) { return fits(option, value); });
    };
    if (keyword == "$ref") {
      visit(m_root.at(Json::json_pointer(rule.get<std::string>().substr(1))), value, path);
    } else if (keyword == "type") {
      const Json types = rule.is_array() ? rule : Json::array({rule});
      const bool isOne =
          std::any_of(types.begin(), types.end(), [&](const Json& type) { return hasType(value, type); });
      if (!isOne) fail(path, "is " + value.dump().substr(0, 60) + ", not of type " + rule.dump());
    } else if (keyword == "enum") {
      if (std::find(rule.begin(), rule.end(), value) == rule.end())
        fail(path, value.dump() + " is not one of " + rule.dump());
    } else if (keyword == "const") {
      if (value != rule) fail(path, value.dump() + " is not " + rule.dump());
    } else if (keyword == "anyOf") {
      if (count(rule) == 0) fail(path, "fits none of anyOf");
    } else if (keyword == "oneOf") {
      if (count(rule) != 1) fail(path, "fits " + std::to_string(count(rule)) + " of oneOf");
    } else if (keyword == "allOf") {
      for (const Json& part : rule) visit(part, value, path);
    } else {
      return false;
    }
    return true;
  }

  bool numeric(const std::string& keyword, const Json& rule, const Json& value, const std::string& path) {
    static const std::set<std::string> kKeywords = {"minimum",          "maximum",   "exclusiveMinimum",
                                                    "exclusiveMaximum", "minLength", "pattern"};
    if (!kKeywords.contains(keyword)) return false;
    bool isGood = true;
    if (keyword == "minLength") {
      isGood = !value.is_string() || value.get<std::string>().size() >= rule.get<std::size_t>();
    } else if (keyword == "pattern") {
      isGood = !value.is_string() ||
               std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
    } else if (value.is_number()) {
      const double number = value.get<double>(), bound = rule.get<double>();
      isGood = keyword == "minimum"            ? number >= bound
               : keyword == "maximum"          ? number <= bound
               : keyword == "exclusiveMinimum" ? number > bound
                                               : number < bound;
    }
    if (!isGood) fail(path, value.dump() + " breaks " + keyword + " " + rule.dump());
    return true;
  }

  bool object(const std::string& keyword, const Json& rule, const Json& schema, const Json& value,
              const std::string& path) {
    if (keyword == "required") {
      for (const Json& key : rule) {
        if (value.is_object() && !value.contains(key.get<std::string>())) fail(path, "lacks " + key.dump());
      }
    } else if (keyword == "properties") {
      if (!value.is_object()) return true;
      for (const auto& [key, part] : rule.items()) {
        if (value.contains(key)) visit(part, value[key], path + "/" + key);
      }
    } else if (keyword == "additionalProperties") {
      if (!value.is_object()) return true;
      for (const auto& [key, part] : value.items()) {
        if (!schema.contains("properties") || !schema["properties"].contains(key))
          visit(rule, part, path + "/" + key);
      }
    } else if (keyword == "propertyNames") {
      if (!value.is_object()) return true;
      for (const auto& [key, part] : value.items()) visit(rule, key, path + "/" + key);
    } else {
      return false;
    }
    return true;
  }

  bool array(const std::string& keyword, const Json& rule, const Json& schema, const Json& value,
             const std::string& path) {
    const std::size_t fixed = schema.contains("prefixItems") ? schema["prefixItems"].size() : 0;
    if (keyword == "items") {
      for (std::size_t i = fixed; value.is_array() && i < value.size(); ++i)
        visit(rule, value[i], path + "/" + std::to_string(i));
    } else if (keyword == "prefixItems") {
      for (std::size_t i = 0; value.is_array() && i < std::min(fixed, value.size()); ++i) {
        visit(rule[i], value[i], path + "/" + std::to_string(i));
      }
    } else if (keyword == "minItems") {
      if (value.is_array() && value.size() < rule.get<std::size_t>())
        fail(path, "has fewer than " + rule.dump() + " items");
    } else if (keyword == "maxItems") {
      if (value.is_array() && value.size() > rule.get<std::size_t>())
        fail(path, "has more than " + rule.dump() + " items");
    } else if (keyword == "uniqueItems") {
      if (value.is_array() && std::set<Json>(value.begin(), value.end()).size() != value.size())
        fail(path, "repeats an item");
    } else {
      return false;
    }
    return true;
  }

  const Json& m_root;
  std::vector<std::string> m_errors;
};

}  // namespace

std::vector<std::string> schemaErrors(const std::string& schema, const std::string& document) {
  const Json rules = Json::parse(schema, nullptr, false), value = Json::parse(document, nullptr, false);
  if (rules.is_discarded()) return {"the schema is not valid JSON"};
  if (value.is_discarded()) return {"the document is not valid JSON"};
  return Checker(rules).check(rules, value, "");
}

std::string schemaFile(const std::string& name) {
  std::ifstream file(sourceDirectory() + "/resources/schemas/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace ql::test
