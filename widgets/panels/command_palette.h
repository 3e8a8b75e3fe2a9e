#pragma once
// The search box in the menu bar: type a few letters of any action, Enter runs it (Ctrl+Shift+P).
#include <QLineEdit>

class QAction;
class QListWidget;

namespace ql {

class CommandPalette : public QLineEdit {
  Q_OBJECT
 public:
  explicit CommandPalette(QWidget* parent = nullptr);
  /// Actions with a text that may be run; asked for each time, so that texts and states are the current ones.
  void setActions(const QList<QAction*>& actions) { m_actions = actions; }
  QListWidget* results() const { return m_results; }

 public slots:
  void activate();

 protected:
  void keyPressEvent(QKeyEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void search(const QString& text);
  void runCurrent();
  QList<QAction*> m_actions;
  QListWidget* m_results;
};

/// How well a text fits a search: every word must occur; -1 = no match, smaller is better.
int searchRank(const QString& text, const QString& search);

}  // namespace ql
