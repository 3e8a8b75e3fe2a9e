#pragma once
// model.safetensors.index.json: which tensor is in which shard. A pure function of the text, so that it can
// be fuzzed.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ql {

struct SafetensorsIndex {
  std::vector<std::string> files;  // sorted, each once; plain names in the index's folder
  std::vector<std::pair<std::string, std::uint32_t>> tensors;  // (name, index into files), sorted by name
};

/// where  the index file's name as it should stand in messages, in quotes.
/// Throws Error(Format) with `where` and the byte: not JSON, a name twice, no weight_map, a file name with a
/// separator or "..". Throws Error(Unsupported) when the shards are not safetensors.
SafetensorsIndex parseSafetensorsIndex(std::string_view text, const std::string& where);

}  // namespace ql
