#pragma once
// How the metrics rank the linears of a model under one choice, and how far they agree. Pure: values in,
// ranks and Kendall's tau out.
#include "widgets/bridge/session.h"

#include <QAbstractTableModel>
#include <QString>

#include <cstdint>
#include <optional>
#include <vector>

namespace ql {

struct CompareRanks {
  std::vector<Metric> metrics;
  std::vector<LinearId> linears;                        // network order
  std::vector<QString> names;                           // of the linears
  std::vector<std::vector<double>> values;              // [metric][linear], NaN = unmeasured
  std::vector<std::vector<std::size_t>> ranks;          // 1 = worst, 0 = none
  std::vector<std::vector<std::optional<double>>> tau;  // [metric][metric]
  std::size_t missing = 0;                              // values that are still being measured

  /// Largest minus smallest rank of a linear: where the metrics disagree most.
  std::size_t spread(std::size_t linear) const;
};

/// Takes the values from the session, which measures what is missing. Larger means worse for every metric but
/// SQNR, which is turned round.
CompareRanks rankLinears(Session& session, const Choice& choice);
/// The part that is no lookup: ranks and tau of filled values.
void completeRanks(CompareRanks& ranks);

class CompareRankTable : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit CompareRankTable(QObject* parent = nullptr) : QAbstractTableModel(parent) {}
  static constexpr int kSortRole = Qt::UserRole, kLinearRole = Qt::UserRole + 1;
  void setRanks(CompareRanks ranks);
  const CompareRanks& ranks() const { return m_ranks; }

  /// Linear, one column a metric, spread.
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  QString tabSeparated() const;

 private:
  QString text(std::size_t linear, int column) const;
  CompareRanks m_ranks;
};

}  // namespace ql
