#include "core/plan/choice_json.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace ql {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

template <class T>
OrderedJson orNull(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson methodToJson(const MethodChoice& method, const UnknownKeys& unknown, const std::string& pointer) {
  OrderedJson options = OrderedJson::object();
  for (const auto& [key, value] : method.options) {
    std::visit([&, &name = key](const auto& v) { options[name] = v; }, value);
  }
  OrderedJson json = {{"name", method.name}, {"options", std::move(options)}};
  addUnknown(json, unknown, pointer);
  return json;
}

OrderedJson weightToJson(const WeightScheme& scheme, const UnknownKeys& unknown, const std::string& pointer) {
  OrderedJson json;
  json["format"] = scheme.format;
  json["granularity"] = granularityName(scheme.granularity);
  json["group_size"] = orNull(scheme.groupSize);
  json["block"] = orNull(scheme.block);
  json["symmetric"] = scheme.symmetric;
  json["flavour"] = scheme.flavour;
  json["clip"] = methodToJson(scheme.clip, unknown, pointer + "/clip");
  json["outliers"] = nullptr;
  if (scheme.outliers) {
    json["outliers"] = {{"rule", scheme.outliers->rule}, {"n", scheme.outliers->n}};
    addUnknown(json["outliers"], unknown, pointer + "/outliers");
  }
  json["algorithm"] = methodToJson(scheme.algorithm, unknown, pointer + "/algorithm");
  addUnknown(json, unknown, pointer);
  return json;
}

Granularity readGranularity(JsonFields& fields) {
  const std::string expected = "a granularity such as \"output_channel\" or \"group\"";
  const std::string word = fields.text("granularity", expected);
  const std::optional<Granularity> granularity = granularityFromName(word);
  if (!granularity) {
    fields.place()
        .key("granularity")
        .fail("is " + quotedText(word) +
              "; write tensor, output_channel, input_channel, group, group_in_channel, "
              "block or token");
  }
  return *granularity;
}

OptionValue readOption(const Json& value, const PlanPlace& place) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return value.get<std::string>();
  const bool fits =
      !value.is_number_unsigned() ||
      value.get<std::uint64_t>() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_integer() && fits) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  place.fail("is " + std::string(value.type_name()) + "; write true, false, a number or a word");
}

/// A real-valued option written as a whole number means the same number.
void alignTypes(const std::vector<OptionSpec>& specs, OptionValues& options) {
  for (const OptionSpec& spec : specs) {
    OptionValue& value = options.try_emplace(spec.key, spec.defaultValue).first->second;
    const auto* whole = std::get_if<std::int64_t>(&value);
    if (whole != nullptr && std::holds_alternative<double>(spec.defaultValue))
      value = static_cast<double>(*whole);
  }
}

MethodChoice readMethod(JsonFields& owner, const char* key, const std::string& fallback) {
  const Json* value = owner.find(key);
  MethodChoice method{fallback, {}};
  if (value == nullptr || value->is_null()) return method;
  JsonFields fields(*value, owner.place().key(key));
  method.name = fields.text("name", "a name such as \"" + fallback + "\"");
  if (const Json* options = fields.find("options"); options != nullptr && !options->is_null()) {
    const PlanPlace place = fields.place().key("options");
    if (!options->is_object())
      place.fail("is " + std::string(options->type_name()) + "; write an object in braces {}");
    for (const auto& [name, option] : options->items())
      method.options.emplace(name, readOption(option, place.key(name)));
  }
  fields.keepLeftOver();
  return method;
}

MethodChoice readAlgorithm(JsonFields& owner) {
  MethodChoice method = readMethod(owner, "algorithm", "rtn");
  const std::vector<OptionSpec> specs = algorithmOptions(method.name);
  alignTypes(specs, method.options);
  OptionValues known;
  for (const OptionSpec& spec : specs) known.emplace(spec.key, method.options.at(spec.key));
  try {
    completeOptions(method.name, specs, known);
  } catch (const Error& error) {
    owner.place().key("algorithm").fail(std::string("has a wrong option: ") + error.what());
  }
  return method;
}

std::optional<std::array<std::int64_t, 2>> readBlock(JsonFields& owner) {
  const Json* value = owner.find("block");
  if (value == nullptr || value->is_null()) return std::nullopt;
  std::array<std::int64_t, 2> block{};
  const bool isPair = value->is_array() && value->size() == 2;
  for (std::size_t i = 0; i < 2; ++i) {
    const bool isSize =
        isPair && (*value)[i].is_number_unsigned() && (*value)[i].get<std::uint64_t>() <= (1u << 30);
    if (!isSize)
      owner.place().key("block").fail(
          "is no pair of sizes; write [rows, columns] such as [128, 128], or null");
    block[i] = (*value)[i].get<std::int64_t>();
  }
  return block;
}

WeightScheme readWeight(const Json& value, const PlanPlace& place) {
  JsonFields fields(value, place);
  WeightScheme scheme;
  scheme.format = fields.text("format", "a number format such as \"int8\"");
  scheme.granularity = readGranularity(fields);
  scheme.groupSize = fields.wholeNumber("group_size", 1);
  scheme.block = readBlock(fields);
  scheme.symmetric = fields.flag("symmetric");
  scheme.flavour = fields.text("flavour", "a rounding flavour such as \"compressed-tensors\"");
  scheme.clip = readMethod(fields, "clip", "none");
  if (const Json* outliers = fields.find("outliers"); outliers != nullptr && !outliers->is_null()) {
    JsonFields rule(*outliers, place.key("outliers"));
    scheme.outliers = OutlierRule{rule.text("rule", "the name of a rule"), 0};
    const std::optional<double> n = rule.number("n");
    if (!n) place.key("outliers").key("n").fail("is missing; write a number");
    scheme.outliers->n = *n;
    rule.keepLeftOver();
  }
  scheme.algorithm = readAlgorithm(fields);
  fields.keepLeftOver();
  return scheme;
}

ActScheme readAct(const Json& value, const PlanPlace& place) {
  JsonFields fields(value, place);
  ActScheme scheme;
  scheme.format = fields.text("format", "a number format such as \"int8\"");
  scheme.granularity = readGranularity(fields);
  scheme.groupSize = fields.wholeNumber("group_size", 1);
  scheme.dynamic = fields.flag("dynamic");
  scheme.symmetric = fields.flag("symmetric");
  scheme.flavour = fields.text("flavour", "a rounding flavour such as \"compressed-tensors\"");
  scheme.outlierThreshold = fields.number("outlier_threshold");
  scheme.groups = fields.wholeNumber("groups", 1);
  if (const Json* name = fields.find("permutation"); name != nullptr && !name->is_null()) {
    scheme.permutation = fields.text("permutation", "a name, or null");
  }
  fields.keepLeftOver();
  return scheme;
}

void requireSound(const Choice& choice, const PlanPlace& place) {
  const std::string problem = choiceProblem(choice);
  if (!problem.empty()) place.fail("contradicts itself: " + problem);
}

}  // namespace

void addUnknown(OrderedJson& object, const UnknownKeys& unknown, const std::string& pointer) {
  const auto found = unknown.find(pointer);
  if (found == unknown.end()) return;
  const Json rest = Json::parse(found->second, nullptr, false);
  if (!rest.is_object()) return;
  for (const auto& [key, value] : rest.items()) {
    if (!object.contains(key)) object[key] = value;
  }
}

OrderedJson actSchemeToJson(const ActScheme& scheme, const UnknownKeys& unknown, const std::string& pointer) {
  OrderedJson json;
  json["format"] = scheme.format;
  json["granularity"] = granularityName(scheme.granularity);
  json["group_size"] = orNull(scheme.groupSize);
  json["dynamic"] = scheme.dynamic;
  json["symmetric"] = scheme.symmetric;
  json["flavour"] = scheme.flavour;
  json["outlier_threshold"] = orNull(scheme.outlierThreshold);
  json["groups"] = orNull(scheme.groups);
  json["permutation"] = orNull(scheme.permutation);
  addUnknown(json, unknown, pointer);
  return json;
}

OrderedJson choiceToJson(const Choice& choice, const UnknownKeys& unknown, const std::string& pointer) {
  OrderedJson json;
  json["weight"] = nullptr;
  json["activation"] = nullptr;
  if (choice.weight) json["weight"] = weightToJson(*choice.weight, unknown, pointer + "/weight");
  if (choice.activation)
    json["activation"] = actSchemeToJson(*choice.activation, unknown, pointer + "/activation");
  addUnknown(json, unknown, pointer);
  return json;
}

Choice choiceFromJson(const Json& value, const PlanPlace& place) {
  JsonFields fields(value, place);
  Choice choice;
  const Json& weight = fields.need("weight", "a weight scheme, or null to leave the weights as stored");
  const Json& activation = fields.need("activation", "an activation scheme, or null for 16 bit");
  if (!weight.is_null()) choice.weight = readWeight(weight, place.key("weight"));
  if (!activation.is_null()) choice.activation = readAct(activation, place.key("activation"));
  fields.keepLeftOver();
  requireSound(choice, place);
  return choice;
}

ActScheme actSchemeFromJson(const Json& value, const PlanPlace& place) {
  Choice choice;
  choice.activation = readAct(value, place);
  requireSound(choice, place);
  return *choice.activation;
}

}  // namespace ql
