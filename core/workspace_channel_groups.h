#pragma once
// The channels of one input in groups that share a range (RPTQ's clusters, PEG's sorted groups), and what
// rounding in groups saves: for the Methods page.
#include "core/quant/channel_clusters.h"
#include "core/workspace.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ql {

struct ChannelGroupRequest {
  std::int64_t groups = 8;
  std::string permutation = "kmeans";  // of permutationNames()
  std::string format = "int8";
  bool operator==(const ChannelGroupRequest&) const = default;
};

struct ChannelGroupReport {
  LinearId id = 0;
  ChannelGroupRequest request;
  ActScheme scheme;             // static, asymmetric, in groups
  std::vector<float> min, max;  // [width] calibrated
  std::int64_t run = 0;         // groups are made inside every run of so many channels (heads); 0 = all
  ChannelGroups groups;
  std::vector<std::int32_t> order;  // channels as a runtime would store them
  std::vector<std::int64_t> sizes;  // of the groups
  std::vector<float> groupMin, groupMax;
  /// |Q(X) - X|_F / |X|_F on the token sample: one range for all channels, in groups, and int8 or the like by
  /// token (dynamic, symmetric). Empty without a sample.
  std::optional<double> tensorError, groupError, tokenError;
  std::int64_t tokens = 0;  // of the sample
};

/// The flavour goes with the permutation: rptq's grid for k-means, qualcomm's (PEG's code) for the others.
/// Throws Error(Unsupported) for a linear without calibrated extremes of its input, or a format that is no
/// integer.
ChannelGroupReport channelGroupReport(Workspace& workspace, LinearId id, const ChannelGroupRequest& request,
                                      JobContext& job);

}  // namespace ql
