#include "widgets/models/channel_table_model.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/theme.h"

#include <vector>

namespace ql {

namespace {

/// The columns that the data has something to say in.
std::vector<ChannelTableModel::Column> shownColumns(const ChannelData* data) {
  std::vector<ChannelTableModel::Column> columns{ChannelTableModel::Channel, ChannelTableModel::AbsMax,
                                                 ChannelTableModel::Ratio};
  if (data && data->hasActAbsmax) columns.push_back(ChannelTableModel::ActAbsMax);
  if (data && data->hasGain) columns.push_back(ChannelTableModel::Gain);
  if (data && data->axis == ChannelAxis::Input) columns.push_back(ChannelTableModel::Rows);
  if (data && data->hasError) columns.push_back(ChannelTableModel::ErrorShare);
  if (data && data->hasActMedian) columns.push_back(ChannelTableModel::ActMedian);
  if (data && data->hasActRms) columns.push_back(ChannelTableModel::ActRms);
  return columns;
}

}  // namespace

void ChannelTableModel::setChannels(std::shared_ptr<const ChannelData> channels) {
  beginResetModel();
  m_data = std::move(channels);
  endResetModel();
}

int ChannelTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() || !m_data ? 0 : static_cast<int>(m_data->rows.size());
}

int ChannelTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(shownColumns(m_data.get()).size());
}

ChannelTableModel::Column ChannelTableModel::columnAt(int section) const {
  return shownColumns(m_data.get())[static_cast<std::size_t>(section)];
}

double ChannelTableModel::value(const ChannelRow& row, Column column) const {
  switch (column) {
    case Channel:
      return static_cast<double>(row.channel);
    case AbsMax:
      return static_cast<double>(row.absmax);
    case Ratio:
      return row.ratio;
    case Gain:
      return row.gain ? static_cast<double>(*row.gain) : -1;
    case Rows:
      return static_cast<double>(row.rows);
    case ErrorShare:
      return row.errorShare.value_or(-1);
    case ActAbsMax:
      return row.actAbsmax ? static_cast<double>(*row.actAbsmax) : -1;
    case ActMedian:
      return row.actMedian ? static_cast<double>(*row.actMedian) : -1;
    case ActRms:
      return row.actRms.value_or(-1);
  }
  return -1;
}

QString ChannelTableModel::text(const ChannelRow& row, Column column) const {
  switch (column) {
    case Channel:
      return countText(row.channel);
    case AbsMax:
      return valueText(static_cast<double>(row.absmax));
    case Ratio:
      return ratioText(row.ratio);
    case Gain:
      return row.gain ? valueText(static_cast<double>(*row.gain)) : QString(kDash);
    case Rows:
      return countText(row.rows);
    case ErrorShare:
      return row.errorShare ? percentText(*row.errorShare) : QString(kDash);
    case ActAbsMax:
    case ActMedian:
    case ActRms:
      return value(row, column) >= 0 ? valueText(value(row, column)) : QString(kDash);
  }
  return {};
}

QVariant ChannelTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !m_data || index.row() >= rowCount() || index.column() >= columnCount()) return {};
  const ChannelRow& row = m_data->rows[static_cast<std::size_t>(index.row())];
  const Column column = columnAt(index.column());
  if (role == Qt::DisplayRole) return text(row, column);
  if (role == kValueRole) return value(row, column);
  if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  return {};
}

QVariant ChannelTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
  const bool isTip = role == Qt::ToolTipRole;
  switch (columnAt(section)) {
    case Channel:
      return isTip ? tr("Number of the channel, from 0") : tr("Channel");
    case AbsMax:
      return isTip ? tr("Largest |w| of the channel, in weight units") : tr("|W| max");
    case Ratio:
      return isTip ? tr("Largest |w| over the median of all channels") : tr("× median");
    case Gain:
      return isTip ? tr("Weight of the norm in front: it scales this channel's activations") : tr("g");
    case Rows:
      return isTip ? tr("Output channels whose largest |w|, and so whose scale, lies in this channel")
                   : tr("Rows");
    case ErrorShare:
      return isTip ? tr("Share of the squared weight error under the shown choice") : tr("Error share");
    case ActAbsMax:
      return isTip ? tr("Largest |x| that arrives in the channel, over all tokens") : tr("|X| max");
    case ActMedian:
      return isTip ? tr("Median |x| on the token sample") : tr("|X| med.");
    case ActRms:
      return isTip ? tr("Root of the mean of x², over all tokens") : tr("|X| rms");
  }
  return {};
}

}  // namespace ql
