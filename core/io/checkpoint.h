#pragma once
// The files of a model as a flat list of named tensors. Opening reads headers only; weights are touched by
// jobs. Not for what the tensors mean (model/model.h).
#include "core/base/dtype.h"
#include "core/base/shape.h"
#include "core/io/mapped_file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

struct TensorInfo {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::size_t shard = 0;     // index into Checkpoint::shards()
  std::uint64_t offset = 0;  // bytes from the start of that file
  std::uint64_t sizeBytes = 0;
};

struct Shard {
  std::filesystem::path path;  // as opened (links followed)
  std::string name;            // file name as the index spells it
  std::uint64_t sizeBytes = 0;
  std::string headerSha256;
};

/// An opened checkpoint: immutable, thread-safe.
class Checkpoint {
 public:
  Checkpoint(std::filesystem::path root, std::string format, std::vector<Shard> shards,
             std::vector<std::shared_ptr<const MappedFile>> files, std::vector<TensorInfo> tensors,
             std::vector<std::string> warnings);

  const std::filesystem::path& root() const { return m_root; }  // folder or file that was opened
  const std::string& format() const { return m_format; }        // "safetensors"
  const std::vector<Shard>& shards() const { return m_shards; }
  const std::vector<TensorInfo>& tensors() const { return m_tensors; }  // sorted by name
  const std::vector<std::string>& warnings() const { return m_warnings; }
  const TensorInfo* find(std::string_view name) const;  // null when absent
  std::uint64_t sizeBytes() const;                      // of all tensors

  /// The raw bytes of a tensor inside the mapping: unaligned, valid as long as this object.
  std::span<const std::byte> bytes(const TensorInfo& tensor) const;
  const MappedFile& file(const TensorInfo& tensor) const;
  const MappedFile& shardFile(std::size_t shard) const;
  /// Folder that holds config.json and its friends.
  std::filesystem::path folder() const;

 private:
  std::filesystem::path m_root;
  std::string m_format;
  std::vector<Shard> m_shards;
  std::vector<std::shared_ptr<const MappedFile>> m_files;
  std::vector<TensorInfo> m_tensors;
  std::vector<std::string> m_warnings;
};

/// Opens a folder (model.safetensors, then model.safetensors.index.json, then a single *.safetensors), an
/// index file, or a weight file. Validates every header; reads no weights. Throws Error(Io | Format |
/// Unsupported): one sentence with file, place and remedy.
std::shared_ptr<const Checkpoint> openCheckpoint(const std::filesystem::path& path);

/// True when `path` looks like something openCheckpoint would take (by name and first bytes only).
bool looksLikeCheckpoint(const std::filesystem::path& path);

}  // namespace ql
