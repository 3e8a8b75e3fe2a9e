#include "core/data_errors.h"

#include "core/base/error.h"
#include "core/plan/choice_json.h"
#include "core/quant/quantizer.h"

#include <nlohmann/json.hpp>

namespace ql {

bool restsOnActivations(const Choice& choice) {
  try {
    return choice.weight && quantizerNeeds(*choice.weight).activations;
  } catch (const Error&) {
    return false;
  }
}

bool keyRestsOnActivations(const std::string& errorKey) {
  if (errorKey.empty()) return false;
  try {
    UnknownKeys unknown;
    return restsOnActivations(choiceFromJson(nlohmann::json::parse(errorKey), {"", "", "", &unknown}));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace ql
