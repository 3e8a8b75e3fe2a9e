#pragma once
// A read-only mapping of one file that survives the file being truncated under it: the SIGBUS handler puts a
// zero page in place of what is gone and sets a flag, which readers check with throwIfTruncated().
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace ql {

class MappedFile {
 public:
  /// Opens and maps the whole file. Throws Error(Io) with the reason and a remedy (missing, a folder, no
  /// permission).
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::filesystem::path& path() const;
  std::span<const std::byte> bytes() const;
  /// Throws Error(Io) naming the file when a page of it vanished since open().
  void throwIfTruncated() const;
  bool isTruncated() const;
  /// While on, touching a page reads that page alone, not its surroundings: for looking here and there.
  void adviseRandom(bool isOn) const;
  void adviseSequential(std::size_t offset, std::size_t size) const;  // MADV_SEQUENTIAL + WILLNEED window
  void release(std::size_t offset, std::size_t size) const;           // MADV_DONTNEED: keeps VmHWM bounded

 private:
  struct State;
  explicit MappedFile(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace ql
