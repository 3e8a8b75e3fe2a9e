#pragma once
// F1: three guides and the list of all keys, made from the actions themselves.
#include <QDialog>
#include <QList>

class QAction;
class QListWidget;
class QTextBrowser;

namespace ql {

class HelpDialog : public QDialog {
  Q_OBJECT
 public:
  HelpDialog(const QList<QAction*>& actions, QWidget* parent);
  /// "find", "remote", "export", "numbers", "shortcuts"; empty = as it was.
  void showPage(const QString& key);

 private:
  QString shortcutPage() const;
  QList<QAction*> m_actions;
  QListWidget* m_list;
  QTextBrowser* m_text;
};

/// Key and title of every guide, for the start page.
QList<QPair<QString, QString>> guides();

}  // namespace ql
