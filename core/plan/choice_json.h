#pragma once
// Choices and activation schemes to and from JSON values. Internal; text in and out is in plan.h.
#include "core/plan/json_fields.h"
#include "core/quant/scheme.h"

#include <nlohmann/json_fwd.hpp>

namespace ql {

/// Unknown keys of inner objects by JSON pointer; empty where none are to be written.
using UnknownKeys = std::map<std::string, std::string>;

nlohmann::ordered_json choiceToJson(const Choice& choice, const UnknownKeys& unknown,
                                    const std::string& pointer);
nlohmann::ordered_json actSchemeToJson(const ActScheme& scheme, const UnknownKeys& unknown,
                                       const std::string& pointer);
/// Appends the unknown keys that belong to the object at `pointer`.
void addUnknown(nlohmann::ordered_json& object, const UnknownKeys& unknown, const std::string& pointer);

/// Throw Error(Plan) naming file and path. Missing options of a known algorithm get their defaults.
Choice choiceFromJson(const nlohmann::json& value, const PlanPlace& place);
ActScheme actSchemeFromJson(const nlohmann::json& value, const PlanPlace& place);

}  // namespace ql
