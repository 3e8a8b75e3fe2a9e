#pragma once
// The saved selections of the open model: apply, rename, delete.
#include "widgets/bridge/saved_selections.h"

#include <QDialog>

class QListWidget;
class QPushButton;

namespace ql {

class Session;

class SavedSelectionsDialog : public QDialog {
  Q_OBJECT
 public:
  explicit SavedSelectionsDialog(Session* session, QWidget* parent = nullptr);
  QListWidget* list() const { return m_list; }

 public slots:
  void apply();
  void remove();

 private:
  void fill();
  void renameTo(int row, const QString& name);
  const SavedSelection* current() const;
  Session* m_session;
  std::vector<SavedSelection> m_selections;
  QListWidget* m_list;
  QPushButton *m_apply, *m_rename, *m_delete;
  bool m_isSyncing = false;
};

}  // namespace ql
