#include "app/cli/channel_rows.h"

#include "core/base/error.h"

namespace ql::cli {
namespace {

constexpr FieldInfo kAbsmax{"channel_absmax", "weight", "Largest |w| of the channel."};
constexpr FieldInfo kRatio{"channel_ratio", "", "That over the median of the matrix's channels."};
constexpr FieldInfo kGain{"channel_gain", "", "|g| of the norm in front."};
constexpr FieldInfo kInput{"channel_act_absmax", "activation", "Largest |x| of the channel."};
constexpr FieldInfo kShare{"channel_error_share", "fraction", "Of the weighted error of the matrix."};

MetricValue valueAt(const std::vector<float>& values, std::int64_t channel) {
  const auto c = static_cast<std::size_t>(channel);
  return c < values.size() ? MetricValue(static_cast<double>(values[c])) : MetricValue();
}

}  // namespace

std::vector<ChannelRow> channelRows(const ResidualStream& stream, std::int64_t channel) {
  if (channel < 0 || channel >= stream.width)
    throw Error(
        ErrorCode::Usage,
        stream.width == 0
            ? std::string("--channel: no matrices of this model are known to share a residual stream.")
            : "--channel: the residual stream has channels 0 to " + std::to_string(stream.width - 1) +
                  ", not " + std::to_string(channel) + ".");
  std::vector<ChannelRow> rows;
  for (const ResidualMatrix& matrix : stream.matrices) {
    if (matrix.absmax.empty()) continue;
    ChannelRow row{&matrix, matrix.linearAt(channel), {}};
    const double absmax = static_cast<double>(matrix.absmax[static_cast<std::size_t>(channel)]);
    row.metrics = {
        {kAbsmax, absmax},
        {kRatio, matrix.median > 0 ? MetricValue(absmax / matrix.median) : MetricValue()},
        {kGain, matrix.gain ? valueAt(stream.gains[*matrix.gain].values, channel) : MetricValue()},
        {kInput, matrix.input ? valueAt(stream.inputs[*matrix.input].values, channel) : MetricValue()},
        {kShare, valueAt(matrix.errorShare, channel)}};
    rows.push_back(std::move(row));
  }
  return rows;
}

FigureRow figureRow(const ChannelRow& row, const Model& model) {
  FigureRow figures;
  figures.labels = {{"layer", model.linears[row.layer].name},
                    {"side", row.matrix->isColumn ? "input" : "output"}};
  figures.metrics = row.metrics;
  return figures;
}

}  // namespace ql::cli
