#pragma once
// All smoothing groups with both methods' optima: the rows of SmoothingControl as a table. Row = index of
// rows().
#include "widgets/bridge/smoothing_control.h"

#include <QAbstractTableModel>

#include <vector>

namespace ql {

class Session;

/// The shape of a curve for a small drawing: wa at evenly spaced alphas, empty while unmeasured.
struct CurveShape {
  std::vector<double> smoothQuant, bismooth;
};

class SmoothingTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column {
    GroupColumn,
    ProducerColumn,
    ReadersColumn,
    NoneColumn,
    QuantAlphaColumn,
    QuantColumn,
    BismoothAlphaColumn,
    BismoothColumn,
    CurveColumn,
    VerdictColumn,
    ColumnCount
  };
  enum Role { SortRole = Qt::UserRole, GroupRole, AboveRole, GoodRole, PlannedRole, BestRole, NormRole };

  explicit SmoothingTableModel(Session* session, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  CurveShape shape(int row) const;
  /// Header and rows with their numbers in full, tab-separated.
  QString asText(const std::vector<int>& rows) const;

 public slots:
  void refresh();

 private:
  const SmoothingRow& row(int index) const;
  QString display(const SmoothingRow& row, int column) const;
  QVariant number(const SmoothingRow& row, int column) const;
  QString verdict(const SmoothingRow& row) const;
  QString toolTip(const SmoothingRow& row, int column) const;

  Session* m_session;
  SmoothingControl* m_control;
  int m_count = 0;
};

}  // namespace ql
