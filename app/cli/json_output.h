#pragma once
// Pieces of JSON that several commands print.
#include "core/base/evidence.h"
#include "core/base/option_spec.h"
#include "core/evaluate/diagnosis.h"
#include "core/model/model.h"
#include "core/quant/scheme.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace ql::cli {

using Json = nlohmann::ordered_json;

/// null when it is not finite.
Json jsonNumber(double value);
Json evidenceJson(const Evidence& evidence);
Json choiceAsJson(const Choice& choice);
Json optionJson(const OptionValue& value);
Json findingValueJson(const FindingValue& value);
/// layer, block, role, expert, shape: how every list of layers begins.
Json layerJson(const Linear& linear);

/// Prints indented, with a line end; bytes that are not UTF-8 become U+FFFD.
void printJson(const Json& json);

}  // namespace ql::cli
