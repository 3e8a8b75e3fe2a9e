#include "core/io/shard_writer.h"

#include "core/base/error.h"
#include "core/base/message_text.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace ql {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPieceBytes = std::size_t{4} << 20;

[[noreturn]] void throwIo(const char* verb, const fs::path& path) {
  const int reason = errno;
  throw Error(ErrorCode::Io,
              "cannot " + std::string(verb) + " " + quotedPath(path) + ": " + systemReason(reason) + ".");
}

/// Reads [begin, end) piece by piece into the hash.
void hashRange(int fd, const fs::path& path, std::uint64_t begin, std::uint64_t end, Sha256& hash,
               JobContext& job) {
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPieceBytes, end - begin));
  while (begin < end) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), end - begin);
    const ssize_t count = ::pread(fd, piece.data(), wanted, static_cast<off_t>(begin));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      if (count == 0) errno = EIO;
      throwIo("read back", path);
    }
    hash.add(std::span(piece).first(static_cast<std::size_t>(count)));
    begin += static_cast<std::uint64_t>(count);
    job.step();
  }
}

}  // namespace

ShardWriter::ShardWriter(fs::path target) : m_target(std::move(target)), m_path(m_target) {
  m_path += kSuffix;
  ::unlink(m_path.c_str());  // never through a link that someone left there
  m_fd = ::open(m_path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (m_fd < 0) throwIo("write", m_target);
}

ShardWriter::~ShardWriter() {
  if (m_fd >= 0) ::close(m_fd);
  if (!m_path.empty()) ::unlink(m_path.c_str());
}

void ShardWriter::writeBytes(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(m_fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throwIo("write", m_target);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void ShardWriter::append(std::span<const std::byte> bytes) {
  QL_ASSERT(m_stretch == 0);
  writeBytes(m_size, bytes);
  m_hash.add(bytes);
  m_size += bytes.size();
}

void ShardWriter::beginStretch(std::uint64_t size) {
  QL_ASSERT(m_stretch == 0);
  m_stretch = size;
}

void ShardWriter::writeAt(std::uint64_t place, std::span<const std::byte> bytes) {
  QL_ASSERT(place + bytes.size() <= m_stretch);
  writeBytes(m_size + place, bytes);
}

void ShardWriter::endStretch(JobContext& job) {
  hashRange(m_fd, m_target, m_size, m_size + m_stretch, m_hash, job);
  m_size += std::exchange(m_stretch, 0);
}

std::string ShardWriter::commit() {
  QL_ASSERT(m_fd >= 0 && m_stretch == 0);
  // file systems without fsync (FUSE) are no reason to lose the work
  if (::fsync(m_fd) != 0 && errno != EINVAL && errno != ENOTSUP) throwIo("write", m_target);
  if (::close(std::exchange(m_fd, -1)) != 0) throwIo("write", m_target);
  if (::rename(m_path.c_str(), m_target.c_str()) != 0) throwIo("write", m_target);
  m_path.clear();
  return m_hash.finish();
}

std::string fileSha256(const fs::path& path, JobContext& job) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throwIo("read", path);
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } const closer{fd};
  Sha256 hash;
  std::vector<std::byte> piece(kPieceBytes);
  while (true) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throwIo("read", path);
    if (count == 0) return hash.finish();
    hash.add(std::span(piece).first(static_cast<std::size_t>(count)));
    job.step(static_cast<std::uint64_t>(count));
  }
}

}  // namespace ql
