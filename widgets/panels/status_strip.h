#pragma once
// The status bar: the running job with progress, time left, pause and cancel; what has been measured; the
// model's size.
#include <QTimer>
#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace ql {

class ElidedLabel;
class Session;

class StatusStrip : public QWidget {
  Q_OBJECT
 public:
  explicit StatusStrip(Session* session, QWidget* parent = nullptr);

 public slots:
  void refresh();

 signals:
  void jobsRequested();  // a click on the running job

 protected:
  void mouseReleaseEvent(QMouseEvent* event) override;

 private:
  void showJob();
  void showModel();
  Session* m_session;
  ElidedLabel* m_title;
  QProgressBar* m_bar;
  QLabel *m_left, *m_measured, *m_model;
  QToolButton *m_pause, *m_cancel;
  QTimer m_poll;
  quint64 m_job = 0;
};

}  // namespace ql
