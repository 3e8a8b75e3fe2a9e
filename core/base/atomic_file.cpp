#include "core/base/atomic_file.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <utility>

namespace ql {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void throwIo(const std::string& verb, const fs::path& path, const std::string& reason) {
  throw Error(ErrorCode::Io, "cannot " + verb + " " + quotedPath(path) + ": " + reason + ".");
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : m_fd(fd) {}
  ~FileDescriptor() {
    if (m_fd >= 0) ::close(m_fd);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return m_fd; }
  /// False with errno set when the file system reports a late write error (NFS, quotas).
  bool close() { return ::close(std::exchange(m_fd, -1)) == 0; }

 private:
  int m_fd;
};

bool writeAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// Some file systems (FUSE, /proc) do not know fsync; that is no reason to lose the user's work.
bool syncFile(int fd) {
  return ::fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

/// What a chain of symbolic links finally names, whether or not it exists yet.
fs::path linkTarget(const fs::path& path) {
  constexpr int kMaxLinks = 40;  // as the kernel allows
  fs::path target = path;
  std::error_code error;
  for (int i = 0; i < kMaxLinks && fs::is_symlink(fs::symlink_status(target, error)); ++i) {
    const fs::path next = fs::read_symlink(target, error);
    if (error) break;
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target;
}

/// A file of a free name beside the target, removed again unless it takes the target's place.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& folder, const fs::path& target) : m_fd(-1) {
    std::random_device random;
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::array<char, 32> name{};
      std::snprintf(name.data(), name.size(), ".ql-%08x%08x.tmp", random(), random());
      m_path = folder / name.data();
      m_fd = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);  // the umask applies
      if (m_fd >= 0 || errno != EEXIST) break;
    }
    if (m_fd < 0) throwIo("write", target, systemReason(errno));
  }
  ~TemporaryFile() {
    if (m_fd >= 0) ::close(m_fd);
    if (!m_path.empty()) ::unlink(m_path.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  int fd() const { return m_fd; }

  bool moveTo(const fs::path& target) {
    if (::close(std::exchange(m_fd, -1)) != 0) return false;
    if (::rename(m_path.c_str(), target.c_str()) != 0) return false;
    m_path.clear();
    return true;
  }

 private:
  fs::path m_path;
  int m_fd;
};

/// Makes the rename itself durable. Done on a best effort: the new file is in place already.
void syncFolder(const fs::path& folder) {
  const FileDescriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() >= 0) ::fsync(fd.get());
}

/// Pipes and devices (/dev/stdout) cannot be replaced; they are written as they are.
void writeInPlace(const fs::path& path, std::span<const std::byte> bytes) {
  FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0 || !writeAll(fd.get(), bytes) || !fd.close()) throwIo("write", path, systemReason(errno));
}

void replaceFile(const fs::path& path, const fs::path& target, const struct stat* old,
                 std::span<const std::byte> bytes) {
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  TemporaryFile file(folder, path);
  if (old != nullptr) {
    // Without the right to give the file away (not root) it simply belongs to who saved it.
    if (::fchown(file.fd(), old->st_uid, old->st_gid) != 0) errno = 0;
    if (::fchmod(file.fd(), old->st_mode & 07777u) != 0) errno = 0;
  }
  const bool isDone = writeAll(file.fd(), bytes) && syncFile(file.fd()) && file.moveTo(target);
  if (!isDone) throwIo("write", path, systemReason(errno));
  syncFolder(folder);
}

}  // namespace

void writeFileAtomically(const fs::path& path, std::span<const std::byte> bytes) {
  struct stat old {};
  const bool isThere = ::stat(path.c_str(), &old) == 0;
  if (isThere && S_ISDIR(old.st_mode)) throwIo("write", path, systemReason(EISDIR));
  if (isThere && !S_ISREG(old.st_mode)) return writeInPlace(path, bytes);
  const fs::path target = linkTarget(path);
  if (!target.has_filename()) throwIo("write", path, "it names a folder: add a file name");
  // A rename would happily replace a write-protected file: the protection is the user's word, so it is
  // honoured.
  if (isThere && ::access(target.c_str(), W_OK) != 0) throwIo("write", path, systemReason(errno));
  replaceFile(path, target, isThere ? &old : nullptr, bytes);
}

void writeFileAtomically(const fs::path& path, std::string_view text) {
  writeFileAtomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

std::string readFile(const fs::path& path, std::size_t maxBytes) {
  // Non-blocking: a named pipe in a downloaded folder must not hang the program.
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) throwIo("read", path, systemReason(errno));
  if (S_ISDIR(info.st_mode)) throwIo("read", path, systemReason(EISDIR));
  if (!S_ISREG(info.st_mode))
    throwIo("read", path, "it is a pipe or a device: save its content to a file first");
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throwIo("read", path, systemReason(errno));
    if (count == 0) return text;
    if (static_cast<std::size_t>(count) > maxBytes - text.size()) {
      throwIo(
          "read", path,
          "it is larger than the " + bytesText(maxBytes) + " allowed here: check that it is the right file");
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace ql
