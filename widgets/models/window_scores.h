#pragma once
// Perplexity window by window, before (the model as it is) and after (under the plan): the rows of a table
// and the running figures. Filled as windows come.
#include "core/calib/calibration.h"

#include <QAbstractTableModel>

#include <optional>
#include <vector>

namespace ql {

struct WindowPair {
  WindowScore after;
  std::optional<WindowScore> before;
};

/// Figures over all windows so far.
struct ScoreTotals {
  std::int64_t targets = 0;
  double perplexityBefore = 0, perplexityAfter = 0;  // exp(mean nll); before 0 = no reference
  double meanKl = 0, topAgreement = 0;               // against the reference
  bool hasReference = false;
};

class WindowScoresModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { Window, Targets, NllBefore, NllAfter, Change, Kl, Agreement, ColumnCount };
  static constexpr int kValueRole = Qt::UserRole + 1;  // double

  using QAbstractTableModel::QAbstractTableModel;
  void clear();
  void append(const std::vector<WindowPair>& windows);
  const std::vector<WindowPair>& windows() const { return m_windows; }
  ScoreTotals totals() const;
  /// Tab-separated, full precision, with headers.
  QString asText() const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  std::optional<double> value(std::size_t window, int column) const;
  std::vector<WindowPair> m_windows;
};

}  // namespace ql
