#pragma once
// What the overview shows: which linears share a cell of the block x role grid, and their values under the
// shown metric. A snapshot taken from the session on the GUI thread; no painting.
#include "core/model/model.h"
#include "widgets/bridge/session.h"

#include <optional>
#include <vector>

namespace ql {

/// One linear as the overview draws it.
struct OverviewItem {
  LinearId id = 0;
  int row = -1, block = -1;
  std::optional<double> value;   // under the shown choice
  std::optional<double> before;  // under the plan's choice, when a what-if or "change" differs from it
  bool isFlagged = false, isLocked = false, isChanged = false, isSmoothed = false;
};

/// The grid: one row a role, one column a block; a cell of a mixture of experts holds one linear an expert.
class OverviewData {
 public:
  /// Cells and roles of a model; values are empty until refresh().
  void setModel(const Model* model);
  /// Takes values, flags and locks from the session; asks it to measure what is missing.
  void refresh(Session& session, const Choice& oneScheme);

  int rows() const { return static_cast<int>(m_roles.size()); }
  int blocks() const { return m_blocks; }
  TensorRole role(int row) const { return m_roles[static_cast<std::size_t>(row)]; }
  const std::vector<OverviewItem>& items() const { return m_items; }  // network order
  /// Indices into items() of one cell, experts in order.
  const std::vector<std::size_t>& cell(int row, int block) const;
  /// The item that stands for a cell: the one with the worst value, else the first; null when the cell is
  /// empty.
  const OverviewItem* worst(int row, int block) const;
  const OverviewItem* find(LinearId id) const;
  /// Smallest and largest finite value (values of `before` included), nothing while nothing is measured.
  std::optional<std::pair<double, double>> range() const;
  /// All measured values, ascending: for the quantile scale and the histogram.
  const std::vector<double>& sortedValues() const { return m_sorted; }

 private:
  void readItem(Session& session, OverviewItem& item, const Choice& oneScheme) const;
  std::vector<TensorRole> m_roles;
  int m_blocks = 0;
  std::vector<OverviewItem> m_items;
  std::vector<std::vector<std::size_t>> m_cells;
  std::vector<std::size_t> m_byId;  // LinearId -> index + 1
  std::vector<double> m_sorted;
};

}  // namespace ql
