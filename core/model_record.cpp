#include "core/model_record.h"

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/message_text.h"

#include <nlohmann/json.hpp>

#include <set>

namespace ql {

namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxConfigBytes = std::size_t{64} << 20;

[[noreturn]] void throwDamaged(const std::string& what) {
  throw Error(ErrorCode::Store, "The list of tensors in the statistics file is damaged (" + what +
                                    "); delete the file and run 'qloupe analyze' again.");
}

TensorInfo tensorFromJson(const std::string& name, const Json& json) {
  TensorInfo tensor;
  tensor.name = name;
  const auto dtype = dtypeFromName(json.at("dtype").get<std::string>());
  if (!dtype) throwDamaged("unknown type of " + quotedText(name));
  tensor.dtype = *dtype;
  tensor.shape = json.at("shape").get<Shape>();
  const auto count = elementCount(tensor.shape);
  const auto bits = static_cast<std::uint64_t>(dtypeInfo(*dtype).bits);
  if (!count || __builtin_mul_overflow(*count, bits, &tensor.sizeBytes))
    throwDamaged("shape of " + quotedText(name));
  tensor.sizeBytes /= 8;
  return tensor;
}

}  // namespace

DataTree toDataTree(const ModelRecord& record) {
  Json tensors = Json::object();
  for (const TensorInfo& tensor : record.tensors)
    tensors[tensor.name] = {{"dtype", dtypeInfo(tensor.dtype).name}, {"shape", tensor.shape}};
  DataTree tree;
  tree.attributes["name"] = record.name;
  tree.attributes["config_json"] = record.configJson;
  tree.attributes["tensors_json"] = tensors.dump(-1, ' ', false, Json::error_handler_t::replace);
  return tree;
}

ModelRecord modelRecordFromDataTree(const DataTree& tree) {
  ModelRecord record;
  record.name = stringAttribute(tree, "name");
  record.configJson = stringAttribute(tree, "config_json");
  try {
    const Json tensors = Json::parse(stringAttribute(tree, "tensors_json"));
    if (!tensors.is_object()) throwDamaged("it is not an object");
    for (const auto& [name, json] : tensors.items()) record.tensors.push_back(tensorFromJson(name, json));
  } catch (const Json::exception& e) {
    throwDamaged(e.what());
  }
  return record;
}

std::string configText(const Checkpoint& checkpoint) {
  const std::filesystem::path path = checkpoint.folder() / "config.json";
  std::error_code failure;
  return std::filesystem::is_regular_file(path, failure) ? readFile(path, kMaxConfigBytes) : std::string();
}

DataTree normsTree(const Checkpoint& checkpoint, const Model& model) {
  std::set<std::string> names;
  for (const Linear& linear : model.linears)
    if (linear.norm) names.insert(*linear.norm);
  DataTree tree;
  for (const std::string& name : names)
    tree.arrays[name] = makeArray(readVector(checkpoint, name), "gain", {"channel"});
  return tree;
}

}  // namespace ql
