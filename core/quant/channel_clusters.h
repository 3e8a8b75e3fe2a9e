#pragma once
// Which channels of an activation share a range: k-means over (max, min) as in RPTQ, equal groups of channels
// sorted by range as in PEG, or neighbours. Not for rounding (activation_quantizer.h).
#include "core/jobs/job_context.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ql {

/// A partition of channels. Groups are numbered from 0 and none is empty.
struct ChannelGroups {
  std::vector<std::int32_t> groupOf;  // [channels]
  std::int32_t count = 0;
  double inertia = 0;  // k-means: sum of squared distances of (max, min) to their cluster's mean
};

/// Calibrated extremes by channel, [channels] each. A channel with min > max, or with one that is not finite,
/// was never seen and counts as always 0.
struct ChannelExtremes {
  std::span<const float> min, max;
};

/// k-means of the points (max_j, min_j): greedy k-means++ seeds, Lloyd's iterations until the centres move by
/// less than 1e-4 of the mean variance or 300 times, the best of 10 restarts by inertia; in double.
///
/// clusters  at least 1; fewer come back when there are fewer distinct points.
/// job       null = on this thread; else the restarts run side by side and can be cancelled.
/// Clusters are numbered by the range (max - min) of their centre, from narrow to wide, then by their first
/// channel. The same result for any number of threads and on every CPU of one rounding.
/// Cost O(channels * clusters * iterations * 10).
/// Source: RPTQ (arXiv:2304.01089, reorder.py): sklearn KMeans(n_clusters, n_init=10, random_state=0), whose
/// labels are numbered at random; Arthur and Vassilvitskii 2007.
ChannelGroups clusterChannels(ChannelExtremes extremes, std::int64_t clusters, JobContext* job = nullptr);

/// Channels sorted by max - min, ascending, ties to the lower channel, cut into consecutive groups of equal
/// size. The paper asks that the number of channels be a multiple of `groups`; where it is not, the first
/// groups hold one channel more than the others.
/// Source: Bondarenko et al. 2021, arXiv:2109.12948, sec. 4 (per-embedding-group with range-based
/// permutation).
ChannelGroups sortedChannelGroups(ChannelExtremes extremes, std::int64_t groups);

/// Channels as they stand, cut in the same way.
ChannelGroups neighbouringChannels(std::int64_t channels, std::int64_t groups);

/// Channels in the order in which a runtime would store them, so that groups lie side by side: those of group
/// 0, then of group 1, ...; inside a group as they stood. A stable argsort of groupOf.
std::vector<std::int32_t> channelOrder(const ChannelGroups& groups);

}  // namespace ql
