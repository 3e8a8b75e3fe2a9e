#pragma once
// The members of a zip file, stored or deflated, read front to back in bounded memory (.npz, .pt). libzip
// reads the directory; what it promises is checked against the file's size before anything is unpacked.
#include "core/io/mapped_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

class ZipArchive {
 public:
  struct Entry {
    std::string name;
    std::uint64_t sizeBytes = 0;    // unpacked
    std::uint64_t storedBytes = 0;  // in the file
    bool isDeflated = false;
  };

  /// A member being read. One at a time an archive; must not outlive it.
  class Member {
   public:
    ~Member();
    Member(Member&&) noexcept;
    /// Fills `out` completely. Throws Error(Format) naming the member when it ends before that or is damaged.
    void read(std::span<std::byte> out);
    /// Throws Error(Format) unless the member ends here and its checksum is right.
    void finish();

   private:
    friend class ZipArchive;
    struct State;
    explicit Member(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
  };

  /// Throws Error(Format | Unsupported): not a zip, a name twice, encrypted, another compression, members
  /// that overlap or promise more than deflate can hold (zip bombs).
  static std::shared_ptr<const ZipArchive> open(std::shared_ptr<const MappedFile> file);
  /// As open(); the bytes must outlive the archive. where: the name for messages, in quotes.
  static std::shared_ptr<const ZipArchive> openBytes(std::span<const std::byte> bytes,
                                                     const std::string& where);
  ~ZipArchive();
  ZipArchive(const ZipArchive&) = delete;
  ZipArchive& operator=(const ZipArchive&) = delete;

  const std::vector<Entry>& entries() const;  // in the order of the directory
  const Entry* find(std::string_view name) const;
  const std::string& where() const;
  /// Not thread-safe. Throws Error(Format) when the member cannot be opened.
  Member openMember(const Entry& entry) const;
  /// The whole member. Throws Error(Format) when it is longer than `limit`.
  std::vector<std::byte> readAll(const Entry& entry, std::uint64_t limit) const;

 private:
  struct State;
  explicit ZipArchive(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace ql
