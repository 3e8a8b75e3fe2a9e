#include "core/model/config.h"

#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <initializer_list>

namespace ql {
namespace {

using Json = nlohmann::json;

constexpr const char* kRemedy =
    "; copy config.json from the model's page again, or remove it to open by tensor names";

/// Looks keys up in the nested language model first, then at the top.
class ConfigReader {
 public:
  ConfigReader(const Json& top, ModelConfig& config) : m_top(top), m_config(config) {
    const auto nested = top.find("text_config");
    if (nested == top.end() || nested->is_null()) return;
    if (nested->is_object()) {
      m_nested = &*nested;
    } else {
      warn("text_config", "an object");
    }
  }

  const Json* find(const char* key) const {
    for (const Json* level : {m_nested, &m_top}) {
      if (level == nullptr) continue;
      const auto found = level->find(key);
      if (found != level->end() && !found->is_null()) return &*found;
    }
    return nullptr;
  }

  /// The first of several spellings that is there; out of [0, maximum] is a warning and nothing.
  std::optional<std::int64_t> count(std::initializer_list<const char*> keys, std::int64_t maximum) {
    for (const char* key : keys) {
      const Json* value = find(key);
      if (value == nullptr) continue;
      const bool isSane =
          value->is_number_unsigned() && value->get<std::uint64_t>() <= static_cast<std::uint64_t>(maximum);
      if (isSane) return value->get<std::int64_t>();
      warn(key, "a whole number from 0 to " + std::to_string(maximum));
      return std::nullopt;
    }
    return std::nullopt;
  }

  bool flag(const char* key, bool fallback) {
    const Json* value = find(key);
    if (value == nullptr) return fallback;
    if (value->is_boolean()) return value->get<bool>();
    warn(key, "true or false");
    return fallback;
  }

  void modelTypes() {
    for (const Json* level : {m_nested, &m_top}) {
      if (level == nullptr || !level->contains("model_type")) continue;
      const Json& type = (*level)["model_type"];
      if (type.is_string()) {
        m_config.modelTypes.push_back(type.get<std::string>());
      } else if (!type.is_null()) {
        warn("model_type", "a text");
      }
    }
  }

  void architecture() {
    const auto names = m_top.find("architectures");
    if (names == m_top.end() || names->is_null()) return;
    if (names->is_array() && !names->empty() && names->front().is_string()) {
      m_config.architecture = names->front().get<std::string>();
    } else {
      warn("architectures", "a list of names");
    }
  }

  void quantization() {
    const Json* value = find("quantization_config");
    if (value == nullptr || !value->is_object()) return;
    const auto method = value->find("quant_method");
    m_config.quantizedBy =
        method != value->end() && method->is_string() ? method->get<std::string>() : "an unnamed method";
  }

 private:
  void warn(const std::string& key, const std::string& expected) {
    m_config.warnings.push_back("config.json: '" + key + "' is not " + expected + "; it is ignored");
  }

  const Json& m_top;
  const Json* m_nested = nullptr;
  ModelConfig& m_config;
};

Json parseObject(std::string_view text, const std::string& where) {
  Json top;
  try {
    top = Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    throw Error(ErrorCode::Format,
                where + ": not valid JSON at byte " + std::to_string(error.byte) + kRemedy);
  } catch (const Json::exception&) {  // a number beyond the range of double
    throw Error(ErrorCode::Format, where + ": a number is too large for JSON readers" + kRemedy);
  }
  if (!top.is_object()) {
    throw Error(ErrorCode::Format, where + ": expected a JSON object ('{' at byte 0) but found " +
                                       std::string(top.type_name()) + kRemedy);
  }
  return top;
}

}  // namespace

ModelConfig parseModelConfig(std::string_view json, const std::string& where) {
  const Json top = parseObject(json, where);
  ModelConfig config;
  config.isPresent = true;
  ConfigReader reader(top, config);
  reader.architecture();
  reader.modelTypes();
  reader.quantization();
  config.layerCount = reader.count({"num_hidden_layers", "n_layer", "num_layers"}, kMaxBlocks);
  config.hiddenSize = reader.count({"hidden_size", "n_embd"}, std::int64_t{1} << 31);
  config.expertCount = reader.count({"num_local_experts", "num_experts", "n_routed_experts"}, 1 << 16);
  config.tiesEmbeddings = reader.flag("tie_word_embeddings", false);
  config.isPostNorm = !reader.flag("do_layer_norm_before", true);
  return config;
}

}  // namespace ql
