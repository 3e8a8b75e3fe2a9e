#pragma once
// The bottom table "Smoothing groups": every group with its errors, optima, curves and verdict.
#include <QWidget>

class QCheckBox;
class QLabel;
class QPushButton;
class QSortFilterProxyModel;
class QTableView;

namespace ql {

class Session;
class SmoothingControl;
class SmoothingTableModel;

class SmoothingGroupsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit SmoothingGroupsPanel(Session* session, QWidget* parent = nullptr);
  QTableView* table() const { return m_table; }
  int shownCount() const;
  void focusTable();

 signals:
  void countChanged();

 protected:
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void setupTable();
  void setupFooter();
  void fitColumns();
  void pick(const QModelIndex& at, bool opens);
  void showGroup();
  void updateFooter();
  void showMenu(const QPoint& at);
  void copyRows();

  Session* m_session;
  SmoothingControl* m_control;
  SmoothingTableModel* m_model;
  QSortFilterProxyModel* m_proxy;
  QTableView* m_table;
  QLabel *m_counts, *m_measured;
  QCheckBox* m_others;
  QPushButton* m_search;
  bool m_isSyncing = false;
};

}  // namespace ql
