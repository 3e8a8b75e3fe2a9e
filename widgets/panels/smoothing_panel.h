#pragma once
// The Smoothing page: error over alpha of one smoothing group (or over other choices), its channels before
// and after, and the fold. What is measured and applied belongs to SmoothingControl; this page shows it.
#include "widgets/bridge/session.h"

#include <QWidget>

class QComboBox;
class QPushButton;
class QStackedWidget;

namespace ql {

class AlphaView;
class Canvas;
class ChoiceErrorView;
class ElidedLabel;
class EvidenceDot;
class FoldView;
class SegmentedControl;
class SmoothedChannelsView;

class SmoothingPanel : public QWidget {
  Q_OBJECT
 public:
  explicit SmoothingPanel(Session* session, QWidget* parent = nullptr);

  AlphaView* alpha() const { return m_alpha; }
  ChoiceErrorView* choices() const { return m_choices; }
  SmoothedChannelsView* channels() const { return m_channels; }
  FoldView* fold() const { return m_fold; }
  Canvas* alphaCanvas() const { return m_alphaCanvas; }
  Canvas* choiceCanvas() const { return m_choiceCanvas; }
  Canvas* channelCanvas() const { return m_channelCanvas; }
  Canvas* foldCanvas() const { return m_foldCanvas; }
  QComboBox* groupBox() const { return m_groups; }
  SegmentedControl* axis() const { return m_axis; }
  /// False while something shown is still being measured.
  bool isSettled() const;

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  QWidget* setupToolbar();
  QWidget* setupErrors();
  QWidget* setupChannels();
  void setupFold();
  void setupHint();
  void connectSession();
  void fillGroups();
  void showGroup();
  void showCurves();
  void showChannels();
  void showFold();
  void showTokens();
  void showProvenance();
  void showSubject();
  void showProblem();
  void placeHint();
  void fitFold();
  void pickGroup(int index);
  void pickAxis(int index);
  std::vector<LinearId> readers() const;  // of the group, those that can be quantized
  QString schemeText() const;             // of the readers, as they are measured

  Session* m_session;
  AlphaView* m_alpha;
  ChoiceErrorView* m_choices;
  SmoothedChannelsView* m_channels;
  FoldView* m_fold;
  Canvas* m_alphaCanvas = nullptr;
  Canvas* m_choiceCanvas = nullptr;
  Canvas* m_channelCanvas = nullptr;
  Canvas* m_foldCanvas = nullptr;
  QComboBox* m_groups = nullptr;
  SegmentedControl* m_axis = nullptr;
  QStackedWidget* m_plots = nullptr;
  QPushButton* m_pin = nullptr;
  ElidedLabel* m_tokens = nullptr;
  ElidedLabel* m_provenance = nullptr;
  EvidenceDot* m_dot = nullptr;
  QWidget* m_hint = nullptr;  // over the plot: how to get activations
};

}  // namespace ql
