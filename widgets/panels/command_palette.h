#pragma once
// The search box in the menu bar: type a few letters of any action, Enter runs it (Ctrl+Shift+P).
#include <QLineEdit>
#include <QPointer>

class QAction;
class QListWidget;
class QMenu;
class QMenuBar;

namespace ql {

class CommandPalette : public QLineEdit {
  Q_OBJECT
 public:
  explicit CommandPalette(QWidget* parent = nullptr);
  /// Every action of these menus and their submenus, panels and kept selections included; looked through each
  /// time the box is opened, so that what is there is what the menus hold now.
  void setMenus(QMenuBar* menus) { m_menus = menus; }
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
  void collect();
  void collectFrom(QMenu* menu);
  QMenuBar* m_menus = nullptr;
  QList<QPointer<QAction>> m_actions;
  QListWidget* m_results;
};

/// How well a text fits a search: every word must occur; -1 = no match, smaller is better.
int searchRank(const QString& text, const QString& search);

}  // namespace ql
