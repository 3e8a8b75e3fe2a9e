#include "core/jobs/job_context_state.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <sys/resource.h>
#include <algorithm>
#include <utility>

namespace ql {
namespace {

constexpr int kMaxThreads = 256;
constexpr int kWorkerNice = 5;

/// oneTBB shares its workers between arenas and by default makes one a core. Then a paused job would starve
/// the next one, and an arena of more slots than cores would print a warning. Workers are made on demand
/// only.
void allowEnoughWorkers() {
  static const tbb::global_control control(
      tbb::global_control::max_allowed_parallelism,
      static_cast<std::size_t>(std::max(kMaxThreads, 4 * tbb::info::default_concurrency())));
}

int threadCountFor(int asked) {
  allowEnoughWorkers();
  return asked <= 0 ? tbb::info::default_concurrency() : std::min(asked, kMaxThreads);
}

}  // namespace

LowPriorityWorkers::LowPriorityWorkers(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) {
  observe(true);
}

LowPriorityWorkers::~LowPriorityWorkers() {
  observe(false);
}

void LowPriorityWorkers::on_scheduler_entry(bool isWorker) {
  // On Linux who = 0 is the calling thread. Workers run nothing but jobs, so they may stay this way.
  if (isWorker) static_cast<void>(::setpriority(PRIO_PROCESS, 0, kWorkerNice));
}

JobContext::State::State(int threadCount)
    : threads(threadCountFor(threadCount)), arena(threads), lowPriority(arena) {}

double JobContext::State::elapsedSeconds() const {
  const std::lock_guard lock(pauseMutex);
  const Clock::time_point end = isPaused.load() ? pausedSince : Clock::now();
  return std::chrono::duration<double>(end - start - pausedTime).count();
}

JobContext::JobContext(int threads) : m_state(std::make_unique<State>(threads)) {}

JobContext::~JobContext() = default;

int JobContext::threads() const {
  return m_state->threads;
}

void JobContext::expect(std::uint64_t units) {
  m_state->total.fetch_add(units, std::memory_order_relaxed);
}

void JobContext::step(std::uint64_t units) {
  State& state = *m_state;
  if (units != 0) state.done.fetch_add(units, std::memory_order_relaxed);
  if (state.isPaused.load(std::memory_order_relaxed)) {
    std::unique_lock lock(state.pauseMutex);
    state.resumed.wait(lock, [&state] { return !state.isPaused.load() || state.isCancelled.load(); });
  }
  if (state.isCancelled.load(std::memory_order_relaxed)) throw Cancelled();
}

void JobContext::setStage(const std::string& sentence) {
  const std::lock_guard lock(m_state->textMutex);
  m_state->stage = sentence;
}

void JobContext::log(const std::string& line) {
  std::shared_ptr<const std::function<void(const std::string&)>> sink;
  {
    const std::lock_guard lock(m_state->textMutex);
    sink = m_state->logSink;
  }
  if (sink && *sink) (*sink)(line);
}

void JobContext::run(const std::function<void()>& body) {
  m_state->arena.execute(body);
}

void JobContext::cancel() {
  const std::lock_guard lock(m_state->pauseMutex);
  m_state->isCancelled.store(true);
  m_state->resumed.notify_all();
}

void JobContext::setPaused(bool paused) {
  State& state = *m_state;
  const std::lock_guard lock(state.pauseMutex);
  if (state.isPaused.load() == paused) return;
  if (paused) {
    state.pausedSince = State::Clock::now();
  } else {
    state.pausedTime += State::Clock::now() - state.pausedSince;
  }
  state.isPaused.store(paused);
  state.resumed.notify_all();
}

bool JobContext::isCancelled() const {
  return m_state->isCancelled.load();
}
bool JobContext::isPaused() const {
  return m_state->isPaused.load();
}
std::uint64_t JobContext::done() const {
  return m_state->done.load();
}
std::uint64_t JobContext::total() const {
  return m_state->total.load();
}

double JobContext::fraction() const {
  const std::uint64_t all = total();
  if (all == 0) return 0;
  return std::min(1.0, static_cast<double>(done()) / static_cast<double>(all));
}

double JobContext::secondsLeft() const {
  const std::uint64_t finished = done();
  const std::uint64_t all = total();
  if (finished == 0 || all == 0) return -1;
  if (finished >= all) return 0;
  return m_state->elapsedSeconds() * static_cast<double>(all - finished) / static_cast<double>(finished);
}

double JobContext::elapsedSeconds() const {
  return m_state->elapsedSeconds();
}

std::string JobContext::stage() const {
  const std::lock_guard lock(m_state->textMutex);
  return m_state->stage;
}

void JobContext::setLogSink(std::function<void(const std::string&)> sink) {
  auto shared = std::make_shared<const std::function<void(const std::string&)>>(std::move(sink));
  const std::lock_guard lock(m_state->textMutex);
  m_state->logSink = std::move(shared);
}

}  // namespace ql
