#include "core/jobs/parallel_for.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>
#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

namespace ql {
namespace {

/// The failure of the lowest block. Blocks start in ascending order, so everything below a failing block is
/// running or done already; letting it finish makes the reported failure the one a plain loop would have met.
class FirstFailure {
 public:
  bool isBelow(std::int64_t block) const { return m_block.load(std::memory_order_acquire) <= block; }

  void record(std::int64_t block) {
    const std::lock_guard lock(m_mutex);
    if (block >= m_block.load(std::memory_order_relaxed)) return;
    m_exception = std::current_exception();
    m_block.store(block, std::memory_order_release);
  }

  void rethrow() {
    if (m_exception) std::rethrow_exception(m_exception);
  }

 private:
  std::atomic<std::int64_t> m_block{std::numeric_limits<std::int64_t>::max()};
  std::mutex m_mutex;  // guards m_exception and the order of records
  std::exception_ptr m_exception;
};

/// Runs `body` in the arena so that a thread that waits for it takes no unrelated tasks onto its stack.
template <class Body>
void runIsolated(JobContext& job, const Body& body) {
  job.run([&body] { tbb::this_task_arena::isolate(body); });
}

}  // namespace

void parallelFor(JobContext& job, std::int64_t count, const std::function<void(std::int64_t)>& body) {
  if (count <= 0) return;
  std::atomic<std::int64_t> next{0};
  FirstFailure failure;
  const auto takeBlocks = [&](int) {
    for (std::int64_t block = next.fetch_add(1); block < count && !failure.isBelow(block);
         block = next.fetch_add(1)) {
      try {
        job.step();
        body(block);
      } catch (...) {
        failure.record(block);
      }
    }
  };
  const int workers = static_cast<int>(std::min<std::int64_t>(count, job.threads()));
  runIsolated(job, [&] { tbb::parallel_for(0, workers, takeBlocks, tbb::simple_partitioner()); });
  failure.rethrow();
}

void parallelForOrdered(JobContext& job, std::int64_t count, const std::function<void(std::int64_t)>& body,
                        const std::function<void(std::int64_t)>& merge, int window) {
  if (count <= 0) return;
  std::int64_t next = 0;  // touched by the first filter only, which runs one at a time
  FirstFailure failure;
  const auto attempt = [&](std::int64_t block, bool isFirstStage) {
    if (failure.isBelow(block)) return;
    try {
      job.step();
      (isFirstStage ? body : merge)(block);
    } catch (...) {
      failure.record(block);
    }
  };
  const auto source = [&](tbb::flow_control& control) -> std::int64_t {
    if (next >= count || failure.isBelow(next)) {
      control.stop();
      return -1;
    }
    return next++;
  };
  const auto runBody = [&](std::int64_t block) {
    attempt(block, true);
    return block;
  };
  const auto runMerge = [&](std::int64_t block) { attempt(block, false); };
  const auto chain = tbb::make_filter<void, std::int64_t>(tbb::filter_mode::serial_in_order, source) &
                     tbb::make_filter<std::int64_t, std::int64_t>(tbb::filter_mode::parallel, runBody) &
                     tbb::make_filter<std::int64_t, void>(tbb::filter_mode::serial_in_order, runMerge);
  const int tokens = window > 0 ? window : 4 * job.threads();
  runIsolated(job, [&] { tbb::parallel_pipeline(static_cast<std::size_t>(tokens), chain); });
  failure.rethrow();
}

}  // namespace ql
