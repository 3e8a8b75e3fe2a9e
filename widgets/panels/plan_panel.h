#pragma once
// The Plan tab: every linear, sortable, filterable, editable in place, with the totals always in sight.
#include "core/model/model.h"

#include <QTimer>
#include <QWidget>

#include <vector>

class QLabel;
class QLineEdit;
class QSortFilterProxyModel;
class QTableView;

namespace ql {

class PlanTableModel;
class Session;

class PlanPanel : public QWidget {
  Q_OBJECT
 public:
  explicit PlanPanel(Session* session, QWidget* parent = nullptr);
  QTableView* table() const { return m_table; }
  QLineEdit* filterBox() const { return m_filter; }
  PlanTableModel* model() const { return m_model; }

 public slots:
  void focusFilter();
  void editCurrent();                       // F2
  void copyRows();                          // the selected ones (all without a selection), tab-separated
  void saveCsv(const QString& path) const;  // in the order shown; throws ql::Error

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void setupTable();
  void setupTotals();
  void fitColumns();
  void takeSelection();
  void showSelection();
  void updateTotals();
  void showMenu(const QPoint& at);
  std::vector<LinearId> shownRows() const;
  Session* m_session;
  PlanTableModel* m_model;
  QSortFilterProxyModel* m_proxy;
  QTableView* m_table;
  QLineEdit* m_filter;
  QLabel *m_counts, *m_totals;
  QTimer m_resort;
  bool m_isSyncing = false;
};

}  // namespace ql
