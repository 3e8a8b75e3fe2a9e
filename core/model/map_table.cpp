// Tensors of a known family: each name is looked up in the family's table.
#include "core/model/mapping.h"
#include "core/model/names.h"

#include <algorithm>
#include <limits>

namespace ql {
namespace {

constexpr std::int64_t kBeforeBlocks = -1;
constexpr std::int64_t kAfterBlocks = std::numeric_limits<std::int64_t>::max();

bool isExpertPattern(const LinearPattern& pattern) {
  return hasPlaceholder(pattern.inputGroup);
}

bool isVectorLeaf(std::string_view leaf) {
  return leaf == "bias" || leaf == "gamma" || leaf == "beta";
}

bool isQuantizableRole(TensorRole role) {
  switch (role) {
    case TensorRole::Router:
    case TensorRole::Embedding:
    case TensorRole::Position:
    case TensorRole::LmHead:
    case TensorRole::Norm:
      return false;
    default:
      return true;
  }
}

class TableMapper {
 public:
  TableMapper(const ArchitectureTable& table, const TensorList& tensors, const ModelConfig& config)
      : m_table(table), m_tensors(tensors), m_config(config) {
    m_mapping.family = std::string(table.family);
    m_mapping.table = &table;
    std::size_t best = 0;
    for (const std::string_view prefix : table.layerPrefixes) {
      const std::size_t count = countMatches(table, prefix, tensors);
      if (count > best) m_prefix = prefix, best = count;
    }
    const auto first = std::find_if(table.linears.begin(), table.linears.end(), isExpertPattern);
    m_firstExpertPattern = first - table.linears.begin();
  }

  Mapping run() {
    for (const NamedTensor& tensor : m_tensors.all) {
      const TensorName name = splitTensorName(tensor.name);
      if (!placeInBlock(tensor, name) && !placeGlobal(tensor, name)) placeUnknown(tensor, name);
    }
    return std::move(m_mapping);
  }

 private:
  /// True when the tensor belongs to a block of the family, be it a linear, a norm or a bias.
  bool placeInBlock(const NamedTensor& tensor, const TensorName& name) {
    const auto prefix = matchPrefix(m_prefix, tensor.name);
    if (!prefix || *prefix->number >= kMaxBlocks) return false;
    const std::string_view rest =
        name.module.size() > prefix->length ? name.module.substr(prefix->length) : "";
    if (!isVectorLeaf(name.leaf)) {
      for (std::size_t i = 0; i < m_table.linears.size(); ++i) {
        const auto match = matchWhole(m_table.linears[i].pattern, rest);
        if (match && addLinear(tensor, name, i, *prefix, match->number)) return true;
      }
    }
    const auto& norms = m_table.norms;
    const bool isNorm = std::find(norms.begin(), norms.end(), rest) != norms.end();
    m_mapping.others.push_back(
        {tensor.info->name, isNorm ? TensorRole::Norm : TensorRole::Other, prefix->number});
    return true;
  }

  bool addLinear(const NamedTensor& tensor, const TensorName& name, std::size_t patternIndex,
                 const PatternMatch& prefix, std::optional<int> expert) {
    const LinearPattern& pattern = m_table.linears[patternIndex];
    DraftLinear draft = newDraft(tensor, name, pattern.role);
    draft.pattern = &pattern;
    draft.blockPrefix = std::string(tensor.name.substr(0, prefix.length));
    draft.linear.block = prefix.number;
    draft.linear.expert = expert;
    const auto place = static_cast<std::int64_t>(patternIndex);
    draft.order = {*prefix.number, place, 0, place};
    if (isExpertPattern(pattern)) draft.order[1] = m_firstExpertPattern, draft.order[2] = expert.value_or(0);
    if (isExpertPattern(pattern) && !expert && isExpertStack(*tensor.info))
      return addExperts(draft, *tensor.info);
    if (!isMatrix(*tensor.info)) return false;
    draft.linear.matrix = matrixOf(*tensor.info, pattern.isTransposed);
    m_mapping.linears.push_back(std::move(draft));
    return true;
  }

  bool addExperts(const DraftLinear& draft, const TensorInfo& tensor) {
    const bool isDown = draft.linear.role == TensorRole::Down;
    for (std::int64_t e = 0; e < tensor.shape[0]; ++e) {
      DraftLinear expert = draft;
      expert.linear.name += "[" + std::to_string(e) + "]";
      expert.linear.expert = static_cast<int>(e);
      expert.linear.matrix = expertMatrix(tensor, e, isDown, m_config);
      expert.order[2] = e;
      m_mapping.linears.push_back(std::move(expert));
    }
    return true;
  }

  bool placeGlobal(const NamedTensor& tensor, const TensorName& name) {
    for (std::size_t i = 0; i < m_table.globals.size(); ++i) {
      const GlobalPattern& global = m_table.globals[i];
      if (global.name != name.module) continue;
      if (global.role == TensorRole::Norm || isVectorLeaf(name.leaf) || !isMatrix(*tensor.info)) {
        m_mapping.others.push_back({tensor.info->name, global.role, std::nullopt});
        return true;
      }
      DraftLinear draft = newDraft(tensor, name, global.role);
      draft.linear.matrix = matrixOf(*tensor.info, false);
      if (global.role == TensorRole::Other) draft.linear.isQuantizable = false;
      const bool isFirst = global.role == TensorRole::Embedding || global.role == TensorRole::Position;
      draft.order = {isFirst ? kBeforeBlocks : kAfterBlocks, static_cast<std::int64_t>(i), 0, 0};
      if (global.role == TensorRole::LmHead) draft.linear.norm = finalNorm(draft.linear.in());
      if (draft.linear.norm) draft.linear.normOffset = m_table.normOffset;
      m_mapping.linears.push_back(std::move(draft));
      return true;
    }
    return false;
  }

  /// What the table does not know (vision towers, adapters): shown, never quantized.
  void placeUnknown(const NamedTensor& tensor, const TensorName& name) {
    if (name.leaf != "weight" || !isMatrix(*tensor.info) || !dtypeInfo(tensor.info->dtype).isFloat) {
      m_mapping.others.push_back({tensor.info->name, TensorRole::Other, std::nullopt});
      return;
    }
    DraftLinear draft = newDraft(tensor, name, TensorRole::Other);
    draft.linear.matrix = matrixOf(*tensor.info, false);
    draft.linear.isQuantizable = false;
    draft.order = {kAfterBlocks, kAfterBlocks, 0, 0};
    m_mapping.linears.push_back(std::move(draft));
  }

  DraftLinear newDraft(const NamedTensor& tensor, const TensorName& name, TensorRole role) const {
    DraftLinear draft;
    draft.linear.name = std::string(name.module);
    draft.linear.role = role;
    draft.linear.dtype = tensor.info->dtype;
    draft.linear.isQuantizable = isQuantizableRole(role) && dtypeInfo(tensor.info->dtype).isFloat;
    return draft;
  }

  std::optional<std::string> finalNorm(std::int64_t width) const {
    for (const GlobalPattern& global : m_table.globals) {
      if (global.role != TensorRole::Norm) continue;
      const auto found = m_tensors.byName.find(std::string(global.name) + ".weight");
      if (found != m_tensors.byName.end() && found->second->shape == Shape{width}) return found->second->name;
    }
    return std::nullopt;
  }

  const ArchitectureTable& m_table;
  const TensorList& m_tensors;
  const ModelConfig& m_config;
  std::string_view m_prefix;
  std::int64_t m_firstExpertPattern = 0;
  Mapping m_mapping;
};

}  // namespace

Mapping mapByTable(const ArchitectureTable& table, const TensorList& tensors, const ModelConfig& config) {
  return TableMapper(table, tensors, config).run();
}

}  // namespace ql
