#include "core/calib/forward.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/family.h"
#include "core/calib/forward_engine.h"
#include "core/calib/forward_parts.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace ql {

#define X(name) const ForwardFamily& name##Forward();
#include "core/calib/families.inc"
#undef X

namespace {

constexpr std::array<std::pair<PointKind, std::string_view>, 4> kPointNames = {
    {{PointKind::ResidualAfterAttention, "residual_after_attn"},
     {PointKind::ResidualAfterMlp, "residual_after_mlp"},
     {PointKind::KCache, "k_cache"},
     {PointKind::VCache, "v_cache"}}};

const ForwardFamily* familyOf(const Model& model) {
  for (const ForwardFamily* family : forwardFamilyTable()) {
    const auto& names = family->families;
    if (std::find(names.begin(), names.end(), model.family) != names.end()) return family;
  }
  return nullptr;
}

std::string familyList() {
  std::string list;
  for (const std::string_view name : forwardFamilies())
    list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

[[noreturn]] void throwNoForward(const Model& model) {
  const std::string who = model.family == "generic"
                              ? "this architecture (" + quotedText(model.architecture) + ")"
                              : "the family " + quotedText(model.family);
  throw Error(ErrorCode::Unsupported,
              "No forward pass for " + who + " yet (there is one for " + familyList() +
                  "): its weights can still be analysed; capture activations where the model runs with "
                  "quantloupe_capture.py.");
}

nlohmann::json parseConfig(std::string_view text) {
  const char* const kRemedy = "; copy config.json from the model's page again.";
  if (text.empty()) {
    throw Error(ErrorCode::Format,
                "The forward pass needs config.json beside the weights, which is not there; copy it from the "
                "model's page.");
  }
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::parse_error& error) {
    throw Error(ErrorCode::Format,
                "config.json: not valid JSON at byte " + std::to_string(error.byte) + kRemedy);
  } catch (const nlohmann::json::exception&) {  // a number beyond the range of double
    throw Error(ErrorCode::Format,
                std::string("config.json: a number is too large for JSON readers") + kRemedy);
  }
  if (!json.is_object())
    throw Error(ErrorCode::Format, std::string("config.json: expected a JSON object") + kRemedy);
  return json;
}

/// Codes without their scales would give numbers that look right and are not.
void refuseQuantized(const nlohmann::json& json) {
  for (const char* level : {"", "text_config"}) {
    const auto nested = *level == '\0' ? json : json.value(level, nlohmann::json());
    if (!nested.is_object() || nested.value("quantization_config", nlohmann::json()).is_null()) continue;
    throw Error(ErrorCode::Unsupported,
                "config.json says that the checkpoint is quantized already ('quantization_config'), so the "
                "forward pass would read codes for weights: open the original model.");
  }
}

}  // namespace

void ForwardHook::site(std::size_t, const TokenRows&, std::span<const float>, JobContext&) {}
bool ForwardHook::linearInput(LinearId, std::span<const float>, std::span<float>, JobContext&) {
  return false;
}
void ForwardHook::point(PointId, const TokenRows&, std::span<float>, JobContext&) {}
void ForwardHook::experts(int, std::span<const std::uint64_t>) {}

std::string pointName(const Model& model, int block, PointKind kind) {
  const auto found = std::find_if(kPointNames.begin(), kPointNames.end(),
                                  [&](const auto& entry) { return entry.first == kind; });
  QL_ASSERT(found != kPointNames.end());
  return blockPrefix(model, block) + std::string(found->second);
}

std::optional<PointId> findPoint(const Model& model, std::string_view name) {
  for (const auto& [kind, ending] : kPointNames) {
    if (!name.ends_with(ending)) continue;
    for (int block = 0; block < model.blockCount; ++block) {
      // The number first: names of other blocks are not worth composing.
      const std::string number = std::to_string(block) + (name.starts_with("block ") ? " " : ".");
      const std::string_view prefix = name.substr(0, name.size() - ending.size());
      if (prefix.ends_with(number) && pointName(model, block, kind) == name) return PointId{block, kind};
    }
  }
  return std::nullopt;
}

HiddenBatch makeBatch(std::span<const std::vector<std::int32_t>> windows, std::int32_t firstWindow) {
  HiddenBatch batch;
  batch.begins.push_back(0);
  for (const std::vector<std::int32_t>& ids : windows) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      batch.ids.push_back(ids[i]);
      batch.positions.push_back(static_cast<std::int32_t>(i));
      batch.windows.push_back(firstWindow);
    }
    batch.begins.push_back(batch.count());
    ++firstWindow;
  }
  return batch;
}

const std::vector<const ForwardFamily*>& forwardFamilyTable() {
  static const std::vector<const ForwardFamily*> all = {
#define X(name) &name##Forward(),
#include "core/calib/families.inc"
#undef X
  };
  return all;
}

std::vector<std::string_view> forwardFamilies() {
  std::vector<std::string_view> names;
  for (const ForwardFamily* family : forwardFamilyTable()) names.push_back(family->name);
  return names;
}

bool hasForward(const Model& model) {
  return familyOf(model) != nullptr;
}

std::unique_ptr<ForwardModel> ForwardModel::make(const Model& model, std::string_view configJson,
                                                 std::shared_ptr<const WeightSource> weights) {
  const ForwardFamily* family = familyOf(model);
  if (family == nullptr) throwNoForward(model);
  const nlohmann::json json = parseConfig(configJson);
  refuseQuantized(json);
  return makeForward(family->read(json, model), model, std::move(weights));
}

}  // namespace ql
