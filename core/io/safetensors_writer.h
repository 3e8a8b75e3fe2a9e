#pragma once
// Writes a small safetensors file in one go. Not for checkpoints larger than memory.
#include "core/base/dtype.h"
#include "core/base/shape.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct TensorToWrite {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::span<const std::byte> bytes;  // little endian, row-major; must outlive the call
};

/// The bytes of a safetensors file as the reference writer lays it out: sorted by width of the dtype, then by
/// name, so that every tensor is aligned; header padded with spaces to a multiple of 8. `metadata` usually
/// has {"format": "pt"}. Throws Error(Format) for a name twice or bytes that do not fit the shape. Memory:
/// the size of the file. Source: formats: safetensors, "Writer".
std::vector<std::byte> safetensorsBytes(std::vector<TensorToWrite> tensors,
                                        const std::map<std::string, std::string>& metadata);

/// The same, written atomically. Throws also Error(Io).
void writeSafetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                      const std::map<std::string, std::string>& metadata);

}  // namespace ql
