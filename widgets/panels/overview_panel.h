#pragma once
// The overview with its bar of controls: what is shown (plan, one scheme for all, change), the scale, and
// what the figures rest on.
#include <QWidget>

namespace ql {

class Canvas;
class ElidedLabel;
class OverviewView;
class SegmentedControl;
class Session;

class OverviewPanel : public QWidget {
  Q_OBJECT
 public:
  explicit OverviewPanel(Session* session, QWidget* parent = nullptr);

  OverviewView* view() const { return m_view; }
  Canvas* canvas() const { return m_canvas; }

 private:
  void setupControls();
  void showSettings();  // from the session
  void showProvenance();
  QString dataProvenance() const;  // of figures that rest on activations

  Session* m_session;
  OverviewView* m_view;
  Canvas* m_canvas;
  SegmentedControl* m_show;
  SegmentedControl* m_scale;
  ElidedLabel* m_provenance;
};

}  // namespace ql
