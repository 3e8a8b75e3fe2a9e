#include "app/cli/run_job.h"

#include "app/cli/command.h"
#include "app/cli/numbers.h"
#include "app/cli/output.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>

#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ql::cli {
namespace {

constexpr long kRedrawNanoseconds = 100'000'000;

sigset_t cancelSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

/// Blocks the cancelling signals in this thread and in every thread made meanwhile, so that the monitor alone
/// takes them. A signal that was ignored on entry (nohup, a background job of a script) stays ignored by the
/// system.
class BlockedSignals {
 public:
  BlockedSignals() {
    const sigset_t signals = cancelSignals();
    pthread_sigmask(SIG_BLOCK, &signals, &m_before);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t m_before{};
};

std::size_t terminalColumns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string progressLine(const JobContext& job) {
  std::string line = percentWhole(job.fraction());
  const double left = job.secondsLeft();
  if (left >= 0) line += ", " + durationText(left) + " left";
  const std::string stage = printable(job.stage());
  if (!stage.empty()) line += "  " + stage;
  const std::size_t columns = terminalColumns();
  if (line.size() >= columns) line.resize(columns - 1);
  return line;
}

/// Watches a running job from its own thread: redraws the line, turns signals into cancel().
class Monitor {
 public:
  explicit Monitor(JobContext& job)
      : m_job(job),
        m_isTerminal(::isatty(STDERR_FILENO) != 0),
        m_thread([this](const std::stop_token& stop) { watch(stop); }) {}
  ~Monitor() {
    m_thread.request_stop();
    m_thread.join();
    if (m_isTerminal) std::fputs("\r\x1b[K", stderr);
  }
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

 private:
  void watch(const std::stop_token& stop) {
    const sigset_t signals = cancelSignals();
    const timespec wait{0, kRedrawNanoseconds / 10};
    for (int tick = 0; !stop.stop_requested(); ++tick) {
      if (sigtimedwait(&signals, nullptr, &wait) > 0) {
        if (m_job.isCancelled()) ::_exit(kExitCancelled);
        m_job.cancel();
      }
      if (m_isTerminal && tick % 10 == 5) {
        const std::string line = "\r" + progressLine(m_job) + "\x1b[K";
        std::fputs(line.c_str(), stderr);
        std::fflush(stderr);
      }
    }
  }

  JobContext& m_job;
  bool m_isTerminal;
  std::jthread m_thread;  // last: it uses the members above
};

}  // namespace

void JobOptions::addTo(CLI::App& app) {
  app.add_option("--threads", threads, "Threads to use; 0 = all cores")
      ->check(CLI::Range(0, 1024))
      ->type_name("N");
}

void runJob(const JobOptions& options, const std::function<void(JobContext&)>& body) {
  const BlockedSignals blocked;
  JobContext job(options.threads);
  const Monitor monitor(job);
  body(job);
}

}  // namespace ql::cli
