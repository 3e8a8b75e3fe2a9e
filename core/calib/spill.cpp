#include "core/calib/spill.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace ql {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic = "QLHIDDEN";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 256, kDigestBytes = 64;
constexpr std::size_t kPieceBytes = 4 << 20;  // a cancel comes through between two pieces

using HeaderBytes = std::array<std::byte, kHeaderBytes>;

fs::path statePath(const fs::path& folder) {
  return folder / "hidden.state";
}
fs::path temporaryPath(const fs::path& folder) {
  return folder / "hidden.state.tmp";
}

[[noreturn]] void throwIo(const char* verb, const fs::path& path, int error) {
  throw Error(ErrorCode::Io, std::string("cannot ") + verb + " hidden states " + quotedPath(path) + ": " +
                                 systemReason(error) + ".");
}

template <class T>
void putAt(HeaderBytes& bytes, std::size_t offset, const T& value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

HeaderBytes headerBytes(const SpillHeader& header) {
  QL_ASSERT(header.identity.size() == kDigestBytes);
  HeaderBytes bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  putAt(bytes, 8, kVersion);
  putAt(bytes, 12, static_cast<std::int32_t>(header.block));
  putAt(bytes, 16, header.rows);
  putAt(bytes, 24, header.width);
  std::memcpy(bytes.data() + 32, header.identity.data(), kDigestBytes);
  return bytes;
}

bool readAll(int fd, std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t count = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;
    if (count <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return true;
}

}  // namespace

SpillWriter::SpillWriter(const fs::path& folder, const SpillHeader& header)
    : m_folder(folder), m_path(temporaryPath(folder)), m_floatsLeft(header.rows * header.width) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throwIo("make the folder of", folder, error.value());
  m_fd = ::open(m_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (m_fd < 0) throwIo("write", m_path, errno);
  try {
    write(headerBytes(header));
  } catch (...) {
    ::close(m_fd);
    ::unlink(m_path.c_str());
    throw;
  }
}

SpillWriter::~SpillWriter() {
  if (m_fd < 0) return;
  ::close(m_fd);
  ::unlink(m_path.c_str());
}

void SpillWriter::write(std::span<const std::byte> bytes) {
  m_checksum.add(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(m_fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throwIo("write", m_path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void SpillWriter::append(std::span<const float> rows, JobContext& job) {
  QL_ASSERT(rows.size() <= m_floatsLeft);
  m_floatsLeft -= rows.size();
  for (std::span<const std::byte> bytes = std::as_bytes(rows); !bytes.empty();) {
    const std::size_t piece = std::min(bytes.size(), kPieceBytes);
    job.step();
    write(bytes.first(piece));
    bytes = bytes.subspan(piece);
  }
}

void SpillWriter::commit(bool isDurable) {
  QL_ASSERT(m_floatsLeft == 0);
  const std::string digest = m_checksum.finish();
  for (std::span<const char> left(digest); !left.empty();) {
    const ssize_t count = ::write(m_fd, left.data(), left.size());
    if (count < 0 && errno != EINTR) throwIo("write", m_path, errno);
    if (count > 0) left = left.subspan(static_cast<std::size_t>(count));
  }
  // EINVAL and the like: file systems without fsync are no reason to give up (see base/atomic_file.cpp).
  if (isDurable && ::fsync(m_fd) != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
    throwIo("write", m_path, errno);
  if (::close(std::exchange(m_fd, -1)) != 0 || ::rename(m_path.c_str(), statePath(m_folder).c_str()) != 0) {
    const int error = errno;
    ::unlink(m_path.c_str());
    throwIo("write", statePath(m_folder), error);
  }
  if (!isDurable) return;
  const int folder = ::open(m_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);  // makes the rename durable; at worst the run starts one block earlier
  ::close(folder);
}

SpillFile::~SpillFile() {
  ::close(m_fd);
}

std::unique_ptr<SpillFile> SpillFile::openWritten(const fs::path& folder, const SpillHeader& header) {
  const fs::path path = statePath(folder);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) throwIo("read", path, errno);
  return std::unique_ptr<SpillFile>(new SpillFile(fd, path, header));
}

std::unique_ptr<SpillFile> SpillFile::openChecked(const fs::path& folder, const SpillHeader& expected,
                                                  JobContext& job) {
  const fs::path path = statePath(folder);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return nullptr;
  std::unique_ptr<SpillFile> file(new SpillFile(fd, path, expected));
  struct stat info {};
  const std::uint64_t size = kHeaderBytes + expected.rows * expected.width * sizeof(float) + kDigestBytes;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size)
    return nullptr;
  HeaderBytes bytes;
  if (!readAll(fd, 0, bytes)) return nullptr;
  std::int32_t block = 0;
  std::memcpy(&block, bytes.data() + 12, sizeof block);
  file->m_header.block = block;
  if (block < -1 || headerBytes(file->m_header) != bytes || !file->isUndamaged(job)) return nullptr;
  return file;
}

bool SpillFile::isUndamaged(JobContext& job) const {
  Sha256 checksum;
  std::vector<std::byte> piece(kPieceBytes);
  const std::uint64_t end = kHeaderBytes + m_header.rows * m_header.width * sizeof(float);
  for (std::uint64_t at = 0; at < end;) {
    job.step();
    const std::span part = std::span(piece).first(std::min<std::uint64_t>(kPieceBytes, end - at));
    if (!readAll(m_fd, at, part)) return false;
    checksum.add(part);
    at += part.size();
  }
  std::string stored(kDigestBytes, '\0');
  return readAll(m_fd, end, std::as_writable_bytes(std::span(stored))) && stored == checksum.finish();
}

void SpillFile::read(std::uint64_t row, std::span<float> out) const {
  QL_ASSERT(row * m_header.width + out.size() <= m_header.rows * m_header.width);
  if (!readAll(m_fd, kHeaderBytes + row * m_header.width * sizeof(float), std::as_writable_bytes(out)))
    throwIo("read", m_path, errno);
}

void SpillFile::remove(const fs::path& folder) noexcept {
  if (folder.empty()) return;
  ::unlink(statePath(folder).c_str());
  ::unlink(temporaryPath(folder).c_str());
  ::rmdir(folder.c_str());  // only when nothing else lies there
}

}  // namespace ql
