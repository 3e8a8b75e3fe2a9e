#include "app/cli/json_output.h"

#include "app/cli/output.h"
#include "core/plan/plan.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace ql::cli {

Json jsonNumber(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json evidenceJson(const Evidence& evidence) {
  const auto textOrNull = [](const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
  };
  Json json;
  json["method"] = evidence.method;
  json["kind"] = evidence.kind == Evidence::Kind::Exact ? "exact" : "sampled";
  json["n"] = evidence.n;
  json["interval"] = nullptr;
  if (evidence.interval)
    json["interval"] =
        Json::array({jsonNumber(evidence.interval->first), jsonNumber(evidence.interval->second)});
  json["level"] = evidence.level;
  json["data"] = textOrNull(evidence.data);
  json["settings"] = textOrNull(evidence.settings);
  json["origin"] = evidence.origin;
  json["tool"] = evidence.tool;
  return json;
}

Json choiceAsJson(const Choice& choice) {
  return Json::parse(choiceJson(choice));
}

Json optionJson(const OptionValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Json findingValueJson(const FindingValue& value) {
  if (const double* number = std::get_if<double>(&value)) return jsonNumber(*number);
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Json layerJson(const Linear& linear) {
  Json json;
  json["layer"] = linear.name;
  json["block"] = linear.block ? Json(*linear.block) : Json(nullptr);
  json["role"] = roleName(linear.role);
  json["expert"] = linear.expert ? Json(*linear.expert) : Json(nullptr);
  json["shape"] = Json::array({linear.out(), linear.in()});
  return json;
}

void printJson(const Json& json) {
  print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace ql::cli
