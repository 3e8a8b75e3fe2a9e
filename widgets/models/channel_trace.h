#pragma once
// One channel of the residual stream followed through all blocks: the largest |w| that every linear has at
// it.
#include "core/jobs/job_context.h"
#include "core/workspace.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ql {

/// A channel's |w| absmax at one linear.
struct ChannelTraceItem {
  LinearId id = 0;
  int row = -1, block = -1;  // role row of Model::rolesPresent, block
  bool isOutput = false;     // an output channel: o and down write the residual stream that q, k, v ... read
  float absmax = 0;
  double ratio = 0;                      // over the median of that linear's channels
  std::optional<float> gain, actAbsmax;  // where it reads: norm weight |g|, largest |x|
};

struct ChannelTrace {
  std::int64_t channel = -1;
  std::vector<ChannelTraceItem> items;
  float largest = 0, smallest = 0;  // of the positive ones
};

/// Linears that have `channel` of the same space as input channel `channel` of `origin`. Behind a norm that
/// is the residual stream: input channels of every linear fed by a norm, output channels of o and down. For
/// others (o, down) it is the linear's own input: the same role in every block.
ChannelTrace traceChannel(const Workspace& workspace, LinearId origin, std::int64_t channel, JobContext& job);

}  // namespace ql
