// A recipe for llm-compressor (recipe.py and modifiers of 2026-08). Stages must end in _stage and modifier
// keys in _modifiers, else they are dropped silently; one instance a key, as a second one of a class replaces
// the first.
#include "core/base/message_text.h"
#include "core/export/name_patterns.h"
#include "core/export/scheme_groups.h"
#include "core/model/names.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

namespace ql {
namespace {

void writeScalar(YAML::Emitter& yaml, const std::string& json) {
  if (json.starts_with('"')) {
    yaml << json.substr(1, json.size() - 2);
  } else if (json == "{}") {
    yaml << YAML::Flow << YAML::BeginMap << YAML::EndMap;
  } else {
    yaml << YAML::Load(json);  // numbers, true, false, null and pairs are spelled alike in YAML
  }
}

/// Only what says something: pydantic fills in the rest.
void writeArgs(YAML::Emitter& yaml, const std::string& key, const std::vector<ArgField>& fields) {
  yaml << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginMap;
  for (const ArgField& field : fields) {
    const bool isDefault = field.json == "null" || field.json == "{}" || field.json == "\"minmax\"" ||
                           (field.key == "dynamic" && field.json == "false");
    if (isDefault) continue;
    yaml << YAML::Key << field.key << YAML::Value;
    writeScalar(yaml, field.json);
  }
  yaml << YAML::EndMap;
}

/// Single quotes keep the backslashes of expressions as they are.
void writeList(YAML::Emitter& yaml, const std::vector<std::string>& words) {
  yaml << YAML::Flow << YAML::BeginSeq;
  for (const std::string& word : words) yaml << YAML::SingleQuoted << word;
  yaml << YAML::EndSeq;
}

struct Mapping {
  std::vector<std::vector<std::string>> balance;  // one list of patterns a consumer
  std::vector<std::string> smooth;
};

/// "model.layers.12.input_layernorm" -> {"model.layers.{}.input_layernorm", 12}.
std::pair<std::string, std::optional<int>> withoutBlock(const std::string& name) {
  std::string text;
  std::optional<int> block;
  for (const std::string_view part : splitDots(name)) {
    const std::optional<int> number = block ? std::nullopt : parseNumber(part);
    if (number) block = number;
    text += (text.empty() ? "" : ".") + (number ? std::string("{}") : std::string(part));
  }
  return {text, block};
}

std::string withBlocks(const std::string& shape, const std::set<int>& blocks) {
  const std::size_t place = shape.find("{}");
  if (place == std::string::npos) return "re:" + escapeRegex(shape) + "$";
  const std::size_t dot = place >= 2 ? shape.rfind('.', place - 2) : std::string::npos;
  const std::string head =
      dot == std::string::npos ? shape.substr(0, place) : shape.substr(dot + 1, place - dot - 1);
  return "re:.*" + escapeRegex(head) + numbersPattern(blocks) + escapeRegex(shape.substr(place + 2)) + "$";
}

/// Smoothing of one strength: groups that differ in the block number only become one mapping.
class SmoothQuantWriter {
 public:
  void add(const PlanSmoothing& entry) {
    std::vector<std::string> shape;
    const auto [producer, block] = withoutBlock(entry.producer);
    shape.push_back(producer);
    bool isOneBlock = block.has_value();
    for (const std::string& consumer : entry.consumers) {
      const auto [name, consumerBlock] = withoutBlock(consumer);
      shape.push_back(name);
      isOneBlock = isOneBlock && consumerBlock == block;
    }
    if (!isOneBlock) {
      shape = {entry.producer};
      shape.insert(shape.end(), entry.consumers.begin(), entry.consumers.end());
    }
    std::set<int>& blocks = m_shapes[shape];
    if (isOneBlock) blocks.insert(*block);
  }

  void write(YAML::Emitter& yaml, double alpha) const {
    yaml << YAML::Key << "SmoothQuantModifier" << YAML::Value << YAML::BeginMap;
    yaml << YAML::Key << "smoothing_strength" << YAML::Value << alpha;
    yaml << YAML::Key << "mappings" << YAML::Value << YAML::BeginSeq;
    for (const auto& [shape, blocks] : m_shapes) {
      std::vector<std::string> balance;
      for (std::size_t i = 1; i < shape.size(); ++i) balance.push_back(withBlocks(shape[i], blocks));
      yaml << YAML::BeginSeq;
      writeList(yaml, balance);
      yaml << YAML::SingleQuoted << withBlocks(shape[0], blocks) << YAML::EndSeq;
    }
    yaml << YAML::EndSeq << YAML::EndMap;
  }

 private:
  std::map<std::vector<std::string>, std::set<int>> m_shapes;
};

/// The groups one modifier instance quantizes: all RTN groups, or GPTQ groups of equal options.
struct QuantModifier {
  std::string modifier;
  OptionValues options;
  std::vector<std::size_t> groups;
};

std::vector<QuantModifier> modifiersOf(const std::vector<SchemeGroup>& groups) {
  std::vector<QuantModifier> modifiers;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const MethodChoice& algorithm = groups[i].choice.weight->algorithm;
    OptionValues options;
    if (algorithm.name == "gptq") {
      for (const char* key : {"block_size", "damp"}) {
        const auto found = algorithm.options.find(key);
        if (found != algorithm.options.end()) options.insert(*found);
      }
    }
    const std::string name = algorithm.name == "gptq" ? "GPTQModifier" : "QuantizationModifier";
    auto place = std::find_if(modifiers.begin(), modifiers.end(), [&](const QuantModifier& other) {
      return other.modifier == name && other.options == options;
    });
    if (place == modifiers.end()) place = modifiers.insert(place, {name, options, {}});
    place->groups.push_back(i);
  }
  return modifiers;
}

class RecipeWriter {
 public:
  RecipeWriter(const QuantizationPlan& plan, const SchemeGroups& groups, std::vector<NotExpressible>& missing)
      : m_plan(plan), m_groups(groups), m_missing(missing) {}

  std::string run() {
    m_yaml << YAML::BeginMap << YAML::Key << "quant_stage" << YAML::Value << YAML::BeginMap;
    writeSmoothing();
    const std::vector<QuantModifier> modifiers = modifiersOf(m_groups.groups);
    for (std::size_t i = 0; i < modifiers.size(); ++i) {
      const std::string number = modifiers.size() > 1 ? "_" + std::to_string(i + 1) : "";
      m_yaml << YAML::Key << "quant" + number + "_modifiers" << YAML::Value << YAML::BeginMap;
      writeModifier(modifiers[i], i == 0);
      m_yaml << YAML::EndMap;
    }
    m_yaml << YAML::EndMap << YAML::EndMap;
    return std::string(m_yaml.c_str()) + "\n";
  }

 private:
  void writeSmoothing() {
    std::map<double, SmoothQuantWriter> byAlpha;
    for (const PlanSmoothing& entry : m_plan.smoothing) {
      const std::string obstacle = entry.method != "smoothquant" ? "smoothing by " + entry.method
                                   : entry.statistic != "max"    ? "smoothing by the " + entry.statistic
                                   : entry.scales                ? "given smoothing scales"
                                   : entry.powersOfTwo           ? "smoothing by powers of two"
                                                                 : "";
      if (obstacle.empty()) {
        byAlpha[entry.alpha].add(entry);
      } else {
        m_missing.push_back({entry.producer, obstacle, "no smoothing"});
      }
    }
    int number = 0;
    for (const auto& [alpha, writer] : byAlpha) {
      m_yaml << YAML::Key << "smooth_" + std::to_string(++number) + "_modifiers" << YAML::Value
             << YAML::BeginMap;
      writer.write(m_yaml, alpha);
      m_yaml << YAML::EndMap;
    }
  }

  void writeModifier(const QuantModifier& modifier, bool isFirst) {
    m_yaml << YAML::Key << modifier.modifier << YAML::Value << YAML::BeginMap;
    m_yaml << YAML::Key << "ignore" << YAML::Value;
    writeList(m_yaml, m_groups.ignore);
    for (const auto& [key, value] : modifier.options) {
      m_yaml << YAML::Key << (key == "damp" ? "dampening_frac" : key) << YAML::Value << optionText(value);
    }
    if (isFirst && m_plan.kvCache && isKvCacheExpressible(*m_plan.kvCache)) {
      writeArgs(m_yaml, "kv_cache_scheme", activationArgs(*m_plan.kvCache));
    }
    m_yaml << YAML::Key << "config_groups" << YAML::Value << YAML::BeginMap;
    for (const std::size_t i : modifier.groups) writeGroup("group_" + std::to_string(i), m_groups.groups[i]);
    m_yaml << YAML::EndMap << YAML::EndMap;
  }

  void writeGroup(const std::string& name, const SchemeGroup& group) {
    m_yaml << YAML::Key << name << YAML::Value << YAML::BeginMap << YAML::Key << "targets" << YAML::Value;
    writeList(m_yaml, group.targets);
    writeArgs(m_yaml, "weights", weightArgs(*group.choice.weight));
    if (group.choice.activation)
      writeArgs(m_yaml, "input_activations", activationArgs(*group.choice.activation));
    m_yaml << YAML::Key << "format" << YAML::Value << group.format << YAML::EndMap;
  }

  const QuantizationPlan& m_plan;
  const SchemeGroups& m_groups;
  std::vector<NotExpressible>& m_missing;
  YAML::Emitter m_yaml;
};

ExportResult make(const QuantizationPlan& plan, const Model& model, const OptionValues& given) {
  completeOptions("llm-compressor", {}, given);
  SchemeGroups groups = makeSchemeGroups(plan, model, AlgorithmSupport::RtnAndGptq);
  ExportResult result;
  result.notExpressible = groups.notExpressible;
  result.files.push_back({"recipe.yaml", RecipeWriter(plan, groups, result.notExpressible).run()});
  for (const auto& [name, scheme] : plan.points) {
    result.notExpressible.push_back({name, "a scheme for a tensor point", "the tensor stays in 16 bit"});
  }
  if (plan.kvCache && !isKvCacheExpressible(*plan.kvCache)) {
    result.notExpressible.push_back({"", "this scheme of the key-value cache", "the cache stays in 16 bit"});
  }
  if (plan.rotations != "[]")
    result.notExpressible.push_back(
        {"", "rotations",
         "nothing: write the rotated checkpoint first (qloupe apply --as rotated) and export its plan"});
  result.loaderWarnings = loaderWarnings(plan, model, groups);
  if (!plan.smoothing.empty()) {
    result.loaderWarnings.push_back(
        "SmoothQuantModifier measures (max - min) of the activations and 2 max|W|, not the "
        "largest magnitudes of the paper: its scales differ from those shown here, and it needs "
        "calibration data");
  }
  return result;
}

}  // namespace

const Exporter& llmCompressorExporter() {
  static const Exporter exporter = {"llm-compressor",
                                    "A recipe that llm-compressor runs to make a checkpoint for vLLM.",
                                    "recipe.yaml",
                                    {},
                                    &make};
  return exporter;
}

}  // namespace ql
