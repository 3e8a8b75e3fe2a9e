#pragma once
// The checkpoint formats, in the order in which they are tried. A new format is one file in formats/ and one
// line in formats/formats.inc.
#include "core/io/checkpoint.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace ql {

struct CheckpointFormat {
  std::string_view name;  // "safetensors"
  std::string_view sentence;
  /// By name and first bytes only; must not throw.
  bool (*canOpen)(const std::filesystem::path& path);
  std::shared_ptr<const Checkpoint> (*open)(const std::filesystem::path& path);
};

const std::vector<CheckpointFormat>& checkpointFormats();

}  // namespace ql
