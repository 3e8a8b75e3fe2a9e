// Tensors of an unknown family: blocks are guessed from the numbers in names, roles stay "other".
#include "core/model/mapping.h"
#include "core/model/names.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

namespace ql {
namespace {

/// Everything before a number: "encoder.layers." with the numbers that follow and how many values hang on it.
struct Stack {
  std::set<int> numbers;
  std::uint64_t elements = 0;
};

struct Numbered {
  std::string_view stack;  // "model.layers."
  int number = 0;
};

std::vector<Numbered> numbersOf(std::string_view name) {
  std::vector<Numbered> found;
  std::size_t begin = 0;
  for (const std::string_view part : splitDots(name)) {
    const std::optional<int> number = parseNumber(part);
    const bool isInside = begin > 0 && begin + part.size() < name.size();
    if (number && isInside && *number < kMaxBlocks) found.push_back({name.substr(0, begin), *number});
    begin += part.size() + 1;
  }
  return found;
}

bool soundsLikeBlocks(std::string_view stack) {
  for (const std::string_view word : {"layers.", "layer.", "blocks.", "block.", "h."}) {
    if (stack == word || (stack.ends_with(word) && stack[stack.size() - word.size() - 1] == '.')) return true;
  }
  return false;
}

class Guesser {
 public:
  explicit Guesser(const TensorList& tensors) {
    for (const NamedTensor& tensor : tensors.all) {
      for (const Numbered& numbered : numbersOf(tensor.name)) {
        m_stacks[std::string(numbered.stack)].numbers.insert(numbered.number);
      }
    }
    for (const NamedTensor& tensor : tensors.all) {
      const auto numbered = firstRepeating(tensor.name);
      if (numbered)
        m_stacks[std::string(numbered->stack)].elements += elementCount(tensor.info->shape).value_or(0);
    }
    chooseMain();
  }

  std::optional<int> blockOf(std::string_view name) const {
    const auto numbered = firstRepeating(name);
    if (!numbered || numbered->stack != m_main) return std::nullopt;
    return numbered->number;
  }

  void warn(const ModelConfig& config, std::vector<std::string>& warnings) const {
    const std::string type = !config.architecture.empty() ? "'" + config.architecture + "'"
                             : !config.modelTypes.empty() ? "'" + config.modelTypes.front() + "'"
                                                          : std::string("of this model");
    if (m_main.empty()) {
      warnings.push_back("the architecture " + type +
                         " is unknown and no number in the tensor names counts layers: "
                         "the matrices are listed without blocks");
      return;
    }
    warnings.push_back("the architecture " + type + " is unknown: blocks are the numbers behind '" + m_main +
                       "'; roles, shared inputs and fused modules are not known");
    if (m_stackCount > 1)
      warnings.push_back("other names are numbered too; only '" + m_main + "' is shown as blocks");
  }

 private:
  bool repeats(const std::string& stack) const {
    const auto found = m_stacks.find(stack);
    return found != m_stacks.end() && (found->second.numbers.size() > 1 || soundsLikeBlocks(stack));
  }

  std::optional<Numbered> firstRepeating(std::string_view name) const {
    for (const Numbered& numbered : numbersOf(name)) {
      if (repeats(std::string(numbered.stack))) return numbered;
    }
    return std::nullopt;
  }

  void chooseMain() {
    std::uint64_t best = 0;
    for (const auto& [name, stack] : m_stacks) {
      m_stackCount += stack.elements > 0;
      if (stack.elements > best) m_main = name, best = stack.elements;
    }
  }

  std::map<std::string, Stack> m_stacks;
  std::string m_main;
  int m_stackCount = 0;
};

/// Scales, zero points and codes of quantized checkpoints are matrices too, but no weights.
bool looksLikeWeight(const NamedTensor& tensor, const TensorName& name) {
  if (!dtypeInfo(tensor.info->dtype).isFloat) return false;
  if (!name.leaf.empty()) return name.leaf == "weight";
  const std::string_view last = splitDots(tensor.name).back();
  for (const std::string_view word : {"scale", "bias", "zero", "absmax", "cache", "mask", "inv_freq"}) {
    if (last.find(word) != std::string_view::npos) return false;
  }
  return true;
}

bool isNamedExpertStack(const NamedTensor& tensor) {
  return isExpertStack(*tensor.info) && tensor.name.find("expert") != std::string_view::npos;
}

}  // namespace

Mapping mapByGuess(const TensorList& tensors, const ModelConfig& config) {
  const Guesser guesser(tensors);
  Mapping mapping;
  guesser.warn(config, mapping.warnings);
  for (const NamedTensor& tensor : tensors.all) {
    const TensorName name = splitTensorName(tensor.name);
    const std::optional<int> block = guesser.blockOf(tensor.name);
    const bool isStack = isNamedExpertStack(tensor);
    if (!looksLikeWeight(tensor, name) || !(isMatrix(*tensor.info) || isStack)) {
      mapping.others.push_back({tensor.info->name, TensorRole::Other, block});
      continue;
    }
    DraftLinear draft;
    draft.linear.block = block;
    draft.linear.dtype = tensor.info->dtype;
    draft.linear.isQuantizable = block.has_value();
    draft.order = {block ? std::int64_t{*block} : std::numeric_limits<std::int64_t>::max(), 0, 0, 0};
    draft.linear.name = std::string(name.module);
    if (!isStack) {
      draft.linear.matrix = matrixOf(*tensor.info, false);
      mapping.linears.push_back(std::move(draft));
      continue;
    }
    const bool isDown = tensor.name.find("down") != std::string_view::npos ||
                        tensor.name.find("w2") != std::string_view::npos;
    for (std::int64_t e = 0; e < tensor.info->shape[0]; ++e) {
      DraftLinear expert = draft;
      expert.linear.name += "[" + std::to_string(e) + "]";
      expert.linear.expert = static_cast<int>(e);
      expert.linear.matrix = expertMatrix(*tensor.info, e, isDown, config);
      mapping.linears.push_back(std::move(expert));
    }
  }
  return mapping;
}

}  // namespace ql
