#pragma once
// The Jobs tab: every listed job with progress, time, state; pause and cancel of the selected one.
#include <QWidget>

class QTableView;
class QPushButton;

namespace ql {

class JobsModel;
class Session;

class JobsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit JobsPanel(Session* session, QWidget* parent = nullptr);
  QTableView* table() const { return m_table; }

 private:
  void setupTable();
  void setupButtons();
  void updateButtons();
  quint64 selectedJob() const;
  Session* m_session;
  JobsModel* m_model;
  QTableView* m_table;
  QPushButton *m_pause, *m_cancel, *m_copy;
};

}  // namespace ql
