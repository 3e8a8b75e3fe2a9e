// quantization_config of compressed-tensors, for config.json (quant_config.py, quant_scheme.py of 2026-08).
// The weights are still 16 bit, so the status is "initialized".
#include "core/export/scheme_groups.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace ql {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson argsJson(const std::vector<ArgField>& fields) {
  OrderedJson json = OrderedJson::object();
  for (const ArgField& field : fields) json[field.key] = OrderedJson::parse(field.json);
  return json;
}

OrderedJson groupJson(const SchemeGroup& group) {
  OrderedJson json;
  json["format"] = group.format;
  json["targets"] = group.targets;
  json["weights"] = argsJson(weightArgs(*group.choice.weight));
  json["input_activations"] = nullptr;
  if (group.choice.activation) json["input_activations"] = argsJson(activationArgs(*group.choice.activation));
  json["output_activations"] = nullptr;
  return json;
}

std::string globalFormat(const std::vector<SchemeGroup>& groups) {
  if (groups.empty()) return "dense";
  const bool isUniform = std::all_of(groups.begin(), groups.end(), [&](const SchemeGroup& group) {
    return group.format == groups.front().format;
  });
  return isUniform ? groups.front().format : "mixed-precision";
}

void listPlanWide(const QuantizationPlan& plan, std::vector<NotExpressible>& missing) {
  for (const PlanSmoothing& smoothing : plan.smoothing) {
    missing.push_back({smoothing.producer, "smoothing (" + smoothing.method + ")",
                       "nothing: fold the smoothing into the weights before quantizing"});
  }
  for (const auto& [name, scheme] : plan.points) {
    missing.push_back({name, "a scheme for a tensor point", "the tensor stays in 16 bit"});
  }
  if (plan.kvCache && !isKvCacheExpressible(*plan.kvCache)) {
    missing.push_back({"", "this scheme of the key-value cache", "the cache stays in 16 bit"});
  }
  if (plan.rotations != "[]")
    missing.push_back(
        {"", "rotations",
         "nothing: write the rotated checkpoint first (qloupe apply --as rotated) and export its plan"});
}

ExportResult make(const QuantizationPlan& plan, const Model& model, const OptionValues& given) {
  completeOptions("compressed-tensors", {}, given);
  SchemeGroups groups = makeSchemeGroups(plan, model, AlgorithmSupport::RtnOnly);
  OrderedJson config;
  config["quant_method"] = "compressed-tensors";
  config["format"] = globalFormat(groups.groups);
  config["quantization_status"] = "initialized";
  config["global_compression_ratio"] = nullptr;
  config["ignore"] = groups.ignore;
  config["kv_cache_scheme"] = nullptr;
  if (plan.kvCache && isKvCacheExpressible(*plan.kvCache))
    config["kv_cache_scheme"] = argsJson(activationArgs(*plan.kvCache));
  config["config_groups"] = OrderedJson::object();
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    config["config_groups"]["group_" + std::to_string(i)] = groupJson(groups.groups[i]);
  }
  OrderedJson top;
  top["quantization_config"] = std::move(config);
  ExportResult result{
      {{"quantization_config.json", top.dump(2) + "\n"}}, std::move(groups.notExpressible), {}};
  listPlanWide(plan, result.notExpressible);
  result.loaderWarnings = loaderWarnings(plan, model, groups);
  return result;
}

}  // namespace

const Exporter& compressedTensorsExporter() {
  static const Exporter exporter = {
      "compressed-tensors",
      "The quantization_config of a checkpoint that vLLM, SGLang and transformers read.",
      "quantization_config.json",
      {},
      &make};
  return exporter;
}

}  // namespace ql
