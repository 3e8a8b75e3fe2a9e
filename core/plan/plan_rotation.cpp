#include "core/plan/plan_rotation.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/plan/json_fields.h"

#include <nlohmann/json.hpp>

namespace ql {
namespace {

using Json = nlohmann::json;

constexpr const char* kResidual = "residual";
constexpr const char* kHeadValues = "head_v";

std::string methodNames() {
  std::string names;
  for (const RotationMethod* method : rotationMethods())
    names += (names.empty() ? "\"" : " or \"") + std::string(method->name) + "\"";
  return names;
}

RotationSpec entrySpec(JsonFields& fields) {
  RotationSpec spec;
  spec.method = fields.text("method", methodNames());
  bool isKnown = false;
  for (const RotationMethod* method : rotationMethods()) isKnown = isKnown || method->name == spec.method;
  if (!isKnown)
    fields.place().key("method").fail("is " + quotedText(spec.method) + "; write " + methodNames());
  spec.seed = static_cast<std::uint64_t>(fields.wholeNumber("seed", 0).value_or(0));
  spec.blockSize = fields.wholeNumber("block_size", 2);
  return spec;
}

void readEntry(const Json& value, const PlanPlace& place, ModelRotation& rotation) {
  JsonFields fields(value, place);
  const std::string expected = "\"residual\" or \"head_v\"";
  const std::string point = fields.text("point", expected);
  if (point != kResidual && point != kHeadValues)
    place.key("point").fail("is " + quotedText(point) + "; write " + expected);
  std::optional<RotationSpec>& target = point == kResidual ? rotation.residual : rotation.headValues;
  if (target)
    place.key("point").fail("is " + quotedText(point) + " for the second time; keep one of the entries");
  target = entrySpec(fields);
  if (const std::string rest = fields.leftOver(); !rest.empty())
    place.fail("has keys that this version does not know (" + rest + "); remove them or update QuantLoupe");
}

Json entryJson(const char* point, const RotationSpec& spec) {
  Json json = {{"point", point}, {"method", spec.method}, {"seed", spec.seed}, {"block_size", nullptr}};
  if (spec.blockSize) json["block_size"] = *spec.blockSize;
  return json;
}

std::string specWords(const char* name, const RotationSpec& spec) {
  return std::string(name) + " " + spec.method + " seed " + std::to_string(spec.seed) +
         (spec.blockSize ? " in blocks of " + std::to_string(*spec.blockSize) : "");
}

}  // namespace

ModelRotation parseRotations(std::string_view json, const std::string& where) {
  const Json list = parsePlanJson(json, where);
  std::map<std::string, std::string> unknown;
  const PlanPlace place{where, "rotations", "/rotations", &unknown};
  if (!list.is_array()) place.fail("is " + std::string(list.type_name()) + "; write a list []");
  ModelRotation rotation;
  for (std::size_t i = 0; i < list.size(); ++i) readEntry(list[i], place.item(i), rotation);
  return rotation;
}

std::string rotationsJson(const ModelRotation& rotation) {
  Json list = Json::array();
  if (rotation.residual) list.push_back(entryJson(kResidual, *rotation.residual));
  if (rotation.headValues) list.push_back(entryJson(kHeadValues, *rotation.headValues));
  return list.dump();
}

std::string rotationText(const ModelRotation& rotation) {
  std::string text;
  if (rotation.residual) text = specWords("R1", *rotation.residual);
  if (rotation.headValues) text += (text.empty() ? "" : ", ") + specWords("R2", *rotation.headValues);
  return text;
}

void requireRotationAlone(const QuantizationPlan& plan) {
  if (plan.rotations == "[]" || plan.smoothing.empty()) return;
  throw Error(
      ErrorCode::Plan,
      "The plan rotates and smooths, and folding the norms into their readers for the rotation would "
      "take the smoothing out again; write the rotated checkpoint first (qloupe apply --as rotated) and "
      "smooth that one, or take one of the two out of the plan.");
}

}  // namespace ql
