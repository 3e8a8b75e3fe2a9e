#pragma once
// Blocks and their linears for the model tree: name, shape, chosen scheme, value of the shown metric,
// findings, locks. Raw values by role; the delegate formats.
#include "widgets/bridge/session.h"

#include <QAbstractItemModel>

#include <vector>

namespace ql {

class LinearTreeModel : public QAbstractItemModel {
  Q_OBJECT
 public:
  enum Column { NameColumn, WeightColumn, ValueColumn, ColumnCount };
  enum Role {
    LinearRole = Qt::UserRole,  // qulonglong; invalid for a block
    ValueRole,                  // double, invalid while unknown; of a block the largest inside
    ShapeRole,                  // "256 x 256"
    LockedRole,                 // bool
    ChangedRole,                // bool: the choice differs from the plan's default
    FlaggedRole,                // bool
    FilterRole                  // the whole module path
  };

  explicit LinearTreeModel(Session* session, QObject* parent = nullptr);

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& index) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  QModelIndex indexOf(LinearId id) const;
  std::optional<LinearId> linearAt(const QModelIndex& index) const;
  bool isBlock(const QModelIndex& index) const;
  /// The linears at an index: one, or all of a block.
  std::vector<LinearId> linearsAt(const QModelIndex& index) const;

 public slots:
  void reset();
  void refresh();  // values, choices and locks changed; the rows did not

 private:
  /// A top-level row: a block with its linears, or a linear outside of any block.
  struct Node {
    std::optional<int> block;
    std::vector<LinearId> linears;
  };
  const Node& nodeOf(const QModelIndex& index) const;
  QVariant linearData(LinearId id, int column, int role) const;
  QVariant nodeData(const Node& node, int column, int role) const;
  QVariant linearToolTip(LinearId id) const;
  bool isSmoothed(LinearId id) const;
  Session* m_session;
  std::vector<Node> m_nodes;
  std::vector<std::pair<int, int>> m_places;  // by LinearId: top row, row inside (-1 = the top row itself)
};

}  // namespace ql
