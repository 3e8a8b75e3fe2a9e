#pragma once
// The file of hidden states between two blocks: what does not fit into memory, and where a killed run starts
// again. One file a folder, replaced as a whole. Not for statistics (core/store).
#include "core/base/sha256.h"
#include "core/jobs/job_context.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace ql {

/// Whose states they are.
struct SpillHeader {
  int block = -1;  // the states are the output of this block; -1 = embeddings
  std::uint64_t rows = 0, width = 0;
  std::string identity;  // SHA-256 (64 hex digits) of windows, model and settings
};

/// Writes the rows in order into a temporary file, which commit() puts in place.
/// All functions throw Error(Io) naming the file and the reason.
class SpillWriter {
 public:
  /// Makes the folder if it is not there.
  SpillWriter(const std::filesystem::path& folder, const SpillHeader& header);
  ~SpillWriter();
  SpillWriter(const SpillWriter&) = delete;
  SpillWriter& operator=(const SpillWriter&) = delete;

  void append(std::span<const float> rows, JobContext& job);
  /// Adds the checksum and renames. `isDurable`: survives a power failure too (fsync), not only a kill.
  void commit(bool isDurable);

 private:
  void write(std::span<const std::byte> bytes);

  std::filesystem::path m_folder, m_path;
  int m_fd = -1;
  std::uint64_t m_floatsLeft = 0;
  Sha256 m_checksum;
};

/// A committed file, open for reading.
class SpillFile {
 public:
  /// The file of a folder when it is whole, undamaged and of the same identity, rows and width as `expected`
  /// (any block); nothing otherwise. Reads all of it for the checksum.
  static std::unique_ptr<SpillFile> openChecked(const std::filesystem::path& folder,
                                                const SpillHeader& expected, JobContext& job);
  /// Without the checksum: for what this process has just written. Throws Error(Io).
  static std::unique_ptr<SpillFile> openWritten(const std::filesystem::path& folder,
                                                const SpillHeader& header);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  int block() const { return m_header.block; }
  /// Rows from `row` on, as many as `out` holds. Throws Error(Io).
  void read(std::uint64_t row, std::span<float> out) const;
  static void remove(const std::filesystem::path& folder) noexcept;  // the file, and the folder when empty

 private:
  SpillFile(int fd, std::filesystem::path path, SpillHeader header)
      : m_fd(fd), m_path(std::move(path)), m_header(std::move(header)) {}
  bool isUndamaged(JobContext& job) const;

  int m_fd;
  std::filesystem::path m_path;
  SpillHeader m_header;
};

}  // namespace ql
