#include "core/calib/forward_config.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/model/names.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>
#include <utility>

namespace ql {
namespace {

using Json = nlohmann::json;

std::string numberText(double value) {
  const bool isWhole = std::abs(value) < 1e15 && value == std::floor(value);
  return isWhole ? std::to_string(static_cast<std::int64_t>(value)) : Json(value).dump();
}

std::string valueText(const Json& value) {
  if (value.is_object() || value.is_array()) return value.is_object() ? "an object" : "a list";
  return value.is_string() ? quotedText(value.get<std::string>()) : value.dump();
}

std::optional<std::int64_t> wholeNumber(const Json& value, std::int64_t minimum, std::int64_t maximum) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(maximum))
    return std::nullopt;
  const auto number = value.get<std::int64_t>();
  if (number < minimum || number > maximum) return std::nullopt;
  return number;
}

std::optional<double> finiteNumber(const Json& value, double minimum, double maximum) {
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!std::isfinite(number) || number < minimum || number > maximum) return std::nullopt;
  return number;
}

}  // namespace

ForwardConfig::ForwardConfig(const Json& top) : m_top(&top) {
  const auto nested = top.find("text_config");
  if (nested == top.end() || nested->is_null()) return;
  if (!nested->is_object()) fail("text_config", "an object");
  m_nested = &*nested;
}

ForwardConfig::ForwardConfig(const Json& object, std::string path)
    : m_top(&object), m_path(std::move(path)) {}

const Json* ForwardConfig::find(std::string_view key) const {
  for (const Json* level : {m_nested, m_top}) {
    if (level == nullptr) continue;
    const auto found = level->find(key);
    if (found != level->end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

void ForwardConfig::fail(std::string_view key, const std::string& expected) const {
  const Json* value = find(key);
  throw Error(ErrorCode::Format, "config.json: '" + m_path + std::string(key) + "' is " +
                                     (value == nullptr ? "missing" : valueText(*value)) +
                                     " where the forward pass needs " + expected +
                                     "; copy config.json from the model's page again.");
}

void ForwardConfig::unsupported(std::string_view key, const std::string& value) const {
  throw Error(ErrorCode::Unsupported,
              "config.json: there is no forward pass for '" + m_path + std::string(key) +
                  "' = " + quotedText(value) +
                  " yet; the weights can be analysed, and quantloupe_capture.py captures activations where "
                  "the model runs.");
}

std::int64_t ForwardConfig::count(std::string_view key, std::optional<std::int64_t> fallback,
                                  std::int64_t minimum, std::int64_t maximum) const {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  const auto number = value == nullptr ? std::nullopt : wholeNumber(*value, minimum, maximum);
  if (!number) fail(key, "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  return *number;
}

double ForwardConfig::number(std::string_view key, std::optional<double> fallback, double minimum,
                             double maximum) const {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  const auto found = value == nullptr ? std::nullopt : finiteNumber(*value, minimum, maximum);
  if (!found) fail(key, "a number from " + numberText(minimum) + " to " + numberText(maximum));
  return *found;
}

bool ForwardConfig::flag(std::string_view key, bool fallback) const {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail(key, "true or false");
  return value->get<bool>();
}

std::string ForwardConfig::text(std::string_view key, std::optional<std::string> fallback) const {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr || !value->is_string()) fail(key, "a text");
  return value->get<std::string>();
}

std::vector<double> ForwardConfig::numbers(std::string_view key) const {
  std::vector<double> values;
  const Json* list = find(key);
  if (list == nullptr) return values;
  if (!list->is_array()) fail(key, "a list of numbers");
  for (const Json& entry : *list) {
    const auto value = finiteNumber(entry, -1e30, 1e30);
    if (!value) fail(key, "a list of numbers");
    values.push_back(*value);
  }
  return values;
}

std::vector<std::int64_t> ForwardConfig::counts(std::string_view key) const {
  std::vector<std::int64_t> values;
  const Json* list = find(key);
  if (list == nullptr) return values;
  if (!list->is_array()) fail(key, "a list of whole numbers");
  for (const Json& entry : *list) {
    const auto value = wholeNumber(entry, 0, std::int64_t{1} << 31);
    if (!value) fail(key, "a list of whole numbers from 0 on");
    values.push_back(*value);
  }
  return values;
}

std::vector<std::string> ForwardConfig::texts(std::string_view key) const {
  std::vector<std::string> values;
  const Json* list = find(key);
  if (list == nullptr) return values;
  if (!list->is_array()) fail(key, "a list of names");
  for (const Json& entry : *list) {
    if (!entry.is_string()) fail(key, "a list of names");
    values.push_back(entry.get<std::string>());
  }
  return values;
}

std::optional<ForwardConfig> ForwardConfig::object(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) fail(key, "an object");
  return ForwardConfig(*value, m_path + std::string(key) + ".");
}

ActivationKind readActivation(const ForwardConfig& config, std::string_view key,
                              const std::string& fallback) {
  static const std::array<std::pair<std::string_view, ActivationKind>, 11> kKinds = {
      {{"silu", ActivationKind::Silu},
       {"swish", ActivationKind::Silu},
       {"gelu", ActivationKind::Gelu},
       {"gelu_python", ActivationKind::Gelu},
       {"gelu_new", ActivationKind::GeluTanh},
       {"gelu_fast", ActivationKind::GeluTanh},
       {"gelu_pytorch_tanh", ActivationKind::GeluTanh},
       {"gelu_accurate", ActivationKind::GeluTanh},
       {"gelu_python_tanh", ActivationKind::GeluTanh},
       {"quick_gelu", ActivationKind::QuickGelu},
       {"relu", ActivationKind::Relu}}};
  const std::string name = config.text(key, fallback);
  const auto found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& kind) { return kind.first == name; });
  if (found == kKinds.end()) config.unsupported(key, name);
  return found->second;
}

std::vector<std::int64_t> readSlidingWindows(const ForwardConfig& config, std::int64_t blocks,
                                             std::optional<std::int64_t> window, std::int64_t firstSliding) {
  if (!window) return {};
  std::vector<std::int64_t> windows(static_cast<std::size_t>(blocks), 0);
  const std::vector<std::string> types = config.texts("layer_types");
  if (!types.empty() && types.size() != windows.size())
    config.fail("layer_types", "one entry for each of " + std::to_string(blocks) + " layers");
  for (std::size_t i = 0; i < windows.size(); ++i) {
    bool isSliding = static_cast<std::int64_t>(i) >= firstSliding;
    if (!types.empty()) {
      isSliding = types[i] == "sliding_attention";
      if (!isSliding && types[i] != "full_attention") config.unsupported("layer_types", types[i]);
    }
    if (isSliding) windows[i] = *window;
  }
  const bool anySlides = std::any_of(windows.begin(), windows.end(), [](std::int64_t w) { return w > 0; });
  return anySlides ? windows : std::vector<std::int64_t>();
}

std::string existingModule(const Model& model, std::initializer_list<std::string_view> modules) {
  std::unordered_set<std::string_view> names;
  for (const OtherTensor& tensor : model.others) names.insert(stripWrappers(tensor.name));
  for (const Linear& linear : model.linears) names.insert(stripWrappers(linear.matrix.tensor));
  for (const std::string_view module : modules) {
    if (names.contains(std::string(module) + ".weight")) return std::string(module);
  }
  return std::string(*modules.begin());
}

std::int64_t rowsOf(const Model& model, TensorRole role) {
  for (const Linear& linear : model.linears) {
    if (linear.role == role && linear.block && !linear.expert) return linear.out();
  }
  return 0;
}

void checkBiases(const Model& model, std::initializer_list<TensorRole> roles, bool isExpected,
                 std::string_view key) {
  for (const Linear& linear : model.linears) {
    const bool isMeant = linear.block && std::find(roles.begin(), roles.end(), linear.role) != roles.end();
    if (!isMeant || linear.bias.has_value() == isExpected) continue;
    throw Error(ErrorCode::Format, "config.json: " + std::string(key) + ", but " + quotedText(linear.name) +
                                       (isExpected ? " has no bias" : " has a bias") +
                                       " in the checkpoint; config.json and weights belong to different "
                                       "models.");
  }
}

}  // namespace ql
