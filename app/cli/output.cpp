#include "app/cli/output.h"

#include "app/cli/command.h"
#include "core/base/error.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace ql::cli {
namespace {

bool s_readerIsGone = false;

/// True when all of it was written; errno tells why not.
bool writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void exitAsCancelled(int) {
  ::_exit(kExitCancelled);
}

void say(const std::string& line) {
  static_cast<void>(writeAll(STDERR_FILENO, line));
}

}  // namespace

void prepareProcess() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    // The lowest free descriptor is this one. Output opened for reading makes every write fail, as it should.
    static_cast<void>(::open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY));
  }
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  // A caller that ignores SIGINT (nohup, a script's background job) wants us to ignore it too.
  if (std::signal(SIGINT, exitAsCancelled) == SIG_IGN) static_cast<void>(std::signal(SIGINT, SIG_IGN));
}

void print(std::string_view text) {
  if (s_readerIsGone || writeAll(STDOUT_FILENO, text)) return;
  if (errno == EPIPE) {
    s_readerIsGone = true;
    return;
  }
  throw Error(ErrorCode::Io, std::string("Cannot write to standard output: ") + std::strerror(errno) +
                                 "; free some space or send it elsewhere.");
}

void complain(std::string_view sentence) {
  say("qloupe: " + printable(sentence) + "\n");
}

void warn(std::string_view sentence) {
  say("qloupe: warning: " + printable(sentence) + "\n");
}

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      result += c;
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned>(byte));
    result += escaped;
  }
  return result;
}

}  // namespace ql::cli
