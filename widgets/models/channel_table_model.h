#pragma once
// The ranked channels as a table; raw numbers by role, texts for the eye.
#include "widgets/models/channel_data.h"

#include <QAbstractTableModel>

#include <memory>

namespace ql {

class ChannelTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Channel, AbsMax, Ratio, Gain, Rows, ErrorShare, ActAbsMax, ActMedian, ActRms };
  static constexpr int kValueRole = Qt::UserRole + 1;  // double; -1 where there is none

  using QAbstractTableModel::QAbstractTableModel;
  void setChannels(std::shared_ptr<const ChannelData> channels);
  const ChannelData* channels() const { return m_data.get(); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  Column columnAt(int section) const;
  double value(const ChannelRow& row, Column column) const;
  QString text(const ChannelRow& row, Column column) const;
  std::shared_ptr<const ChannelData> m_data;
};

}  // namespace ql
