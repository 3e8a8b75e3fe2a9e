#pragma once
// The Salience page: Hessian salience of the current linear. The map of single weights, the ranking of the
// columns, what the damping decides, the input channels against the threshold of LLM.int8(), and the figures.
#include "widgets/bridge/session.h"
#include "widgets/panels/matrix_content.h"

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QHBoxLayout;
class QLabel;
class QPushButton;
class QStackedLayout;

namespace ql {

class Canvas;
class ElidedLabel;
class EvidenceDot;
class MatrixLoader;
class MatrixView;
class SalienceFigures;
class SalienceLab;
class SalienceOutlierView;
class SalienceRankView;
class SalienceSweepView;
class SegmentedControl;

class SaliencePanel : public QWidget {
  Q_OBJECT
 public:
  explicit SaliencePanel(Session* session, QWidget* parent = nullptr);
  ~SaliencePanel() override;

  SalienceLab* lab() const { return m_lab; }
  MatrixView* map() const { return m_map; }
  Canvas* mapCanvas() const { return m_mapCanvas; }
  SalienceRankView* rankView() const { return m_rank; }
  SalienceSweepView* sweepView() const { return m_sweep; }
  SalienceOutlierView* outlierView() const { return m_outliers; }
  SalienceFigures* figures() const { return m_figures; }
  SegmentedControl* modeControl() const { return m_mode; }
  QPushButton* exactButton() const { return m_exact; }
  /// The sentence shown instead of the page; empty = the page is shown.
  QString message() const;

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  QWidget* makeToolbar();
  void addControls(QHBoxLayout* row, QWidget* bar);
  QWidget* makeNote();
  QWidget* makeBody();
  QWidget* makeMapSide();
  QWidget* makePlotSide();
  void connectLab();
  void connectSelection();
  void refresh();  // state and settings
  void refreshTitles();
  void refreshEvidence();
  void refreshMap();
  void refreshPlots();
  void recalibrate();

  Session* m_session;
  SalienceLab* m_lab;
  MatrixView* m_map;
  SalienceRankView* m_rank;
  SalienceSweepView* m_sweep;
  SalienceOutlierView* m_outliers;
  Canvas *m_mapCanvas, *m_rankCanvas, *m_sweepCanvas, *m_outlierCanvas;
  MatrixLoader* m_loader;
  SalienceFigures* m_figures = nullptr;
  ElidedLabel *m_name = nullptr, *m_evidence = nullptr;
  SegmentedControl* m_mode = nullptr;
  QDoubleSpinBox* m_damping = nullptr;
  QComboBox* m_mask = nullptr;
  EvidenceDot* m_dot = nullptr;
  QWidget* m_note = nullptr;  // H is made of less than all tokens
  QLabel* m_noteText = nullptr;
  QPushButton* m_exact = nullptr;
  QStackedLayout* m_pages = nullptr;
  QLabel* m_message = nullptr;
  QWidget* m_messageButtons = nullptr;
  ElidedLabel *m_mapDim = nullptr, *m_rankDim = nullptr, *m_sweepDim = nullptr, *m_outlierDim = nullptr;
};

}  // namespace ql
