#pragma once
// What the fuzzers of io/ do with one input; the ordinary tests replay the kept inputs through the same
// functions.
#include "core/base/error.h"
#include "core/io/formats/safetensors_header.h"
#include "core/io/formats/safetensors_index.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace ql::fuzz {

/// Any bytes are refused with an Error or give tensors that lie inside the file, one behind the other.
inline void safetensorsHeader(std::span<const std::byte> bytes) {
  try {
    const SafetensorsHeader header = parseSafetensorsHeader(bytes, "\"fuzz\"");
    std::uint64_t sum = header.dataBegin;
    for (const TensorInfo& tensor : header.tensors) {
      if (tensor.offset < header.dataBegin || tensor.offset > bytes.size()) std::abort();
      if (tensor.sizeBytes > bytes.size() - tensor.offset) std::abort();
      sum += tensor.sizeBytes;
    }
    if (sum != bytes.size()) std::abort();
  } catch (const Error&) {
  }
}

/// Any text is refused with an Error or gives a sorted map into plain file names.
inline void index(std::string_view text) {
  try {
    const SafetensorsIndex parsed = parseSafetensorsIndex(text, "\"fuzz\"");
    for (std::size_t i = 0; i < parsed.tensors.size(); ++i) {
      if (parsed.tensors[i].second >= parsed.files.size()) std::abort();
      if (i > 0 && !(parsed.tensors[i - 1].first < parsed.tensors[i].first)) std::abort();
    }
    for (const std::string& file : parsed.files) {
      if (file.find('/') != std::string::npos || file.find("..") != std::string::npos) std::abort();
    }
  } catch (const Error&) {
  }
}

}  // namespace ql::fuzz
