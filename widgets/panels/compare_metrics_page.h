#pragma once
// The second tab of the Compare page: how every metric ranks the linears, and how far the metrics agree.
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_choices.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QSortFilterProxyModel;
class QTableView;

namespace ql {

class Canvas;
class CompareRankTable;
class CompareTauView;
class ElidedLabel;
class SegmentedControl;

class CompareMetricsPage : public QWidget {
  Q_OBJECT
 public:
  CompareMetricsPage(Session* session, CompareChoices* choices, QWidget* parent = nullptr);
  CompareRankTable* ranks() const { return m_ranks; }
  CompareTauView* tau() const { return m_tau; }
  QTableView* table() const { return m_table; }

 protected:
  void showEvent(QShowEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void setupTable();
  void setupLayout();
  void refresh();
  void fitColumns();
  CompareSide side() const;

  Session* m_session;
  CompareChoices* m_choices;
  CompareRankTable* m_ranks;
  QSortFilterProxyModel* m_sorted;
  CompareTauView* m_tau;
  Canvas* m_canvas;
  QTableView* m_table;
  SegmentedControl* m_side;
  ElidedLabel* m_note;
  QTimer m_soon;  // many layers measured = one refresh
};

}  // namespace ql
