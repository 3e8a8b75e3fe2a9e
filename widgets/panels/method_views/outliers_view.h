#pragma once
// Weights far from the mean, as EasyQuant keeps them apart: their share by module type and threshold, by
// block, and what the largest and the smallest weights of the current linear are worth.
#include "core/workspace_outliers.h"
#include "widgets/panels/method_view.h"

#include <memory>

class QLabel;
class QPushButton;
class QTableWidget;

namespace ql {

class Canvas;
class PlainPlot;

class OutliersView : public MethodView {
  Q_OBJECT
 public:
  OutliersView(Session* session, QWidget* parent);
  void setTarget(const MethodTarget& target) override;
  PlainPlot* thresholdPlot() const { return m_byThreshold; }
  PlainPlot* blockPlot() const { return m_byBlock; }
  QTableWidget* table() const { return m_table; }
  bool isMeasuring() const { return m_isMeasuring; }

 private:
  void measure();
  void show(const OutlierReport& report);
  void showTable(const OutlierReport& report);
  void showPlots(const OutlierReport& report);
  void showLinear();
  void tryEasyQuant();

  Session* m_session;
  PlainPlot *m_byThreshold, *m_byBlock;
  QTableWidget* m_table;
  QLabel *m_state, *m_linear;
  QPushButton *m_start, *m_try;
  MethodTarget m_target;
  std::shared_ptr<const OutlierReport> m_report;
  std::weak_ptr<Workspace> m_reported;  // whose report it is
  bool m_isMeasuring = false;
};

}  // namespace ql
