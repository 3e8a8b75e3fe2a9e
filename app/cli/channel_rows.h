#pragma once
// Rows of one residual-stream channel: every matrix that reads or writes it.
#include "app/cli/figure_rows.h"
#include "core/workspace_tracker.h"

#include <vector>

namespace ql::cli {

/// A matrix at the channel: what it holds there and what it reads there.
struct ChannelRow {
  const ResidualMatrix* matrix;  // of the stream
  LinearId layer;                // the member with the largest |w|
  std::vector<Metric> metrics;   // channel_absmax, channel_ratio, channel_gain, channel_act_absmax, ...
};

/// In network order; matrices without statistics are left out. Throws Error(Usage) for a channel that the
/// residual stream does not have.
std::vector<ChannelRow> channelRows(const ResidualStream& stream, std::int64_t channel);

/// For tables and CSV.
FigureRow figureRow(const ChannelRow& row, const Model& model);

}  // namespace ql::cli
