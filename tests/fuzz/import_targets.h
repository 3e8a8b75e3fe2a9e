#pragma once
// What the fuzzers of imported files do with one input; the ordinary tests replay the kept inputs through the
// same functions. Any bytes are refused with an Error or give values that lie inside the file.
#include "core/base/error.h"
#include "core/calib/imports/imatrix.h"
#include "core/io/gguf_file.h"
#include "core/io/npy.h"
#include "core/io/torch_file.h"
#include "core/io/zip_archive.h"

#include <cstddef>
#include <cstdlib>
#include <span>
#include <vector>

namespace ql::fuzz {

inline void checkEntries(const std::vector<ImatrixEntry>& entries, std::span<const std::byte> bytes) {
  for (const ImatrixEntry& entry : entries) {
    if (entry.name.empty() || entry.counts.empty()) std::abort();
    if (entry.sums.data() < bytes.data() ||
        entry.sums.data() + entry.sums.size() > bytes.data() + bytes.size())
      std::abort();
  }
}

inline void imatrix(std::span<const std::byte> bytes) {
  try {
    if (looksLikeGguf(bytes)) {
      const GgufFile file = parseGguf(bytes, "\"fuzz\"");
      for (const GgufTensor& tensor : file.tensors) {
        if (tensor.offset > bytes.size() || tensor.sizeBytes > bytes.size() - tensor.offset) std::abort();
      }
      for (const auto& [key, value] : file.metadata) {
        const auto* array = std::get_if<GgufArray>(&value);
        if (array && array->type == GgufType::String && array->strings().size() != array->count) std::abort();
      }
      checkEntries(imatrixEntries(file, bytes, "\"fuzz\""), bytes);
    } else {
      checkEntries(parseImatrixDat(bytes, "\"fuzz\"").entries, bytes);
    }
  } catch (const Error&) {
  }
}

inline void torchPickle(std::span<const std::byte> bytes) {
  try {
    const auto file = TorchFile::openBytes(bytes, "\"fuzz\"");
    for (const auto& tensor : file->tensors()) {
      if (file->read(tensor).size() > bytes.size()) std::abort();  // an element takes a byte at least
    }
  } catch (const Error&) {
  }
  try {  // and as the pickle inside a container
    const PickleGraph graph = readPickle(bytes, 0, "\"fuzz\"");
    if (graph.end > bytes.size() || graph.root >= graph.nodes.size()) std::abort();
    for (const PickleNode& node : graph.nodes) {
      for (const PickleRef ref : node.items) {
        if (ref >= graph.nodes.size()) std::abort();
      }
    }
  } catch (const Error&) {
  }
}

inline void npz(std::span<const std::byte> bytes) {
  try {
    const auto zip = ZipArchive::openBytes(bytes, "\"fuzz\"");
    for (const ZipArchive::Entry& entry : zip->entries()) {
      const auto member = zip->readAll(entry, 1 << 20);
      const NpyHeader header = parseNpyHeader(member, entry.name);
      if (header.dataBegin > member.size()) std::abort();
    }
  } catch (const Error&) {
  }
  try {  // and as a member
    const NpyHeader header = parseNpyHeader(bytes, "\"fuzz\"");
    if (header.dataBegin > bytes.size()) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace ql::fuzz
