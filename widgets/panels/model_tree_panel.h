#pragma once
// The model tree: blocks and linears with shape, scheme, error badge and lock; filter box; its selection is
// the shared one.
#include "core/model/model.h"

#include <QWidget>

#include <vector>

class QLineEdit;
class QModelIndex;
class QSortFilterProxyModel;
class QTreeView;

namespace ql {

class LinearTreeModel;
class Session;

class ModelTreePanel : public QWidget {
  Q_OBJECT
 public:
  explicit ModelTreePanel(Session* session, QWidget* parent = nullptr);

  QTreeView* tree() const { return m_tree; }
  QLineEdit* filterBox() const { return m_filter; }

 public slots:
  void focusFilter();
  void expandAll();
  void collapseAll();

 private:
  void setupFilter();
  void setupTree();
  void fitColumns();
  void applyFilter(const QString& text);
  void expandInteresting();
  void takeSelection();  // from the tree to the session
  void showSelection();  // from the session to the tree
  void showMenu(const QPoint& at);
  std::vector<LinearId> selectedLinears() const;
  Session* m_session;
  LinearTreeModel* m_model;
  QSortFilterProxyModel* m_proxy;
  QLineEdit* m_filter;
  QTreeView* m_tree;
  bool m_isSyncing = false;
};

}  // namespace ql
