#pragma once
// What a smoothing costs the readers of a group, from some of their rows: quick enough for every step of a
// slider. Not for exact figures (smoothed_readers.h).
#include "core/evaluate/ratio_interval.h"
#include "core/evaluate/smoothed_readers.h"
#include "core/stats/weight_stats.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ql {

/// A linear that reads the group's channels, what it reads, and the statistics of its weights.
struct SampledReader {
  MatrixRef matrix;
  std::shared_ptr<const ActivationStats> input;  // with a token sample
  std::shared_ptr<const WeightStats> stats;      // rows' absmax, columns' extremes and energies
};

/// A figure sqrt(R) with the 95 % interval in which all rows would put it. Empty when the outputs are zero.
struct SampledFigure {
  std::optional<double> value;
  std::optional<std::pair<double, double>> interval;
};
SampledFigure sampledFigure(const RatioInterval& ratio);

struct SampledError {
  SampledFigure w, a, wa;
};

struct SampledGroupError {
  SampledError together;  // over outputs of all readers that their choice quantizes
  std::vector<SampledError> readers;
};

/// Rows of all readers, their outputs on the whole token sample, and what is known of the other rows.
/// Immutable once made and thread-safe.
class SampledReaders {
 public:
  /// Rows in all: so many that the products of a step take one to two frames of 60 Hz on two cores. A step is
  /// three products of 2 * rows * tokens * in operations: 480 rows of 8192 columns and 256 tokens are 3 * 2.0
  /// Gflop, 24 ms at 250 Gflop/s. At least 384 rows: a figure is then known to 5 % even where a single
  /// channel makes the errors (their squares vary by 0.9 of their mean between rows).
  static std::int64_t rowsFor(std::span<const SampledReader> readers);

  /// Reads all rows once to see which may become large (`followsSmoothing`), keeps the sampled ones. The rows
  /// with the largest absmax of W, of W with levelled columns (alpha 0) and of W times the activations'
  /// absmax (alpha 1) are always among them. Throws what SmoothedReaders does.
  SampledReaders(const WeightSource& source, std::vector<SampledReader> readers, std::int64_t rows,
                 bool followsSmoothing, JobContext& job);
  ~SampledReaders();

  /// False when there are so few rows that exact figures take little longer.
  static bool isWorthwhile(std::span<const SampledReader> readers);
  /// False for weights whose parts span rows (blocks, groups along the output), and for methods that look at
  /// more than the row.
  static bool canMeasure(std::span<const Choice> choices);

  /// Figures as of SmoothedReaders::measure() for S [in] (empty = none) under one choice a reader, from the
  /// sampled rows and all sampled tokens; bit-identical for any number of threads. Throws as it does, and
  /// Error(Unsupported) for choices that cannot be measured so.
  SampledGroupError measure(std::span<const float> s, std::span<const Choice> choices, JobContext& job) const;

  std::uint64_t bytes() const;
  std::int64_t rows() const;
  std::int64_t tokens() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
