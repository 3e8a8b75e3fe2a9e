#pragma once
// error(alpha) of a smoothing group, all readers together: what a slider over alpha will find.
#include "core/base/evidence.h"
#include "core/evaluate/smoothed_readers.h"
#include "core/smooth/smoothing.h"

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace ql {

struct SmoothingCurveOptions {
  SmoothingOptions smoothing;  // alpha plays no role
  int points = 21;             // evenly from alpha 0 to 1, at least 2
  bool refine = true;          // the optimum to 0.01, by golden section between the best point's neighbours
  bool withParts = true;       // also w and a of every point, after wa of all of them
};

struct SmoothingPoint {
  double alpha = 0;
  GroupError error;
  std::int64_t clampedChannels = 0, deadChannels = 0;  // of SmoothingFactors
};

/// Figures are those of the token sample, with a 95 % interval for other tokens.
struct SmoothingCurve {
  SmoothingOptions smoothing;                 // canonical; alpha is that of best()
  SmoothingPoint none;                        // without smoothing
  std::vector<SmoothingPoint> grid, refined;  // by ascending alpha; in the order of the search
  bool isComplete = false;                    // false in what a sink sees before the end
  Evidence evidence;                          // n = tokens

  /// The point with the least wa of all readers; null while there is none.
  const SmoothingPoint* best() const;
};

/// Sees the curve after each point; copies what it wants to keep.
using CurveSink = std::function<void(const SmoothingCurve& soFar)>;

/// Bi-smoothing with max statistics is SmoothQuant (which keeps |W| above 1e-5) and takes its name here, so
/// that both are computed once; other options stay as they are.
SmoothingOptions canonicalSmoothing(const SmoothingOptions& options);

/// S of a group at options.alpha as it can be folded: heads that must share a factor share it.
SmoothingFactors groupFactors(const SmoothingInput& input, const FoldTarget& target,
                              const SmoothingOptions& options);

/// One point: figures of the group under options at options.alpha.
SmoothingPoint measureSmoothingPoint(const SmoothedReaders& group, const SmoothingInput& input,
                                     const FoldTarget& target, std::span<const Choice> choices,
                                     const SmoothingOptions& options, GroupFigures figures, JobContext& job);

/// The whole curve. expect()s and steps the job. Throws what SmoothedReaders::measure() and
/// smoothingFactors() throw, Error(Usage) for fewer than 2 points. Cost: a product a reader and point (plus
/// about 5 to refine), and two more `withParts` where weights and activations are both quantized.
SmoothingCurve measureSmoothingCurve(const SmoothedReaders& group, const SmoothingInput& input,
                                     const FoldTarget& target, std::span<const Choice> choices,
                                     const SmoothingCurveOptions& options, JobContext& job,
                                     const CurveSink& sink = {});

}  // namespace ql
