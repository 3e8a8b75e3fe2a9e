#include "widgets/models/channel_trace.h"

#include "widgets/models/channel_data.h"

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

enum class Side { None, Input, Output };

/// Where a linear meets the channel space of the origin.
Side meets(const Linear& origin, const Linear& linear) {
  if (!origin.norm)
    return linear.role == origin.role && linear.in() == origin.in() ? Side::Input : Side::None;
  if (linear.norm && linear.in() == origin.in()) return Side::Input;
  const bool writes =
      linear.role == TensorRole::O || linear.role == TensorRole::Down || linear.role == TensorRole::Fc2;
  return writes && linear.out() == origin.in() ? Side::Output : Side::None;
}

/// What a reader finds in the channel: the norm's gain, and on data the largest |x|.
void addInput(const Workspace& workspace, const Linear& linear, std::size_t channel, ChannelTraceItem& item) {
  const std::vector<float> gain = workspace.gain(item.id);
  if (channel < gain.size()) item.gain = std::abs(gain[channel]);
  if (!linear.site || !workspace.activationSummary(*linear.site)) return;
  const auto activations = workspace.activations(*linear.site);
  if (activations && channel < activations->all.absmax.size())
    item.actAbsmax = activations->all.absmax[channel];
}

}  // namespace

ChannelTrace traceChannel(const Workspace& workspace, LinearId origin, std::int64_t channel,
                          JobContext& job) {
  const Model& model = workspace.model();
  const Linear& from = model.linears[origin];
  ChannelTrace trace;
  trace.channel = channel;
  for (LinearId id = 0; id < model.linears.size(); ++id) {
    job.step();
    const Linear& linear = model.linears[id];
    const auto role = std::find(model.rolesPresent.begin(), model.rolesPresent.end(), linear.role);
    const Side side = linear.block && role != model.rolesPresent.end() ? meets(from, linear) : Side::None;
    if (side == Side::None) continue;
    const auto stats = workspace.weightStats(id);
    if (!stats) continue;
    const std::vector<float>& absmax = side == Side::Input ? stats->columns.absmax : stats->rows.absmax;
    if (channel < 0 || static_cast<std::size_t>(channel) >= absmax.size()) continue;
    ChannelTraceItem item;
    item.id = id;
    item.row = static_cast<int>(role - model.rolesPresent.begin());
    item.block = *linear.block;
    item.isOutput = side == Side::Output;
    item.absmax = absmax[static_cast<std::size_t>(channel)];
    const float median = lowerMedian(absmax);
    item.ratio = median > 0 ? static_cast<double>(item.absmax) / static_cast<double>(median) : 0;
    if (!item.isOutput) addInput(workspace, linear, static_cast<std::size_t>(channel), item);
    trace.largest = std::max(trace.largest, item.absmax);
    if (item.absmax > 0 && (trace.smallest == 0 || item.absmax < trace.smallest))
      trace.smallest = item.absmax;
    trace.items.push_back(item);
  }
  return trace;
}

}  // namespace ql
