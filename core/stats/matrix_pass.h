#pragma once
// The one streaming pass over a matrix that measureWeights() and buildPyramid() share: blocks of rows in
// parallel, merged in block order. Not for the figures made from it (weight_stats.cpp).
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/stats/channel_stats.h"
#include "core/stats/code_counts.h"
#include "core/stats/tile_pyramid.h"
#include "core/stats/top_entries.h"

#include <cstdint>
#include <vector>

namespace ql {

struct PassOptions {
  bool withMoments = true;  // squares, fourth powers, row argmax
  bool withCodes = true;    // counts of the 16-bit patterns
  int texel = 0;            // edge of the texels collected on the way, a power of two <= kMaxTexel; 0 = none
  int topCount = 0;
};

struct PassResult {
  ChannelStats rows, columns;
  std::vector<std::int32_t> rowArgmax;
  std::vector<std::uint64_t> codes;  // kCodes, empty without
  CodeMeaning codeMeaning;
  double cube = 0;  // sum of w^3
  std::vector<TopEntry> top;
  PyramidLevel texels;  // means not rounded
};

/// Steps the job by passUnits() in all. Throws what the source throws; Error(Shape) for a negative or absurd
/// shape.
PassResult runPass(const WeightSource& source, const MatrixRef& matrix, const PassOptions& options,
                   JobContext& job);

/// Stored bytes of the rows where they are read in place, else 2 bytes a weight.
std::uint64_t passUnits(const WeightSource& source, const MatrixRef& matrix);

}  // namespace ql
