// A head of its own for models that use the embedding as one; and what config.json says about it.
#include "core/smooth/rotation_config.h"
#include "core/smooth/rotation_target.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ql {
namespace {

constexpr const char* kTied = "tie_word_embeddings";

const Linear* embeddingOf(const Model& model) {
  for (const Linear& linear : model.linears)
    if (linear.role == TensorRole::Embedding) return &linear;
  return nullptr;
}

/// Where the classes of transformers look for it, from where the embedding stands.
std::string headName(const std::string& embedding) {
  constexpr std::string_view kWrapper = "language_model.model.";
  return std::string(embedding.starts_with(kWrapper) ? "language_model." : "") + "lm_head";
}

/// The norm behind the last block: the one outside blocks that the family's table knows.
std::optional<std::string> finalNorm(const Model& model) {
  for (const OtherTensor& tensor : model.others)
    if (tensor.role == TensorRole::Norm && !tensor.block && tensor.name.ends_with(".weight"))
      return tensor.name;
  return std::nullopt;
}

float normOffset(const Model& model) {
  for (const Linear& linear : model.linears)
    if (linear.norm) return linear.normOffset;
  return 0;
}

}  // namespace

RotationConfig::RotationConfig(std::string_view text)
    : m_top(std::make_unique<nlohmann::json>(
          nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false))) {}

RotationConfig::~RotationConfig() = default;

const nlohmann::json* RotationConfig::find(const char* key) const {
  if (!m_top->is_object()) return nullptr;
  const auto nested = m_top->find("text_config");
  if (nested != m_top->end() && nested->is_object() && nested->contains(key)) return &(*nested)[key];
  const auto found = m_top->find(key);
  return found == m_top->end() ? nullptr : &*found;
}

std::int64_t RotationConfig::number(std::initializer_list<const char*> keys) const {
  for (const char* key : keys) {
    const nlohmann::json* value = find(key);
    if (value && value->is_number_unsigned() && value->get<std::uint64_t>() <= 1u << 24)
      return value->get<std::int64_t>();
  }
  return 0;
}

bool RotationConfig::isFlag(const char* key, bool value) const {
  const nlohmann::json* found = find(key);
  return found && found->is_boolean() && found->get<bool>() == value;
}

std::string RotationConfig::untied(std::string_view text) {
  auto json = nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::string(text);
  json[kTied] = false;
  const auto nested = json.find("text_config");
  if (nested != json.end() && nested->is_object() && nested->contains(kTied)) (*nested)[kTied] = false;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string untiedConfig(std::string_view configJson) {
  return RotationConfig(configJson).isTrue(kTied) ? RotationConfig::untied(configJson)
                                                  : std::string(configJson);
}

std::optional<UntiedModel> untieEmbeddings(const Model& model, std::string_view configJson) {
  const Linear* embedding = embeddingOf(model);
  if (!model.hasTiedEmbeddings || !embedding || !RotationConfig(configJson).isTrue(kTied))
    return std::nullopt;
  UntiedModel untied{model, RotationConfig::untied(configJson), model.linears.size(), embedding->matrix,
                     embedding->dtype};
  Linear head;
  head.name = headName(embedding->name);
  head.role = TensorRole::LmHead;
  head.matrix = embedding->matrix;
  head.matrix.tensor = head.name + ".weight";
  head.dtype = embedding->dtype;
  head.norm = finalNorm(model);
  if (head.norm) head.normOffset = normOffset(model);
  head.isQuantizable = false;
  head.site = model.sites.size();
  untied.model.sites.push_back({head.name, {untied.head}, head.in()});
  untied.model.nameIndex.emplace(head.name, untied.head);
  untied.model.linears.push_back(std::move(head));
  untied.model.hasTiedEmbeddings = false;
  untied.model.parameterCount +=
      static_cast<std::uint64_t>(embedding->out()) * static_cast<std::uint64_t>(embedding->in());
  return untied;
}

}  // namespace ql
