#pragma once
// What a choice costs one linear, from rows that stay in memory: all figures of a what-if, each with its
// interval, while a slider moves. Not for exact figures (layer_error.h, output_error.h) nor for smoothing
// (sampled_readers.h).
#include "core/evaluate/layer_error.h"
#include "core/evaluate/output_error.h"
#include "core/stats/weight_stats.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace ql {

/// As of measureErrors(), the interval that of norm_weighted_rel, and as of measureOutputErrors(); no output
/// without activations.
struct PreviewedFigures {
  LayerError weights;
  std::optional<OutputError> output;
};

/// Immutable from outside once made, and thread-safe. Intervals are the 95 % in which the exact figure lies
/// that the same evidence gives over all rows; where the exact one would take X^T X and the preview its
/// sketch, they hold that difference too.
class LinearPreview {
 public:
  /// Rows that a preview of this matrix takes: one or two frames of 60 Hz (SampledReaders::rowsFor()).
  static std::int64_t rowsFor(const ErrorInput& input, const ActivationStats* activations);
  /// False for choices whose weights' parts span rows: those are measured exactly.
  static bool canMeasure(const Choice& choice);

  /// Keeps `rows` rows in memory, and with `activations` (may be null) their outputs on the token sample.
  /// Throws Error(Shape) when widths differ.
  LinearPreview(const WeightSource& source, const ErrorInput& input, std::shared_ptr<const WeightStats> stats,
                std::shared_ptr<const ActivationStats> activations, std::int64_t rows, JobContext& job);
  ~LinearPreview();

  /// Figures under a choice with canMeasure(). What rounding of activations does is kept for the next call
  /// with the same scheme.
  PreviewedFigures measure(const Choice& choice, JobContext& job) const;

  std::uint64_t bytes() const;

 private:
  struct State;
  std::unique_ptr<State> m_state;
};

}  // namespace ql
