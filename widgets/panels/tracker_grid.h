#pragma once
// One channel of the residual stream as a grid: rows are quantities by role, columns the depth of the network
// (embedding, blocks, head). Looked up in a ResidualStream; no painting.
#include "core/workspace_tracker.h"

#include <QString>

#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace ql {

enum class TrackerQuantity { Weight, Gain, Input, Share };
inline constexpr int kTrackerQuantities = 4;

struct TrackerCell {
  bool isThere = false;         // such a matrix exists at this depth
  std::optional<double> value;  // nothing while unmeasured
  std::optional<double> ratio;  // over the median of the channels there; of a share: over an even share
  LinearId id = 0;              // where a jump goes to
  bool isRow = false;           // the channel is an output channel of that linear
};

struct TrackerRow {
  TrackerQuantity quantity = TrackerQuantity::Weight;
  QString label;  // "q", "o", "embedding, head"; of gains and inputs: who reads them, "q, k, v"
  bool isWritten = false;
  std::vector<TrackerCell> cells;  // by column
};

struct TrackerGrid {
  std::int64_t channel = -1;
  std::vector<QString> columns;  // "emb", "0", "1", ..., "head"
  std::vector<TrackerRow> rows;  // by quantity, then in network order
};

/// Smallest median and largest value of a quantity over all channels, so that an ordinary channel looks
/// ordinary; {1, 1} without any. `ofRatios`: of the ratios instead.
using TrackerRanges = std::array<std::pair<double, double>, kTrackerQuantities>;
TrackerRanges trackerRanges(const ResidualStream& stream, bool ofRatios);

TrackerGrid trackerGrid(const Model& model, const ResidualStream& stream, std::int64_t channel);

QString quantityName(TrackerQuantity quantity);       // "|W| absmax"
QString quantityShortName(TrackerQuantity quantity);  // "|W|"
/// "93.5", "1.2 %" of a share, "499" of a ratio; a dash for nothing.
QString trackerText(TrackerQuantity quantity, const TrackerCell& cell, bool asRatio);
/// "|W| of q, block 0": why a channel stands out.
QString leadText(const ResidualStream& stream, const ChannelLead& lead);

}  // namespace ql
