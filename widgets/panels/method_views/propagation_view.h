#pragma once
// How the errors of the plan grow through the network: what each block does alone, what all blocks before it
// did, and the same of the linears of one block. Measured on text that the user picks.
#include "core/workspace_propagation.h"
#include "widgets/panels/method_view.h"

#include <QTimer>

#include <memory>

class QLabel;
class QPushButton;
class QTableWidget;

namespace ql {

class PlainPlot;

class PropagationView : public MethodView {
  Q_OBJECT
 public:
  PropagationView(Session* session, QWidget* parent);
  ~PropagationView() override;
  void setTarget(const MethodTarget& target) override;
  PlainPlot* plot() const { return m_plot; }
  QTableWidget* table() const { return m_table; }
  QPushButton* startButton() const { return m_start; }
  bool isMeasuring() const { return m_isMeasuring; }
  /// Measures the plan as it is now.
  void measure(const PropagateOptions& options);

 private:
  struct Feed;
  void setup();
  QWidget* makeTable();
  void ask();
  void poll();
  void showBlocks();
  void showLinears(int block);
  void showResult();
  void noticeEnd();
  void pickLinear(int row);

  Session* m_session;
  PlainPlot* m_plot;
  QTableWidget* m_table;
  QLabel *m_state, *m_blockTitle;
  QPushButton* m_start;
  QTimer m_poll;
  std::shared_ptr<Feed> m_feed;  // filled by the worker
  std::vector<BlockPropagation> m_blocks;
  std::shared_ptr<const Propagation> m_result;
  std::vector<LinearId> m_rows;  // of the table
  std::weak_ptr<Workspace> m_measured;
  QByteArray m_plan;  // that was measured
  bool m_isMeasuring = false;
};

}  // namespace ql
