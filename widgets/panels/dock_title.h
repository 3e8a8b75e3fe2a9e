#pragma once
// The 28 px title of a dock: name, what it shows in secondary text, float and close buttons.
#include <QWidget>

class QDockWidget;
class QLabel;

namespace ql {

class ElidedLabel;

class DockTitle : public QWidget {
  Q_OBJECT
 public:
  explicit DockTitle(QDockWidget* dock);
  void setDetail(const QString& text);
  /// Takes no room: for a dock whose tab is title enough.
  void setCollapsed(bool isCollapsed);
  /// QDockWidget asks for the hint, not for the fixed height.
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {0, sizeHint().height()}; }

 protected:
  void mouseDoubleClickEvent(QMouseEvent* event) override;

 private:
  QDockWidget* m_dock;
  ElidedLabel* m_detail;
};

}  // namespace ql
