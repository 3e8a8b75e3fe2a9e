#pragma once
// LLM.int8(): which channels of every input stay in 16 bits at a threshold, whether blocks share them, and
// the output error with and without.
#include "core/workspace_outlier_dims.h"
#include "widgets/panels/method_view.h"

#include <QTimer>

#include <memory>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QStackedLayout;
class QTableWidget;

namespace ql {

class ElidedLabel;
class OutlierShareView;
class OverlapMatrixView;

class OutlierDimsView : public MethodView {
  Q_OBJECT
 public:
  OutlierDimsView(Session* session, QWidget* parent);
  void setTarget(const MethodTarget& target) override;
  void leave() override;

  const OutlierDims* dims() const { return m_dims.get(); }
  QTableWidget* table() const { return m_table; }
  QDoubleSpinBox* threshold() const { return m_threshold; }
  bool hasErrors() const { return m_hasErrors; }
  /// The sentence shown instead of the view; empty = the view is shown.
  QString message() const;

 private:
  QWidget* makeBar();
  void measure(bool withErrors);
  void take(std::shared_ptr<const OutlierDims> dims, bool hasErrors);
  void showTable();
  void showCurrent();
  void showOverlap();
  void pickSite(std::size_t site);
  void tryIt();
  std::string keyNow() const;

  Session* m_session;
  MethodTarget m_target;
  std::shared_ptr<const OutlierDims> m_dims;
  std::string m_asked;  // key of what runs or is shown
  bool m_hasErrors = false, m_isMeasuring = false;
  QTimer m_later;  // the threshold is typed or wheeled
  OutlierShareView* m_shares;
  OverlapMatrixView* m_overlap;
  QTableWidget* m_table;
  QDoubleSpinBox* m_threshold = nullptr;
  QComboBox* m_role = nullptr;
  QPushButton *m_measure = nullptr, *m_try = nullptr;
  ElidedLabel* m_summary = nullptr;
  ElidedLabel *m_tableNote = nullptr, *m_shareNote = nullptr, *m_overlapNote = nullptr;
  QStackedLayout* m_pages = nullptr;
  QLabel* m_message = nullptr;
  QWidget* m_buttons = nullptr;
};

}  // namespace ql
