#include "core/store/inspect.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/store/hdf5_handle.h"
#include "core/store/statistics_file.h"
#include "core/store/tree_io.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>

#if defined(__has_feature)
#define QL_HAS_FEATURE(x) __has_feature(x)
#else
#define QL_HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || QL_HAS_FEATURE(address_sanitizer) || \
    QL_HAS_FEATURE(thread_sanitizer)
#define QL_SHADOW_MEMORY 1  // sanitizers map terabytes: a limit on the address space would kill them
#else
#define QL_SHADOW_MEMORY 0
#endif

namespace ql::h5 {

namespace {

constexpr unsigned kSecondsPerFile = 20;            // a sound file of 1 GB takes milliseconds
constexpr std::uint64_t kExtraMemory = 1ull << 30;  // metadata of the largest honest file stays far below
constexpr std::uint32_t kMaxMessage = 4096;
const char* const kCrashed = "reading it brings the HDF5 library down, so it is damaged or hostile";

struct Pipe {
  int readEnd = -1, writeEnd = -1;
};

bool writeAll(int fd, const void* data, std::size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// False at the end of the pipe, or when nothing came for longer than the child's own alarm allows.
bool readAll(int fd, void* data, std::size_t size) {
  char* bytes = static_cast<char*>(data);
  while (size > 0) {
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(kSecondsPerFile + 10) * 1000);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t n = ::read(fd, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

std::uint64_t addressSpaceBytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit(decltype(RLIMIT_AS) what, rlim_t value) {
  const rlimit both{value, value};
  static_cast<void>(::setrlimit(what, &both));
}

/// The child: no locks, no destructors of the parent's objects, no return.
[[noreturn]] void inspectAndExit(const std::vector<std::filesystem::path>& files, std::size_t first, int fd,
                                 std::uint64_t memory) {
  for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGPIPE})
    std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  limit(RLIMIT_CORE, 0);
  if (!QL_SHADOW_MEMORY) limit(RLIMIT_AS, memory);
  for (std::size_t i = first; i < files.size(); ++i) {
    ::alarm(kSecondsPerFile);
    std::string verdict;
    try {
      inspectFile(files[i]);
    } catch (const std::exception& e) {
      verdict = std::string(e.what()).substr(0, kMaxMessage);
      if (verdict.empty()) verdict = "?";
    }
    const auto size = static_cast<std::uint32_t>(verdict.size());
    if (!writeAll(fd, &size, sizeof size) || !writeAll(fd, verdict.data(), size)) break;
  }
  ::_exit(0);
}

std::optional<std::string> readVerdict(int fd) {
  std::uint32_t size = 0;
  if (!readAll(fd, &size, sizeof size) || size > kMaxMessage) return std::nullopt;
  std::string verdict(size, '\0');
  if (!readAll(fd, verdict.data(), size)) return std::nullopt;
  return verdict;
}

std::string crashVerdict(const std::filesystem::path& path) {
  try {
    throwDamaged(path, kCrashed);
  } catch (const Error& e) {
    return e.what();
  }
}

/// Forks once and collects verdicts from `verdicts.size()` on until the child ends.
void inspectSome(const std::vector<std::filesystem::path>& files, std::vector<std::string>& verdicts) {
  Pipe pipe;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(ErrorCode::Io, std::string("Could not start the check of a statistics file: ") +
                                   std::strerror(errno) + ". Close some programs and try again.");
  pipe = {ends[0], ends[1]};
  const std::uint64_t memory = addressSpaceBytes() + kExtraMemory;
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe.readEnd);
    inspectAndExit(files, verdicts.size(), pipe.writeEnd, memory);
  }
  const int reason = errno;
  ::close(pipe.writeEnd);
  if (child < 0) {
    ::close(pipe.readEnd);
    throw Error(ErrorCode::Io, std::string("Could not start the check of a statistics file: ") +
                                   std::strerror(reason) + ". Close some programs and try again.");
  }
  while (verdicts.size() < files.size()) {
    const auto verdict = readVerdict(pipe.readEnd);
    if (!verdict) break;
    verdicts.push_back(*verdict);
  }
  ::close(pipe.readEnd);
  if (verdicts.size() < files.size()) {
    ::kill(child, SIGKILL);
    verdicts.push_back(crashVerdict(files[verdicts.size()]));
  }
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

bool beginsLikeHdf5(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 8> head{};
  return file.read(head.data(), head.size()) && std::memcmp(head.data(), "\x89HDF\r\n\x1a\n", 8) == 0;
}

void inspectFile(const std::filesystem::path& path) {
  std::error_code failure;
  const std::uint64_t bytes = std::filesystem::file_size(path, failure);
  if (failure)
    throw Error(ErrorCode::Io, "Could not read the statistics file " + quotedPath(path) + ": " +
                                   failure.message() + ". Check the name and the permissions.");
  if (!beginsLikeHdf5(path)) throwDamaged(path, "it is not an HDF5 file");
  const Id file = openReadOnly(path);
  if (!file) throwDamaged(path, "it is cut short or damaged");
  TreeReader reader(path, bytes, false);
  const auto attributes = reader.attributes(file.get());
  const auto format = attributes.find("format");
  if (format == attributes.end() || format->second != AttributeValue(std::string("quantloupe-statistics")))
    throw Error(ErrorCode::Store,
                "The HDF5 file " + quotedPath(path) +
                    " does not hold statistics of QuantLoupe. Give a file made by 'qloupe analyze'.");
  const auto version = attributes.find("version");
  const auto* number = version == attributes.end() ? nullptr : std::get_if<std::int64_t>(&version->second);
  if (!number || *number < 1) throwDamaged(path, "its version is missing");
  if (*number > kStatisticsVersion)
    throw Error(ErrorCode::Store,
                "The statistics file " + quotedPath(path) + " was written by a newer QuantLoupe (version " +
                    std::to_string(*number) + " of the format, this program reads " +
                    std::to_string(kStatisticsVersion) + "). Update, or run 'qloupe analyze' again.");
  for (const char* text : {"model", "fingerprint", "tool_version"}) {
    const auto found = attributes.find(text);
    if (found == attributes.end() || !std::holds_alternative<std::string>(found->second))
      throwDamaged(path, std::string("its attribute '") + text + "' is missing");
  }
  static_cast<void>(reader.readGroup(file.get()));
}

std::vector<std::string> inspectInChild(const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> verdicts;
  while (verdicts.size() < files.size()) inspectSome(files, verdicts);
  return verdicts;
}

}  // namespace ql::h5
