#pragma once
// A tensor that a new checkpoint holds beside those of the old one: the head of a model that shared it with
// the embedding. What becomes of the shard's header, the index and config.json. Internal to
// core/workspace*.cpp.
#include "core/io/checkpoint.h"
#include "core/smooth/rotation_target.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct AddedTensor {
  LinearId id = 0;  // in the untied model
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::size_t shard = 0;  // that of the embedding; the tensor goes behind all others
  std::uint64_t sizeBytes = 0;
  MatrixRef stored;  // where its values come from
};

/// Throws Error(Unsupported) when the checkpoint holds a tensor of that name already, or a type that cannot
/// be written.
AddedTensor addedHead(const Checkpoint& checkpoint, const UntiedModel& untied);

/// Length and header of a safetensors file with one entry more, padded to a multiple of 8: what stands in
/// front of the first tensor. `file` is the old one, whole. Throws Error(Format) for a header that is no
/// object.
std::vector<std::byte> headerWith(std::span<const std::byte> file, const AddedTensor& tensor);

/// The texts of config.json and of an index (if there is one) that speak of the new tensor, by file name.
/// Throws Error(Format) for an index that is no object.
std::map<std::string, std::string> sideFilesWith(const Checkpoint& checkpoint, const UntiedModel& untied,
                                                 const AddedTensor& tensor,
                                                 const std::vector<std::string>& sideFiles);

}  // namespace ql
