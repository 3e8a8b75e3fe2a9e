#pragma once
// Writes one large file front to back with bounded memory, under its final name only when it is whole. Not
// for small files (base/atomic_file.h).
#include "core/base/sha256.h"
#include "core/jobs/job_context.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace ql {

/// All functions throw Error(Io) naming the file and the reason (full disk, read-only folder).
class ShardWriter {
 public:
  /// What the unfinished file is called: the target's name with this behind it.
  static constexpr const char* kSuffix = ".part";

  /// Writes to `target` + kSuffix; what an earlier run left there is replaced.
  explicit ShardWriter(std::filesystem::path target);
  /// Removes the unfinished file.
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  void append(std::span<const std::byte> bytes);
  /// A stretch of `size` bytes behind what was appended, written in any order of places in it and closed with
  /// endStretch(), which reads it back for the checksum.
  void beginStretch(std::uint64_t size);
  void writeAt(std::uint64_t place, std::span<const std::byte> bytes);
  void endStretch(JobContext& job);

  std::uint64_t size() const { return m_size; }
  /// Makes the file durable and gives it its name. Returns the SHA-256 of its content; call once.
  std::string commit();

 private:
  void writeBytes(std::uint64_t offset, std::span<const std::byte> bytes);

  std::filesystem::path m_target, m_path;
  int m_fd = -1;
  std::uint64_t m_size = 0, m_stretch = 0;
  Sha256 m_hash;
};

/// SHA-256 of a file's content, read in pieces; steps the job by the bytes read. Throws Error(Io).
std::string fileSha256(const std::filesystem::path& path, JobContext& job);

}  // namespace ql
