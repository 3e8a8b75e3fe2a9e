#pragma once
// Runs one linear of a block: shows its input to the hook, takes the hook's version of it, counts the work.
// Internal to calib/.
#include "core/calib/forward.h"
#include "core/calib/forward_buffer.h"
#include "core/calib/forward_parts.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

namespace ql {

/// Steps a job by multiply-adds in units of 1024, `total` units in the end whatever the roundings.
class UnitCounter {
 public:
  UnitCounter(std::uint64_t total, JobContext& job) : m_total(total), m_job(job) {}
  void add(std::uint64_t multiplyAdds) {
    m_done += multiplyAdds;
    stepTo(std::min(m_done / 1024, m_total));
  }
  void finish() { stepTo(m_total); }

 private:
  void stepTo(std::uint64_t units) {
    m_job.step(units - m_stepped);
    m_stepped = units;
  }

  std::uint64_t m_total, m_done = 0, m_stepped = 0;
  JobContext& m_job;
};

/// Asks the system to fetch a matrix that will be read soon, as far as its stored bytes are mapped: advice,
/// which costs little and changes nothing but the wait.
void readAhead(const WeightSource& weights, const LinearPart& part);

class LinearRunner {
 public:
  LinearRunner(const WeightSource& weights, ForwardHook* hook, UnitCounter* units, JobContext& job)
      : m_weights(weights), m_hook(hook), m_units(units), m_job(job) {}

  /// Shows x to the hook once for each distinct site of these linears (absent ones are passed over).
  void announce(std::initializer_list<const LinearPart*> parts, const TokenRows& rows,
                std::span<const float> x);
  /// y [tokens, out] = x W^T + bias, x as the hook wants this linear to see it.
  void run(const LinearPart& part, std::int64_t tokens, std::span<const float> x, std::span<float> y);
  /// What the linear reads: x, or the hook's version in a buffer of this object that the next call reuses.
  std::span<const float> input(const LinearPart& part, std::span<const float> x);

  const WeightSource& weights() const { return m_weights; }
  ForwardHook* hook() const { return m_hook; }
  JobContext& job() const { return m_job; }

 private:
  const WeightSource& m_weights;
  ForwardHook* m_hook;
  UnitCounter* m_units;
  JobContext& m_job;
  FloatBuffer m_changed;
};

}  // namespace ql
