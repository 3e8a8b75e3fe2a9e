#include "core/head_runs.h"

#include "core/calib/forward.h"

#include <nlohmann/json.hpp>

namespace ql {
namespace {

using Json = nlohmann::json;

std::int64_t headCount(std::string_view configJson) {
  const Json top = Json::parse(configJson.begin(), configJson.end(), nullptr, /*allow_exceptions=*/false);
  if (!top.is_object()) return 0;
  const auto nested = top.find("text_config");
  for (const Json* object : {nested != top.end() && nested->is_object() ? &*nested : &top, &top})
    for (const char* key : {"num_attention_heads", "n_head", "num_heads"})
      if (const auto found = object->find(key); found != object->end() && found->is_number_unsigned())
        return found->get<std::uint64_t>() <= 1u << 24 ? found->get<std::int64_t>() : 0;
  return 0;
}

std::int64_t widthOf(const Linear& linear, std::int64_t heads) {
  const bool isOfHeads = linear.role == TensorRole::O && heads > 0 && linear.in() % heads == 0;
  return isOfHeads ? linear.in() / heads : 0;
}

void setRuns(ActScheme& scheme, std::int64_t width) {
  const bool movesChannels = scheme.groups && scheme.permutation && *scheme.permutation != "none";
  if (width > 0 && movesChannels && !scheme.groupSize) scheme.groupSize = width;
}

}  // namespace

std::int64_t headWidth(const Model& model, std::string_view configJson, LinearId id) {
  const Linear& linear = model.linears.at(id);
  return linear.role == TensorRole::O ? widthOf(linear, headCount(configJson)) : 0;
}

Choice withHeadRuns(Choice choice, std::int64_t width) {
  if (choice.activation) setRuns(*choice.activation, width);
  return choice;
}

QuantizationPlan withHeadRuns(QuantizationPlan plan, const Model& model, std::string_view configJson) {
  const std::int64_t heads = headCount(configJson);
  std::int64_t width = 0;  // of a head, the same in every block
  for (const Linear& linear : model.linears) {
    const std::int64_t own = widthOf(linear, heads);
    if (own == 0) continue;
    width = own;
    const Choice before = plan.choiceFor(linear.name), after = withHeadRuns(before, own);
    if (after != before) plan.layers[linear.name] = after;
  }
  if (plan.kvCache) setRuns(*plan.kvCache, width);
  for (auto& [name, scheme] : plan.points) {
    const auto point = findPoint(model, name);
    const auto id = model.find(name);
    if (point && (point->kind == PointKind::KCache || point->kind == PointKind::VCache))
      setRuns(scheme, width);
    else if (!point && id)
      setRuns(scheme, widthOf(model.linears[*id], heads));
  }
  return plan;
}

}  // namespace ql
