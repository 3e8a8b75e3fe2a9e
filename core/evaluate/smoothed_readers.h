#pragma once
// What a smoothing costs all readers of a smoothing group, for many factors S in a row: the weights are read
// and the outputs Y = X W^T computed once. Not for which S to try (smoothing_curve.h).
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"
#include "core/stats/activation_stats.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ql {

/// A linear that reads the group's channels, and what it reads: experts have tokens of their own.
struct GroupReader {
  MatrixRef matrix;
  std::shared_ptr<const ActivationStats> input;  // with a token sample
};

/// Output errors as of OutputError, on the token sample. Empty when the outputs are all zero or not finite;
/// w and a also where only wa was asked for. interval: 95 % of wa, for other tokens.
struct SmoothedFigures {
  std::optional<double> w, a, wa;
  std::optional<std::pair<double, double>> interval;
};

/// `together`: errors over outputs of all readers that their choice quantizes, sums of squares.
struct GroupError {
  SmoothedFigures together;
  std::vector<SmoothedFigures> readers;
};

enum class GroupFigures { Joint, All };  // wa alone (one product a reader), or w, a and wa (three)

/// Immutable once made and thread-safe. Weights and tokens that are not finite count as 0 and are left out.
class SmoothedReaders {
 public:
  /// Reads W as float32 and computes Y; both stay as far as `holdBytes` goes, and what does not fit is read
  /// and computed again in each measure(). Steps the job by loadUnits(). Throws Error(Unsupported) for a
  /// reader without a token sample, Error(Shape) when widths differ.
  SmoothedReaders(std::shared_ptr<const WeightSource> source, std::vector<GroupReader> readers,
                  std::uint64_t holdBytes, JobContext& job);
  ~SmoothedReaders();

  /// Errors with columns of W times S, channels of X divided by it, S [in], under one choice a reader; a
  /// reader whose choice quantizes nothing has errors of 0. An empty S is no smoothing. Bit-identical for
  /// any number of threads. Steps the job by measureUnits(). Cost: tokens * out * in multiply-adds a product.
  /// Throws Error(Shape) for another number of factors or choices, Error(Unsupported) for a scheme that
  /// cannot be measured.
  GroupError measure(std::span<const float> s, std::span<const Choice> choices, GroupFigures figures,
                     JobContext& job) const;

  static std::uint64_t loadUnits(std::span<const GroupReader> readers);
  std::uint64_t measureUnits(std::span<const Choice> choices, GroupFigures figures) const;
  std::uint64_t bytes() const;
  std::int64_t width() const;
  std::int64_t tokens() const;  // finite ones of the samples, all inputs together

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
