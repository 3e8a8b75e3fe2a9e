#include "widgets/models/channel_data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ql {

namespace {

double sortKey(const ChannelRow& row, ChannelSort sort) {
  switch (sort) {
    case ChannelSort::AbsMax:
      return row.absmax;
    case ChannelSort::Gain:
      return row.gain.value_or(0);
    case ChannelSort::ErrorShare:
      return row.errorShare.value_or(0);
    case ChannelSort::Rows:
      return static_cast<double>(row.rows);
    case ChannelSort::ActAbsMax:
      return static_cast<double>(row.actAbsmax.value_or(0));
    case ChannelSort::ActMedian:
      return static_cast<double>(row.actMedian.value_or(0));
    case ChannelSort::ActRms:
      return row.actRms.value_or(0);
    case ChannelSort::Index:
      break;
  }
  return -static_cast<double>(row.channel);
}

void fillInputColumns(ChannelData& data, const WeightStats& stats, const std::vector<float>& gain,
                      const LayerError* error) {
  for (const std::int32_t column : stats.rowArgmax)
    if (column >= 0 && static_cast<std::size_t>(column) < data.rows.size())
      ++data.rows[static_cast<std::size_t>(column)].rows;
  data.hasGain = gain.size() == data.rows.size();
  data.hasError = error && error->columnError.size() == data.rows.size();
  double total = 0;
  if (data.hasError) total = std::accumulate(error->columnError.begin(), error->columnError.end(), 0.0);
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    if (data.hasGain) data.rows[i].gain = gain[i];
    if (data.hasError) data.rows[i].errorShare = total > 0 ? error->columnError[i] / total : 0;
  }
}

void fillActivations(ChannelData& data, const ActivationStats& activations) {
  if (static_cast<std::size_t>(activations.width) != data.rows.size()) return;
  data.hasActAbsmax = activations.hasExtremes();
  data.hasActMedian = activations.medianAbs.size() == data.rows.size();
  data.hasActRms = activations.hasDiagonal();
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    if (data.hasActAbsmax) data.rows[i].actAbsmax = activations.all.absmax[i];
    if (data.hasActMedian) data.rows[i].actMedian = activations.medianAbs[i];
    if (data.hasActRms) data.rows[i].actRms = std::sqrt(std::max(0.0, activations.all.meanSq(i)));
  }
}

}  // namespace

float lowerMedian(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::optional<std::size_t> ChannelData::rank(std::int64_t channel) const {
  const auto at =
      std::find_if(rows.begin(), rows.end(), [&](const ChannelRow& r) { return r.channel == channel; });
  if (at == rows.end()) return std::nullopt;
  return static_cast<std::size_t>(at - rows.begin());
}

std::vector<std::int64_t> ChannelData::peaks(double ratio) const {
  std::vector<const ChannelRow*> found;
  for (const ChannelRow& row : rows)
    if (row.ratio > ratio) found.push_back(&row);
  std::stable_sort(found.begin(), found.end(),
                   [](const ChannelRow* a, const ChannelRow* b) { return a->absmax > b->absmax; });
  std::vector<std::int64_t> channels;
  for (const ChannelRow* row : found) channels.push_back(row->channel);
  return channels;
}

ChannelData rankChannels(const WeightStats& stats, const std::vector<float>& gain, const LayerError* error,
                         ChannelAxis axis, ChannelSort sort, const ActivationStats* activations) {
  ChannelData data;
  data.axis = axis;
  const ChannelStats& source = axis == ChannelAxis::Input ? stats.columns : stats.rows;
  data.medianAbsmax = lowerMedian(source.absmax);
  data.rows.resize(source.size());
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    ChannelRow& row = data.rows[i];
    row.channel = static_cast<std::int64_t>(i);
    row.absmax = source.absmax[i];
    row.ratio =
        data.medianAbsmax > 0 ? static_cast<double>(row.absmax) / static_cast<double>(data.medianAbsmax) : 0;
  }
  if (axis == ChannelAxis::Input) fillInputColumns(data, stats, gain, error);
  if (axis == ChannelAxis::Input && activations) fillActivations(data, *activations);
  std::stable_sort(data.rows.begin(), data.rows.end(), [&](const ChannelRow& a, const ChannelRow& b) {
    return sortKey(a, sort) > sortKey(b, sort);
  });
  return data;
}

}  // namespace ql
