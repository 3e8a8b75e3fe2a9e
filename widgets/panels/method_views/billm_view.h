#pragma once
// BiLLM inside one linear: its three parts over the matrix, the columns that became salient, what further
// binarizations would leave, and what all of it takes in bits.
#include "widgets/panels/method_view.h"
#include "widgets/panels/method_views/billm_state.h"

#include <memory>
#include <string>

class QLabel;
class QStackedLayout;

namespace ql {

class BillmFigures;
class BillmMaskView;
class BillmOrderPlot;
class BillmRankPlot;
class Canvas;
class ElidedLabel;
class EvidenceDot;
class SegmentedControl;

class BillmView : public MethodView {
  Q_OBJECT
 public:
  BillmView(Session* session, QWidget* parent);

  void setTarget(const MethodTarget& target) override;
  void leave() override;

  const BillmState* state() const { return m_state.get(); }
  BillmFigures* figures() const { return m_figures; }
  BillmMaskView* mask() const { return m_mask; }
  /// The sentence shown instead of the view; empty = the view is shown.
  QString message() const;

 private:
  QWidget* makeBar();
  QWidget* makeNote();
  QWidget* makeMapSide();
  QWidget* makePlotSide();
  QString missingInput(LinearId id) const;
  void showMessage(const QString& sentence, bool canCalibrate);
  void compute(const MethodTarget& target, const WeightScheme& scheme);
  void take(std::shared_ptr<const BillmState> state, const QString& hint);
  void refreshNotes();
  std::string keyOf(LinearId id, const WeightScheme& scheme) const;

  Session* m_session;
  std::shared_ptr<const BillmState> m_state;
  std::string m_asked;  // key of what runs or is shown
  BillmMaskView* m_mask;
  BillmRankPlot* m_rank;
  BillmOrderPlot* m_orders;
  Canvas *m_maskCanvas, *m_rankCanvas, *m_ordersCanvas;
  BillmFigures* m_figures = nullptr;
  ElidedLabel *m_scheme = nullptr, *m_maskDim = nullptr, *m_rankDim = nullptr, *m_ordersDim = nullptr;
  EvidenceDot* m_dot = nullptr;
  QWidget *m_note = nullptr, *m_buttons = nullptr;
  QLabel *m_noteText = nullptr, *m_message = nullptr;
  QStackedLayout* m_pages;
};

}  // namespace ql
