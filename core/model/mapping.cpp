#include "core/model/mapping.h"

#include "core/model/names.h"

#include <algorithm>

namespace ql {
namespace {

constexpr std::int64_t kMaxExperts = 4096;  // DeepSeek-V3 has 256; a zero-byte tensor may claim any number

std::size_t bestMatches(const ArchitectureTable& table, const TensorList& tensors) {
  std::size_t best = 0;
  for (const std::string_view prefix : table.layerPrefixes)
    best = std::max(best, countMatches(table, prefix, tensors));
  return best;
}

const ArchitectureTable* tableByConfig(const ModelConfig& config) {
  for (const std::string& type : config.modelTypes) {
    for (const ArchitectureTable* table : architectures()) {
      if (std::find(table->modelTypes.begin(), table->modelTypes.end(), type) != table->modelTypes.end())
        return table;
    }
  }
  if (!config.modelTypes.empty()) return nullptr;  // a known class name with another type is another model
  for (const ArchitectureTable* table : architectures()) {
    const auto& names = table->architectures;
    if (std::find(names.begin(), names.end(), config.architecture) != names.end()) return table;
  }
  return nullptr;
}

std::size_t countMatrices(const TensorList& tensors) {
  return static_cast<std::size_t>(std::count_if(
      tensors.all.begin(), tensors.all.end(),
      [](const NamedTensor& tensor) { return isMatrix(*tensor.info) && tensor.name.ends_with(".weight"); }));
}

/// The table that explains most matrices, when it explains more than half: two matrices (embedding, head) are
/// no linears of a block.
const ArchitectureTable* tableByNames(const TensorList& tensors) {
  const ArchitectureTable* best = nullptr;
  std::size_t bestCount = 0;
  for (const ArchitectureTable* table : architectures()) {
    const std::size_t count = bestMatches(*table, tensors);
    if (count > bestCount) best = table, bestCount = count;
  }
  return bestCount * 2 + 2 > countMatrices(tensors) ? best : nullptr;
}

}  // namespace

TensorList listTensors(const std::vector<TensorInfo>& tensors) {
  TensorList list;
  list.all.reserve(tensors.size());
  std::size_t duplicates = 0;
  for (const TensorInfo& tensor : tensors) {
    const std::string_view name = stripWrappers(tensor.name);
    const bool isDuplicate = list.byName.contains(name);
    if (isDuplicate || isBuffer(name)) {
      duplicates += isDuplicate;
      list.setAside.push_back({tensor.name, TensorRole::Other, std::nullopt});
      continue;
    }
    list.byName.emplace(name, &tensor);
    list.all.push_back({name, &tensor});
  }
  if (duplicates > 0) {
    list.warnings.push_back(
        std::to_string(duplicates) +
        " tensors have the name of another one once wrappers such as 'module.' are removed; they are "
        "set aside");
  }
  return list;
}

bool isMatrix(const TensorInfo& tensor) {
  return tensor.shape.size() == 2 && tensor.shape[0] > 0 && tensor.shape[1] > 0 &&
         dtypeInfo(tensor.dtype).isConvertible;
}

bool isExpertStack(const TensorInfo& tensor) {
  return tensor.shape.size() == 3 && tensor.shape[0] > 0 && tensor.shape[0] <= kMaxExperts &&
         tensor.shape[1] > 0 && tensor.shape[2] > 0 && dtypeInfo(tensor.dtype).isConvertible;
}

MatrixRef matrixOf(const TensorInfo& tensor, bool isTransposed) {
  const std::int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  return {tensor.name, isTransposed ? columns : rows, isTransposed ? rows : columns, isTransposed, -1};
}

MatrixRef expertMatrix(const TensorInfo& tensor, std::int64_t expert, bool isDown,
                       const ModelConfig& config) {
  const std::int64_t rows = tensor.shape[1], columns = tensor.shape[2];
  const std::int64_t hidden = config.hiddenSize.value_or(-1);
  const bool isOutFirst = isDown ? rows == hidden && columns != hidden : columns == hidden && rows != hidden;
  if (isOutFirst) return {tensor.name, rows, columns, false, expert};
  return {tensor.name, columns, rows, true, expert};
}

std::size_t countMatches(const ArchitectureTable& table, std::string_view layerPrefix,
                         const TensorList& tensors) {
  std::size_t count = 0;
  for (const NamedTensor& tensor : tensors.all) {
    const auto prefix = matchPrefix(layerPrefix, tensor.name);
    if (!prefix || tensor.info->shape.size() < 2) continue;
    const std::string_view rest = splitTensorName(tensor.name.substr(prefix->length)).module;
    count += std::any_of(table.linears.begin(), table.linears.end(), [&](const LinearPattern& linear) {
      return matchWhole(linear.pattern, rest).has_value();
    });
  }
  return count;
}

const ArchitectureTable* chooseTable(const TensorList& tensors, const ModelConfig& config,
                                     std::vector<std::string>& warnings) {
  const bool saysType = !config.modelTypes.empty() || !config.architecture.empty();
  if (saysType) {
    const ArchitectureTable* table = tableByConfig(config);
    if (table == nullptr || bestMatches(*table, tensors) > 0) return table;
    warnings.push_back(
        "config.json says '" + std::string(table->family) +
        "' but no tensor has a name of that family; blocks are guessed from the numbers in names");
    return nullptr;
  }
  const ArchitectureTable* table = tableByNames(tensors);
  if (table != nullptr) {
    warnings.push_back("the family '" + std::string(table->family) +
                       "' is concluded from tensor names, because " +
                       (config.isPresent ? "config.json does not name it" : "config.json is missing"));
  }
  return table;
}

}  // namespace ql
