#pragma once
// Every linear with its choice, figures and cost: the plan table. Row = LinearId. Figures are looked up when
// a row is shown or sorted and kept until something changes, so that 100,000 rows stay quick.
#include "widgets/bridge/session.h"

#include <QAbstractTableModel>

#include <vector>

namespace ql {

class PlanTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column {
    NameColumn,
    ShapeColumn,
    WeightColumn,
    ActivationColumn,
    ValueColumn,
    WhatIfColumn,
    BitsColumn,
    SizeColumn,
    FindingColumn,
    ColumnCount
  };
  enum Role { SortRole = Qt::UserRole, LinearRole, ChangedRole, LockedRole, FlaggedRole, ValueRole };

  explicit PlanTableModel(Session* session, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  /// Header and rows, tab-separated (or comma-separated and quoted): numbers in full precision, fractions not
  /// percent.
  QString asText(const std::vector<LinearId>& rows, QChar separator) const;

 public slots:
  void reset();
  void refresh();

 private:
  struct Row {
    quint64 version = 0;
    std::optional<double> value, whatIf;
    double bits = 0, bytes = 0;
  };
  const Row& row(LinearId id) const;
  QVariant display(LinearId id, int column) const;
  QString smoothingText(LinearId id) const;
  QVariant sortValue(LinearId id, int column) const;
  QString plainValue(LinearId id, int column) const;
  Session* m_session;
  quint64 m_version = 1;
  mutable std::vector<Row> m_rows;
};

}  // namespace ql
