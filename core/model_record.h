#pragma once
// What a statistics file must hold so that the model opens without its checkpoint: the tensor list,
// config.json, and the norm weights.
#include "core/base/data_tree.h"
#include "core/io/checkpoint.h"
#include "core/model/model.h"

#include <map>
#include <string>
#include <vector>

namespace ql {

/// Section and entries of the statistics file.
inline constexpr const char* kModelSection = "model";
inline constexpr const char* kCheckpointEntry = "checkpoint";
inline constexpr const char* kNormsEntry = "norms";

struct ModelRecord {
  std::string name;
  std::string configJson;           // empty when there is none
  std::vector<TensorInfo> tensors;  // name, dtype, shape, size; no places
};

DataTree toDataTree(const ModelRecord& record);
/// Throws Error(Store) naming what is wrong.
ModelRecord modelRecordFromDataTree(const DataTree& tree);

/// The text of config.json beside the weights; empty when there is none.
std::string configText(const Checkpoint& checkpoint);

/// The norm weights that feed linears, as stored (without normOffset), by tensor name.
DataTree normsTree(const Checkpoint& checkpoint, const Model& model);

}  // namespace ql
