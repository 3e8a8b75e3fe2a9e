#include "app/cli/plan_outline.h"

#include "core/base/dtype.h"
#include "core/base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ql::cli {
namespace {

using Json = nlohmann::ordered_json;

Json linearJson(const Linear& linear) {
  Json json;
  json["name"] = linear.name;
  json["role"] = roleName(linear.role);
  json["block"] = linear.block ? Json(*linear.block) : Json(nullptr);
  json["expert"] = linear.expert ? Json(*linear.expert) : Json(nullptr);
  json["shape"] = {linear.out(), linear.in()};
  json["dtype"] = dtypeInfo(linear.dtype).name;
  json["quantizable"] = linear.isQuantizable;
  return json;
}

Linear linearFromJson(const Json& json) {
  Linear linear;
  linear.name = json.at("name").get<std::string>();
  const auto role = roleFromName(json.at("role").get<std::string>());
  const auto dtype = dtypeFromName(json.at("dtype").get<std::string>());
  linear.matrix.out = json.at("shape").at(0).get<std::int64_t>();
  linear.matrix.in = json.at("shape").at(1).get<std::int64_t>();
  if (!role || !dtype || linear.out() < 0 || linear.in() < 0)
    throw Error(ErrorCode::Plan,
                "layer " + linear.name + " has an unknown role or dtype or a negative shape");
  linear.role = *role;
  linear.dtype = *dtype;
  if (!json.at("block").is_null()) linear.block = json.at("block").get<int>();
  if (!json.at("expert").is_null()) linear.expert = json.at("expert").get<int>();
  linear.isQuantizable = json.at("quantizable").get<bool>();
  linear.matrix.tensor = linear.name + ".weight";
  // An expert with a tensor of its own is an ordinary linear; "name[e]" is a slice of a shared one.
  if (linear.name.ends_with(']')) linear.matrix.slice = linear.expert.value_or(-1);
  return linear;
}

/// Members of a group as indices into the list of linears, which is shorter than their names.
Json groupJson(const std::string& name, const std::vector<LinearId>& members) {
  return {{"name", name}, {"members", members}};
}

std::vector<LinearId> membersFromJson(const Json& json, const Model& model) {
  auto members = json.at("members").get<std::vector<LinearId>>();
  if (std::any_of(members.begin(), members.end(), [&](LinearId id) { return id >= model.linears.size(); }))
    throw Error(ErrorCode::Plan,
                "group " + json.at("name").get<std::string>() + " has a member that is not listed");
  return members;
}

void readGroups(const Json& json, Model& model) {
  for (const Json& entry : json.at("sites")) {
    Site site{entry.at("name").get<std::string>(), membersFromJson(entry, model), 0};
    for (const LinearId id : site.consumers) {
      model.linears[id].site = model.sites.size();
      site.width = model.linears[id].in();
    }
    model.sites.push_back(std::move(site));
  }
  for (const Json& entry : json.at("smoothing_groups")) {
    SmoothingGroup group{entry.at("name").get<std::string>(), membersFromJson(entry, model)};
    for (const LinearId id : group.consumers) model.linears[id].smoothingGroup = model.smoothingGroups.size();
    model.smoothingGroups.push_back(std::move(group));
  }
  for (const Json& entry : json.at("fused_groups")) {
    FusedGroup group{entry.at("name").get<std::string>(), membersFromJson(entry, model)};
    for (const LinearId id : group.members) model.linears[id].fusedGroup = model.fusedGroups.size();
    model.fusedGroups.push_back(std::move(group));
  }
}

Model modelFromJson(const Json& json, const QuantizationPlan& plan) {
  Model model;
  model.name = plan.model.name;
  model.architecture = plan.model.architecture;
  model.family = json.at("family").get<std::string>();
  model.parameterCount = json.at("parameters").get<std::uint64_t>();
  model.blockCount = json.at("blocks").get<int>();
  for (const Json& entry : json.at("linears")) {
    model.linears.push_back(linearFromJson(entry));
    const Linear& linear = model.linears.back();
    const auto known = std::find(model.rolesPresent.begin(), model.rolesPresent.end(), linear.role);
    if (linear.block && known == model.rolesPresent.end()) model.rolesPresent.push_back(linear.role);
  }
  readGroups(json, model);
  return model;
}

}  // namespace

void addOutline(QuantizationPlan& plan, const Model& model) {
  Json outline;
  outline["family"] = model.family;
  outline["parameters"] = model.parameterCount;
  outline["blocks"] = model.blockCount;
  outline["linears"] = Json::array();
  for (const Linear& linear : model.linears) outline["linears"].push_back(linearJson(linear));
  outline["sites"] = Json::array();
  for (const Site& site : model.sites) outline["sites"].push_back(groupJson(site.name, site.consumers));
  outline["smoothing_groups"] = Json::array();
  for (const SmoothingGroup& group : model.smoothingGroups)
    outline["smoothing_groups"].push_back(groupJson(group.producer, group.consumers));
  outline["fused_groups"] = Json::array();
  for (const FusedGroup& group : model.fusedGroups)
    outline["fused_groups"].push_back(groupJson(group.name, group.members));
  Json evidence = Json::parse(plan.evidence);
  evidence["model"] = std::move(outline);
  plan.evidence = evidence.dump();
}

std::optional<Model> outlineFromPlan(const QuantizationPlan& plan, const std::string& where) {
  const auto damaged = [&](const std::string& what) {
    return Error(ErrorCode::Plan, where + ": the outline of the model at evidence.model is damaged (" + what +
                                      "); name the model with --model MODEL.");
  };
  try {
    const Json evidence = Json::parse(plan.evidence);
    if (!evidence.is_object() || !evidence.contains("model")) return std::nullopt;
    return modelFromJson(evidence.at("model"), plan);
  } catch (const nlohmann::json::exception& error) {
    throw damaged(error.what());
  } catch (const Error& error) {
    throw damaged(error.what());
  }
}

}  // namespace ql::cli
