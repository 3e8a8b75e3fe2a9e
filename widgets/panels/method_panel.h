#pragma once
// The Methods page: what a quantization method does inside the current linear, one view a method. The page
// holds the tabs and the target; every view measures and draws by itself (method_view.h).
#include "widgets/panels/method_view.h"

#include <QTimer>

#include <vector>

class QLabel;
class QStackedWidget;
class QTabBar;

namespace ql {

class ElidedLabel;

class MethodPanel : public QWidget {
  Q_OBJECT
 public:
  explicit MethodPanel(Session* session, QWidget* parent = nullptr);

  /// Names of the views in the order of their tabs.
  static std::vector<std::string> viewNames();
  /// Brings a view to the front; false for an unknown name.
  bool showView(const std::string& name);
  MethodView* currentView() const;
  /// The sentence shown instead of a view; empty = a view is shown.
  QString message() const;

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  QWidget* makeHead();
  void pickView(int index);
  void refresh();
  void showTarget(const MethodTarget& target);

  Session* m_session;
  QTabBar* m_tabs = nullptr;
  ElidedLabel* m_name = nullptr;
  QStackedWidget* m_stack = nullptr;
  QLabel* m_message = nullptr;
  std::vector<MethodView*> m_views;  // by tab; null until shown
  MethodView* m_entered = nullptr;   // told of its target and not told to leave
  QTimer m_refresh;                  // folds bursts of signals into one
};

}  // namespace ql
