#include "tests/support/json_schema.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <regex>
#include <set>

namespace ql::test {
namespace {

using Json = nlohmann::json;

bool hasType(const Json& value, const std::string& type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  return false;
}

class Checker {
 public:
  explicit Checker(const Json& root) : m_root(root) {}

  std::string check(const Json& schema, const Json& value, const std::string& place) const {
    if (schema.is_boolean()) return schema.get<bool>() ? "" : place + ": not allowed";
    for (const auto& [keyword, rule] : schema.items()) {
      const auto known = rules().find(keyword);
      if (known == rules().end()) return place + ": the checker does not know the keyword " + keyword;
      if (!known->second) continue;
      const std::string problem = known->second(*this, rule, value, place, schema);
      if (!problem.empty()) return problem;
    }
    return {};
  }

 private:
  using Rule = std::function<std::string(const Checker&, const Json& rule, const Json& value,
                                         const std::string& place, const Json& schema)>;

  static std::string failIf(bool isWrong, const std::string& place, const std::string& what) {
    return isWrong ? (place.empty() ? "/" : place) + ": " + what : std::string();
  }

  static const std::map<std::string, Rule>& rules() {
    static const std::map<std::string, Rule> table = [] {
      std::map<std::string, Rule> rules;
      for (const char* note :
           {"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "format"})
        rules[note] = nullptr;
      addGeneralRules(rules);
      addNumberAndTextRules(rules);
      addObjectRules(rules);
      addArrayRules(rules);
      return rules;
    }();
    return table;
  }

  static void addGeneralRules(std::map<std::string, Rule>& rules) {
    rules["type"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                       const Json&) {
      bool fits = rule.is_string() && hasType(value, rule.get<std::string>());
      if (rule.is_array())
        for (const Json& type : rule) fits = fits || hasType(value, type.get<std::string>());
      return failIf(!fits, place, value.dump() + " is not of type " + rule.dump());
    };
    rules["enum"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                       const Json&) {
      bool fits = false;
      for (const Json& allowed : rule) fits = fits || allowed == value;
      return failIf(!fits, place, value.dump() + " is not one of " + rule.dump());
    };
    rules["const"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                        const Json&) {
      return failIf(rule != value, place, value.dump() + " is not " + rule.dump());
    };
    rules["$ref"] = [](const Checker& self, const Json& rule, const Json& value, const std::string& place,
                       const Json&) {
      return self.check(self.m_root.at(Json::json_pointer(rule.get<std::string>().substr(1))), value, place);
    };
    rules["allOf"] = [](const Checker& self, const Json& rule, const Json& value, const std::string& place,
                        const Json&) {
      std::string problem;
      for (const Json& part : rule)
        if (problem.empty()) problem = self.check(part, value, place);
      return problem;
    };
    rules["anyOf"] = [](const Checker& self, const Json& rule, const Json& value, const std::string& place,
                        const Json&) {
      return failIf(self.matches(rule, value) == 0, place, value.dump() + " fits none of anyOf");
    };
    rules["oneOf"] = [](const Checker& self, const Json& rule, const Json& value, const std::string& place,
                        const Json&) {
      return failIf(self.matches(rule, value) != 1, place,
                    value.dump() + " does not fit exactly one of oneOf");
    };
  }

  static void addNumberAndTextRules(std::map<std::string, Rule>& rules) {
    rules["minimum"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                          const Json&) {
      return failIf(value.is_number() && value < rule, place, value.dump() + " is below " + rule.dump());
    };
    rules["maximum"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                          const Json&) {
      return failIf(value.is_number() && value > rule, place, value.dump() + " is above " + rule.dump());
    };
    rules["exclusiveMinimum"] = [](const Checker&, const Json& rule, const Json& value,
                                   const std::string& place, const Json&) {
      return failIf(value.is_number() && value <= rule, place, value.dump() + " is not above " + rule.dump());
    };
    rules["minLength"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                            const Json&) {
      return failIf(value.is_string() && value.get_ref<const std::string&>().size() < rule.get<std::size_t>(),
                    place, "too short");
    };
    rules["pattern"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                          const Json&) {
      return failIf(value.is_string() &&
                        !std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>())),
                    place, value.dump() + " does not match " + rule.dump());
    };
  }

  static void addObjectRules(std::map<std::string, Rule>& rules) {
    rules["properties"] = [](const Checker& self, const Json& rule, const Json& value,
                             const std::string& place, const Json&) {
      for (const auto& [key, schema] : rule.items()) {
        if (!value.is_object() || !value.contains(key)) continue;
        const std::string problem = self.check(schema, value.at(key), place + "/" + key);
        if (!problem.empty()) return problem;
      }
      return std::string();
    };
    rules["required"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                           const Json&) {
      for (const Json& key : rule)
        if (value.is_object() && !value.contains(key.get<std::string>()))
          return failIf(true, place, "lacks " + key.get<std::string>());
      return std::string();
    };
    rules["additionalProperties"] = [](const Checker& self, const Json& rule, const Json& value,
                                       const std::string& place, const Json& schema) {
      if (!value.is_object()) return std::string();
      for (const auto& [key, member] : value.items()) {
        if (schema.contains("properties") && schema.at("properties").contains(key)) continue;
        const std::string problem = self.check(rule, member, place + "/" + key);
        if (!problem.empty()) return problem;
      }
      return std::string();
    };
    rules["propertyNames"] = [](const Checker& self, const Json& rule, const Json& value,
                                const std::string& place, const Json&) {
      if (!value.is_object()) return std::string();
      for (const auto& [key, member] : value.items()) {
        const std::string problem = self.check(rule, Json(key), place);
        if (!problem.empty()) return problem;
      }
      return std::string();
    };
  }

  static void addArrayRules(std::map<std::string, Rule>& rules) {
    rules["items"] = [](const Checker& self, const Json& rule, const Json& value, const std::string& place,
                        const Json& schema) {
      if (!value.is_array()) return std::string();
      const std::size_t first = schema.contains("prefixItems") ? schema.at("prefixItems").size() : 0;
      for (std::size_t i = first; i < value.size(); ++i) {
        const std::string problem = self.check(rule, value[i], place + "/" + std::to_string(i));
        if (!problem.empty()) return problem;
      }
      return std::string();
    };
    rules["prefixItems"] = [](const Checker& self, const Json& rule, const Json& value,
                              const std::string& place, const Json&) {
      for (std::size_t i = 0; value.is_array() && i < std::min(rule.size(), value.size()); ++i) {
        const std::string problem = self.check(rule[i], value[i], place + "/" + std::to_string(i));
        if (!problem.empty()) return problem;
      }
      return std::string();
    };
    rules["minItems"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                           const Json&) {
      return failIf(value.is_array() && value.size() < rule.get<std::size_t>(), place, "has too few items");
    };
    rules["maxItems"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                           const Json&) {
      return failIf(value.is_array() && value.size() > rule.get<std::size_t>(), place, "has too many items");
    };
    rules["uniqueItems"] = [](const Checker&, const Json& rule, const Json& value, const std::string& place,
                              const Json&) {
      if (!rule.get<bool>() || !value.is_array()) return std::string();
      return failIf(std::set<Json>(value.begin(), value.end()).size() != value.size(), place,
                    "has equal items");
    };
  }

  int matches(const Json& schemas, const Json& value) const {
    int count = 0;
    for (const Json& schema : schemas) count += check(schema, value, "").empty() ? 1 : 0;
    return count;
  }

  const Json& m_root;
};

}  // namespace

std::string schemaProblem(const nlohmann::json& schema, const nlohmann::json& value) {
  return Checker(schema).check(schema, value, "");
}

}  // namespace ql::test
