#pragma once
// Builds ActivationStats from batches of tokens, one site at a time.
#include "core/jobs/job_context.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
#include <memory>
#include <span>

namespace ql {

/// Which tokens the rows of a batch are. Spans of equal length.
struct TokenRows {
  std::span<const std::int32_t> ids;        // -1 = unknown
  std::span<const std::int32_t> positions;  // place in its window, from 0
  std::span<const std::int32_t> windows;    // number of its window
  std::int64_t count() const { return static_cast<std::int64_t>(ids.size()); }
};

struct AccumulatorOptions {
  std::int64_t sampleTokens = 256;
  std::uint64_t seed = 0;
  int sketchColumns = 32;
  bool withSecondMoment = true;
  bool withConditioning = true;  // needs the second moment
};

/// Not thread-safe; add() works in parallel inside and gives the same bits for any number of threads at the
/// same batches. A token with a NaN or an infinity is counted and left out of everything else.
class ActivationAccumulator {
 public:
  ActivationAccumulator(std::int64_t width, const AccumulatorOptions& options);
  ~ActivationAccumulator();
  ActivationAccumulator(ActivationAccumulator&&) noexcept;

  /// x [rows.count(), width], row-major.
  void add(const TokenRows& rows, std::span<const float> x, JobContext& job);
  /// Bytes held, without temporaries.
  std::uint64_t bytes() const;
  static std::uint64_t bytesFor(std::int64_t width, const AccumulatorOptions& options);
  /// The statistics so far; the accumulator is empty afterwards.
  ActivationStats finish(JobContext& job);

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
