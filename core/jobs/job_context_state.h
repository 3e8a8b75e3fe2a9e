#pragma once
// What a JobContext is made of. Seen by jobs/ only: keeps oneTBB out of the public headers.
#include "core/jobs/job_context.h"

#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace ql {

/// Gives the workers of an arena a lower priority than the thread that paints the window.
class LowPriorityWorkers : public tbb::task_scheduler_observer {
 public:
  explicit LowPriorityWorkers(tbb::task_arena& arena);
  ~LowPriorityWorkers() override;
  void on_scheduler_entry(bool isWorker) override;
};

struct JobContext::State {
  using Clock = std::chrono::steady_clock;

  explicit State(int threadCount);
  double elapsedSeconds() const;

  const int threads;
  tbb::task_arena arena;
  LowPriorityWorkers lowPriority;
  const Clock::time_point start = Clock::now();

  std::atomic<std::uint64_t> done{0};
  std::atomic<std::uint64_t> total{0};
  std::atomic<bool> isCancelled{false};
  std::atomic<bool> isPaused{false};

  mutable std::mutex pauseMutex;  // guards the three below and changes of isPaused and isCancelled
  std::condition_variable resumed;
  Clock::time_point pausedSince{};
  Clock::duration pausedTime{};

  mutable std::mutex textMutex;  // guards the two below
  std::string stage;
  std::shared_ptr<const std::function<void(const std::string&)>> logSink;
};

}  // namespace ql
