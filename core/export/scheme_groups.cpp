#include "core/export/scheme_groups.h"

#include "core/base/error.h"
#include "core/export/name_patterns.h"
#include "core/model/name_regex.h"

#include <algorithm>
#include <map>

namespace ql {
namespace {

const char* const kStaysIn16Bit = "the layer stays in 16 bit";

bool isQuantizedFormat(const std::string& format) {
  const NumberFormatInfo* info = findNumberFormat(format);
  return info != nullptr && info->isQuantized;
}

bool hasKernelType(const std::string& format) {
  const NumberFormatInfo* info = findNumberFormat(format);
  return info != nullptr && (info->isInteger || format == "fp8_e4m3");
}

/// Decides for one linear what can be written, and says what cannot.
class Translator {
 public:
  Translator(const Linear& linear, AlgorithmSupport support, std::vector<NotExpressible>& missing)
      : m_linear(linear), m_support(support), m_missing(missing) {}

  /// The choice as the target can hold it; nothing when the linear stays in 16 bit.
  std::optional<Choice> run(Choice choice) {
    if (choice.weight && !isQuantizedFormat(choice.weight->format)) choice.weight.reset();
    if (choice.activation && !isQuantizedFormat(choice.activation->format)) choice.activation.reset();
    if (!choice.weight && !choice.activation) return std::nullopt;
    const std::string obstacle = obstacleOf(choice);
    if (!obstacle.empty()) {
      miss(obstacle, kStaysIn16Bit);
      return std::nullopt;
    }
    simplifyWeight(*choice.weight);
    if (choice.activation) simplifyActivation(*choice.activation);
    return choice;
  }

 private:
  void miss(const std::string& feature, const std::string& instead) {
    m_missing.push_back({m_linear.name, feature, instead});
  }

  std::string obstacleOf(const Choice& choice) const {
    if (m_linear.role == TensorRole::Embedding || m_linear.role == TensorRole::Position) {
      return "a quantized embedding (the target quantizes linear layers)";
    }
    if (m_linear.matrix.slice >= 0) return "an expert that is part of one tensor with the others";
    if (!choice.weight) return "quantized activations with 16-bit weights";
    std::string obstacle = weightObstacle(*choice.weight);
    return obstacle.empty() && choice.activation ? activationObstacle(*choice.activation) : obstacle;
  }

  std::string weightObstacle(const WeightScheme& scheme) const {
    if (!hasKernelType(scheme.format)) return "the number format " + scheme.format;
    const bool isInteger = findNumberFormat(scheme.format)->isInteger;
    switch (scheme.granularity) {
      case Granularity::InputChannel:
        return "one scale per input channel";
      case Granularity::GroupInChannel:
        return "groups along the output channels";
      case Granularity::Block:
        return isInteger ? "blocks of integer weights" : "";
      case Granularity::Group:
        return isInteger ? groupObstacle(scheme.groupSize) : "groups of " + scheme.format;
      default:
        return "";
    }
  }

  std::string groupObstacle(const std::optional<std::int64_t>& size) const {
    if (!size || m_linear.in() % *size == 0) return "";
    return "groups of " + std::to_string(*size) + " that do not divide " + std::to_string(m_linear.in()) +
           " input channels";
  }

  std::string activationObstacle(const ActScheme& scheme) const {
    if (!hasKernelType(scheme.format)) return "the activation format " + scheme.format;
    if (scheme.granularity != Granularity::Group) return "";
    return scheme.dynamic ? groupObstacle(scheme.groupSize) : "static scales for groups of activations";
  }

  void simplifyWeight(WeightScheme& scheme) {
    if (scheme.outliers)
      miss("outliers kept exact (" + scheme.outliers->rule + ")", "all weights are quantized");
    scheme.outliers.reset();
    const bool isClipKnown = scheme.clip.name == "none" || scheme.clip.name == "mse-llmc";
    if (!isClipKnown) miss("clipping by " + scheme.clip.name, "the whole range of the weights");
    if (!isClipKnown) scheme.clip = {"none", {}};
    const bool isGptq = scheme.algorithm.name == "gptq" && m_support == AlgorithmSupport::RtnAndGptq;
    if (scheme.algorithm.name != "rtn" && !isGptq) {
      miss("the algorithm " + scheme.algorithm.name,
           m_support == AlgorithmSupport::RtnOnly ? "the format without a word on how the codes are found"
                                                  : "rounding to nearest");
      scheme.algorithm = {"rtn", {}};
    }
    const auto mse = scheme.algorithm.options.find("mse");
    if (isGptq && mse != scheme.algorithm.options.end() && mse->second == OptionValue(true)) {
      miss("GPTQ with a search of the range (mse)", "GPTQ over the whole range");
      mse->second = false;
    }
    scheme.flavour = WeightScheme().flavour;  // not part of the target's words; see loaderWarnings
  }

  void simplifyActivation(ActScheme& scheme) {
    if (scheme.outlierThreshold) miss("an outlier threshold for activations", "all channels are quantized");
    if (scheme.groups || scheme.permutation)
      miss("reordered groups of activation channels", "the stored order");
    scheme.outlierThreshold.reset();
    scheme.groups.reset();
    scheme.permutation.reset();
    scheme.flavour = ActScheme().flavour;
  }

  const Linear& m_linear;
  AlgorithmSupport m_support;
  std::vector<NotExpressible>& m_missing;
};

/// What the library would infer for a module, but W8 groups with int8 activations are packed: the only form
/// in which vLLM runs them.
std::string storageFormat(const Choice& choice) {
  const NumberFormatInfo* weight = findNumberFormat(choice.weight->format);
  if (!weight->isInteger) return choice.activation ? "float-quantized" : "naive-quantized";
  if (!choice.activation) return "pack-quantized";
  const bool isW8Group = weight->integerBits == 8 && choice.weight->granularity == Granularity::Group;
  return isW8Group ? "pack-quantized" : "int-quantized";
}

class GroupMaker {
 public:
  GroupMaker(const QuantizationPlan& plan, const Model& model, AlgorithmSupport support)
      : m_plan(plan), m_model(model), m_support(support) {}

  SchemeGroups run() {
    sort();
    for (const bool hasFreePrefix : {true, false}) {
      makePatterns(hasFreePrefix);
      const std::string problem = checkPatterns();
      if (problem.empty()) break;
      if (!hasFreePrefix) {
        throw Error(ErrorCode::Plan, "the export's own check failed: " + problem +
                                         "; please report this with the list of tensor names");
      }
    }
    return std::move(m_result);
  }

 private:
  void sort() {
    for (const Linear& linear : m_model.linears) {
      Translator translator(linear, m_support, m_result.notExpressible);
      const std::optional<Choice> choice = translator.run(m_plan.choiceFor(linear.name));
      if (choice) {
        join(linear.name, *choice);
      } else if (linear.role != TensorRole::Embedding && linear.role != TensorRole::Position &&
                 linear.matrix.slice < 0) {
        m_ignored.insert(linear.name);
      }
    }
    // The head exists as a module although the checkpoint has no tensor for it; quantizing it would touch the
    // embedding.
    if (m_model.hasTiedEmbeddings) m_ignored.insert("lm_head");
  }

  void join(const std::string& name, const Choice& choice) {
    auto group = std::find_if(m_result.groups.begin(), m_result.groups.end(),
                              [&](const SchemeGroup& other) { return other.choice == choice; });
    if (group == m_result.groups.end()) {
      m_result.groups.push_back({choice, {}, {}, storageFormat(choice)});
      group = std::prev(m_result.groups.end());
    }
    group->members.push_back(name);
    m_groupOf[name] = static_cast<std::size_t>(group - m_result.groups.begin());
  }

  /// Servers look for the fused name first. Experts have none of that kind: "experts" is a module of its own.
  void addFusedNames(std::vector<std::set<std::string>>& names, std::set<std::string>& ignored) const {
    for (const FusedGroup& fused : m_model.fusedGroups) {
      if (m_model.linears[fused.members.front()].expert) continue;
      std::set<std::optional<std::size_t>> owners;
      for (const LinearId id : fused.members) {
        const auto owner = m_groupOf.find(m_model.linears[id].name);
        owners.insert(owner == m_groupOf.end() ? std::nullopt : std::optional(owner->second));
      }
      if (owners.size() > 1) continue;
      std::set<std::string>& target = *owners.begin() ? names[**owners.begin()] : ignored;
      target.insert(fused.name);
    }
  }

  void makePatterns(bool hasFreePrefix) {
    std::vector<std::set<std::string>> names;
    for (const SchemeGroup& group : m_result.groups)
      names.emplace_back(group.members.begin(), group.members.end());
    std::set<std::string> ignored = m_ignored;
    addFusedNames(names, ignored);
    for (std::size_t i = 0; i < names.size(); ++i)
      m_result.groups[i].targets = namePatterns(names[i], hasFreePrefix);
    m_result.ignore.clear();
    std::set<std::string> patterned;
    for (const std::string& name : ignored) {
      if (name.find('.') == std::string::npos) {
        m_result.ignore.push_back(name);
      } else {
        patterned.insert(name);
      }
    }
    for (std::string& pattern : namePatterns(patterned, hasFreePrefix))
      m_result.ignore.push_back(std::move(pattern));
  }

  /// Every linear must be hit by its own group alone, or by the ignore list alone. What went wrong, or
  /// nothing.
  std::string checkPatterns() const {
    struct Rule {
      std::optional<std::size_t> owner;  // nothing: the ignore list
      std::optional<NameRegex> regex;
      std::string exact;
    };
    std::vector<Rule> rules;
    const auto add = [&](std::optional<std::size_t> owner, const std::string& target) {
      if (target.starts_with("re:")) {
        rules.push_back({owner, NameRegex(target.substr(3)), ""});
      } else {
        rules.push_back({owner, std::nullopt, target});
      }
    };
    for (const std::string& entry : m_result.ignore) add(std::nullopt, entry);
    for (std::size_t i = 0; i < m_result.groups.size(); ++i) {
      for (const std::string& target : m_result.groups[i].targets) add(i, target);
    }
    for (const Linear& linear : m_model.linears) {
      const auto own = m_groupOf.find(linear.name);
      const bool isIgnored = m_ignored.contains(linear.name);
      std::size_t hits = 0;
      for (const Rule& rule : rules) {
        const bool isHit = rule.regex ? rule.regex->matchesAtStart(linear.name) : rule.exact == linear.name;
        if (!isHit) continue;
        ++hits;
        const bool isRight = rule.owner ? own != m_groupOf.end() && own->second == *rule.owner : isIgnored;
        if (!isRight) return "'" + linear.name + "' is hit by a pattern of another group";
      }
      const std::size_t expected = own != m_groupOf.end() || isIgnored ? 1 : 0;
      if (hits != expected) return "'" + linear.name + "' is hit by " + std::to_string(hits) + " patterns";
    }
    return "";
  }

  const QuantizationPlan& m_plan;
  const Model& m_model;
  AlgorithmSupport m_support;
  SchemeGroups m_result;
  std::set<std::string> m_ignored;
  std::map<std::string, std::size_t> m_groupOf;
};

}  // namespace

SchemeGroups makeSchemeGroups(const QuantizationPlan& plan, const Model& model, AlgorithmSupport support) {
  return GroupMaker(plan, model, support).run();
}

}  // namespace ql
