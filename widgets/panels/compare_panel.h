#pragma once
// The Compare page: two choices of a linear side by side, how the metrics rank the layers, several models.
#include "widgets/bridge/session.h"
#include "widgets/panels/compare_choices.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QStackedWidget;
class QTabBar;
class QToolButton;

namespace ql {

class CompareChoiceEdit;
class CompareLinearPage;
class CompareMetricsPage;
class CompareModelsPage;
class SegmentedControl;

class ComparePanel : public QWidget {
  Q_OBJECT
 public:
  enum class Tab { Linear, Metrics, Models };
  explicit ComparePanel(Session* session, QWidget* parent = nullptr);

  CompareChoices* choices() const { return m_choices; }
  CompareChoiceEdit* edit(CompareSide side) const { return side == CompareSide::A ? m_a : m_b; }
  CompareLinearPage* linearPage() const { return m_linear; }
  CompareMetricsPage* metricsPage() const { return m_metrics; }
  CompareModelsPage* modelsPage() const { return m_models; }
  SegmentedControl* modeControl() const { return m_mode; }
  QToolButton* flickerButton() const { return m_flicker; }
  void showTab(Tab tab);
  Tab tab() const;
  /// 0 side by side, 1 flicker, 2 difference.
  void setMode(int mode);

 public slots:
  /// The choice that the window shows for the current linear becomes A or B.
  void pin(ql::CompareSide side);
  void swap();
  /// Shows the other one of A and B; switches to the flicker mode first.
  void flicker();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  void setupChoices();
  void setupTabs();
  void setupKeys();
  void showModeControls();
  void showSide(CompareSide side);

  Session* m_session;
  CompareChoices* m_choices;
  CompareChoiceEdit *m_a, *m_b;
  QWidget *m_choiceBar, *m_tabBar;
  QTabBar* m_tabs;
  QStackedWidget* m_stack;
  SegmentedControl* m_mode;
  QToolButton *m_flicker, *m_auto;
  CompareLinearPage* m_linear;
  CompareMetricsPage* m_metrics;
  CompareModelsPage* m_models;
  QTimer m_alternate;          // one picture a second: nothing flashes
  QElapsedTimer m_spaceSince;  // Space held = look, tapped = change
};

}  // namespace ql
