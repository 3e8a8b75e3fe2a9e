#include "core/model/model.h"

#include "core/base/atomic_file.h"
#include "core/model/mapping.h"
#include "core/model/names.h"

#include <algorithm>
#include <set>

namespace ql {
namespace {

constexpr std::size_t kMaxConfigBytes = 16u << 20;

/// Moves the drafts into the model in network order; a second linear of the same name is set aside.
void takeLinears(Mapping& mapping, Model& model) {
  std::stable_sort(mapping.linears.begin(), mapping.linears.end(),
                   [](const DraftLinear& a, const DraftLinear& b) { return a.order < b.order; });
  std::vector<DraftLinear> kept;
  kept.reserve(mapping.linears.size());
  model.linears.reserve(mapping.linears.size());
  std::size_t duplicates = 0;
  for (DraftLinear& draft : mapping.linears) {
    if (!model.nameIndex.emplace(draft.linear.name, model.linears.size()).second) {
      ++duplicates;
      model.others.push_back({draft.linear.matrix.tensor, TensorRole::Other, draft.linear.block});
      continue;
    }
    model.linears.push_back(draft.linear);
    kept.push_back(std::move(draft));
  }
  if (duplicates > 0) {
    model.warnings.push_back(std::to_string(duplicates) +
                             " matrices have the name of another one and are set aside");
  }
  mapping.linears = std::move(kept);
}

void addBiases(const TensorList& tensors, Model& model) {
  for (Linear& linear : model.linears) {
    const auto bias = tensors.byName.find(linear.name + ".bias");
    if (bias != tensors.byName.end() && bias->second->shape == Shape{linear.out()})
      linear.bias = bias->second->name;
  }
}

void addRolesPresent(const Mapping& mapping, Model& model) {
  const auto add = [&](TensorRole role) {
    const auto& present = model.rolesPresent;
    if (std::find(present.begin(), present.end(), role) == present.end()) model.rolesPresent.push_back(role);
  };
  std::set<TensorRole> used;
  for (const Linear& linear : model.linears) {
    if (linear.block) used.insert(linear.role);
  }
  if (mapping.table != nullptr) {
    for (const LinearPattern& pattern : mapping.table->linears) {
      if (used.contains(pattern.role)) add(pattern.role);
    }
  }
  for (const TensorRole role : used) add(role);
}

void countBlocks(const ModelConfig& config, Model& model) {
  std::set<int> blocks;
  for (const Linear& linear : model.linears) {
    if (linear.block) blocks.insert(*linear.block);
  }
  model.blockCount = blocks.empty() ? 0 : *blocks.rbegin() + 1;
  const auto missing = model.blockCount - static_cast<int>(blocks.size());
  if (missing > 0 && model.family != "generic") {
    model.warnings.push_back(std::to_string(missing) + " of " + std::to_string(model.blockCount) +
                             " blocks have no matrices; a shard may be missing");
  }
  if (config.layerCount && *config.layerCount != model.blockCount && !blocks.empty()) {
    model.warnings.push_back("config.json says " + std::to_string(*config.layerCount) +
                             " layers but the tensors make " + std::to_string(model.blockCount) +
                             "; the tensors are believed");
  }
}

/// What the numbers would otherwise hide: codes of a quantized checkpoint, types that cannot be read.
void warnAboutTypes(const std::vector<TensorInfo>& tensors, const ModelConfig& config, Model& model) {
  std::size_t unreadable = 0;
  std::string type;
  for (const TensorInfo& tensor : tensors) {
    if (dtypeInfo(tensor.dtype).isConvertible) continue;
    if (unreadable++ == 0) type = std::string(dtypeInfo(tensor.dtype).name);
  }
  if (unreadable > 0) {
    model.warnings.push_back(std::to_string(unreadable) +
                             " tensors have a type that cannot be read as numbers yet (" + type +
                             "); they are listed but not measured");
  }
  if (!config.quantizedBy.empty()) {
    model.warnings.push_back(
        "config.json says the checkpoint is quantized already (" + config.quantizedBy +
        "): figures describe the stored codes; open the original model to choose schemes");
  }
}

Model build(const std::vector<TensorInfo>& tensors, const ModelConfig& config, std::string name) {
  Model model;
  model.name = std::move(name);
  const TensorList list = listTensors(tensors);
  model.warnings = list.warnings;
  model.warnings.insert(model.warnings.end(), config.warnings.begin(), config.warnings.end());
  const ArchitectureTable* table = chooseTable(list, config, model.warnings);
  Mapping mapping = table != nullptr ? mapByTable(*table, list, config) : mapByGuess(list, config);
  model.warnings.insert(model.warnings.end(), mapping.warnings.begin(), mapping.warnings.end());
  model.family = mapping.family;
  model.architecture = config.architecture.empty() ? "unknown" : config.architecture;
  model.others = mapping.others;
  model.others.insert(model.others.end(), list.setAside.begin(), list.setAside.end());
  for (const NamedTensor& tensor : list.all)
    model.parameterCount += elementCount(tensor.info->shape).value_or(0);
  takeLinears(mapping, model);
  addBiases(list, model);
  addGroups(mapping, list, config, model);
  addRolesPresent(mapping, model);
  countBlocks(config, model);
  warnAboutTypes(tensors, config, model);
  const bool hasHead = std::any_of(model.linears.begin(), model.linears.end(),
                                   [](const Linear& linear) { return linear.role == TensorRole::LmHead; });
  model.hasTiedEmbeddings = !hasHead && (config.tiesEmbeddings || table != nullptr);
  return model;
}

}  // namespace

std::optional<LinearId> Model::find(std::string_view linearName) const {
  const auto indexed = nameIndex.find(std::string(linearName));
  if (indexed != nameIndex.end() && indexed->second < linears.size() &&
      linears[indexed->second].name == linearName) {
    return indexed->second;
  }
  if (nameIndex.size() == linears.size()) return std::nullopt;
  const auto found = std::find_if(linears.begin(), linears.end(),
                                  [&](const Linear& linear) { return linear.name == linearName; });
  if (found == linears.end()) return std::nullopt;
  return static_cast<LinearId>(found - linears.begin());
}

Model buildModel(const std::vector<TensorInfo>& tensors, std::string_view configJson, std::string name) {
  ModelConfig config;
  if (!configJson.empty()) config = parseModelConfig(configJson, name + "/config.json");
  return build(tensors, config, std::move(name));
}

Model buildModel(const Checkpoint& checkpoint) {
  std::filesystem::path root = checkpoint.root();
  if (!root.has_filename()) root = root.parent_path();
  if (root.filename() == "." || root.filename() == "..") root = std::filesystem::weakly_canonical(root);
  ModelConfig config;
  const std::filesystem::path path = checkpoint.folder() / "config.json";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored))
    config = parseModelConfig(readFile(path, kMaxConfigBytes), path.string());
  return build(checkpoint.tensors(), config, root.filename().string());
}

}  // namespace ql
