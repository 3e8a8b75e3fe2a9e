#pragma once
// Everything a slow function needs: progress, cancellation, pause and the cores. Passed last, by reference.
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace ql {

/// Thrown by JobContext::step() after cancel(); caught at the job boundary only.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

/// One running job. The front end polls progress and may cancel or pause from any thread; the worker calls
/// step().
class JobContext {
 public:
  /// threads 0 = all cores. The context owns the one oneTBB arena its work runs in.
  explicit JobContext(int threads = 0);
  ~JobContext();
  JobContext(const JobContext&) = delete;
  JobContext& operator=(const JobContext&) = delete;

  int threads() const;

  // Worker side
  // ------------------------------------------------------------------------------------------------
  /// Adds to the work expected, in any unit that is proportional to time (bytes of weights).
  void expect(std::uint64_t units);
  /// Counts work done; the point of cancellation and pause: at least every 50 ms. Thread-safe.
  /// Throws Cancelled after cancel().
  void step(std::uint64_t units = 0);
  void setStage(const std::string& sentence);  // "Measuring model.layers.3.mlp.up_proj"
  void log(const std::string& line);
  /// Runs `body` inside the arena and returns when it is done; exceptions pass through.
  void run(const std::function<void()>& body);

  // Front-end side
  // ---------------------------------------------------------------------------------------------
  void cancel();
  void setPaused(bool paused);
  bool isCancelled() const;
  bool isPaused() const;
  std::uint64_t done() const;
  std::uint64_t total() const;
  double fraction() const;        // 0..1; 0 while nothing is expected
  double secondsLeft() const;     // < 0 while unknown; pauses are left out
  double elapsedSeconds() const;  // without pauses
  std::string stage() const;
  void setLogSink(std::function<void(const std::string&)> sink);  // called on worker threads

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
