#pragma once
// The header of one safetensors file: a pure function of its bytes, so that it can be fuzzed.
// Source: huggingface/safetensors, safetensors/src/tensor.rs and README.md.
#include "core/io/checkpoint.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct SafetensorsHeader {
  std::uint64_t dataBegin = 0;      // bytes from the start of the file: 8 + length of the JSON text
  std::vector<TensorInfo> tensors;  // sorted by name; shard is 0
};

/// Reads and checks the header. Only the first 8 + N bytes are looked at.
///
/// file   the whole file, as mapped.
/// where  the file's name as it should stand in messages, in quotes.
/// Throws Error(Format | Unsupported) with `where`, the byte and the tensor: wrong kind of file, length over
/// 100,000,000 or past the end, not JSON, a name twice, an unknown dtype, a shape that overflows or does not
/// fit its bytes, ranges with holes or overlaps, bytes missing or left over at the end. Memory: at most 4 x
/// header + 16 MiB.
SafetensorsHeader parseSafetensorsHeader(std::span<const std::byte> file, const std::string& where);

/// Why these first bytes are no weights at all: an error page, a Git LFS pointer, another format; empty if
/// they may be. The tail of a sentence that begins with the file's name.
std::string notWeightsReason(std::span<const std::byte> file);

}  // namespace ql
