#include "core/io/mapped_file.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/io/mapping_registry.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace ql {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kReadAheadBytes = std::size_t{16}
                                        << 20;  // enough to keep an SSD busy, little to throw away

std::size_t pageBytes() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

[[noreturn]] void throwUnopened(const fs::path& path, const std::string& reason) {
  throw Error(ErrorCode::Io, "cannot open " + quotedPath(path) + ": " + reason + ".");
}

/// Folders of the Hugging Face cache are all links; an interrupted download leaves links to nothing.
std::string openFailure(const fs::path& path, int error) {
  std::error_code ignored;
  if (error == ENOENT && fs::is_symlink(fs::symlink_status(path, ignored))) {
    return "it is a link to " + quotedPath(fs::read_symlink(path, ignored)) +
           ", which does not exist: download the file again";
  }
  return systemReason(error);
}

}  // namespace

struct MappedFile::State {
  fs::path path;
  int fd = -1;
  const std::byte* data = nullptr;
  std::size_t size = 0;
  MappingSlot* slot = nullptr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (slot != nullptr) unregisterMapping(slot);
    if (data != nullptr) ::munmap(const_cast<std::byte*>(data), size);
    if (fd >= 0) ::close(fd);
  }

  void map() {
    if (size == 0) return;
    void* const place = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (place == MAP_FAILED) throwUnopened(path, systemReason(errno));
    data = static_cast<const std::byte*>(place);
    const auto begin = reinterpret_cast<std::uintptr_t>(place);
    slot = registerMapping(begin, begin + (size + pageBytes() - 1) / pageBytes() * pageBytes());
  }
};

MappedFile::MappedFile(std::unique_ptr<State> state) : m_state(std::move(state)) {}

MappedFile::~MappedFile() = default;

std::shared_ptr<const MappedFile> MappedFile::open(const fs::path& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  // Non-blocking: a named pipe in a downloaded folder must not hang the program.
  state->fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info {};
  if (state->fd < 0 || ::fstat(state->fd, &info) != 0) throwUnopened(path, openFailure(path, errno));
  if (S_ISDIR(info.st_mode)) throwUnopened(path, systemReason(EISDIR));
  if (!S_ISREG(info.st_mode)) throwUnopened(path, "it is a pipe or a device, not a file: name a file");
  state->size = static_cast<std::size_t>(info.st_size);
  state->map();
  return std::shared_ptr<const MappedFile>(new MappedFile(std::move(state)));
}

const fs::path& MappedFile::path() const {
  return m_state->path;
}

std::span<const std::byte> MappedFile::bytes() const {
  return {m_state->data, m_state->size};
}

bool MappedFile::isTruncated() const {
  if (m_state->slot != nullptr && m_state->slot->isTruncated.load()) return true;
  // A file cut inside its last page raises no signal: the rest of that page reads as zeros.
  struct stat info {};
  return ::fstat(m_state->fd, &info) != 0 || static_cast<std::size_t>(info.st_size) < m_state->size;
}

void MappedFile::throwIfTruncated() const {
  if (!isTruncated()) return;
  throw Error(ErrorCode::Io,
              quotedPath(path()) +
                  " became shorter or unreadable while it was being read: wait until nothing writes to "
                  "it any more and open it again.");
}

void MappedFile::adviseSequential(std::size_t offset, std::size_t size) const {
  if (offset >= m_state->size || size == 0) return;
  size = std::min(size, m_state->size - offset);
  const std::size_t first = offset / pageBytes() * pageBytes();
  auto* const place = const_cast<std::byte*>(m_state->data) + first;
  // Advice only: a refusal changes nothing but the speed.
  ::madvise(place, offset + size - first, MADV_SEQUENTIAL);
  ::madvise(place, std::min(offset + size - first, kReadAheadBytes), MADV_WILLNEED);
}

void MappedFile::adviseRandom(bool isOn) const {
  if (m_state->size == 0) return;
  ::madvise(const_cast<std::byte*>(m_state->data), m_state->size, isOn ? MADV_RANDOM : MADV_NORMAL);
}

void MappedFile::release(std::size_t offset, std::size_t size) const {
  if (offset >= m_state->size) return;
  size = std::min(size, m_state->size - offset);
  // Rounded inward: the pages at the edges belong to the neighbours as well. The last page has no neighbour
  // behind.
  const bool isToEnd = offset + size == m_state->size;
  const std::size_t first = (offset + pageBytes() - 1) / pageBytes() * pageBytes();
  const std::size_t last = isToEnd ? m_state->size : (offset + size) / pageBytes() * pageBytes();
  if (first < last) ::madvise(const_cast<std::byte*>(m_state->data) + first, last - first, MADV_DONTNEED);
}

}  // namespace ql
