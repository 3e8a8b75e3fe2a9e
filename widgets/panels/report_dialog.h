#pragma once
// Report: one HTML file of the model and its plan; the file, what goes in, progress, and the browser.
#include <QDialog>
#include <QTimer>

class QCheckBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace ql {

class Session;

class ReportDialog : public QDialog {
  Q_OBJECT
 public:
  explicit ReportDialog(Session* session, QWidget* parent = nullptr);
  ~ReportDialog() override;

  QLineEdit* pathBox() const { return m_path; }
  QCheckBox* planBox() const { return m_plan; }
  QSpinBox* worstBox() const { return m_worst; }
  QPushButton* writeButton() const { return m_write; }
  QPushButton* openButton() const { return m_open; }
  QString status() const;

 public slots:
  /// Starts the job; asks before a file is replaced unless `isForced`.
  void write(bool isForced = false);
  void openInBrowser() const;

 private:
  void setupForm();
  void setupButtons();
  void refresh();
  void poll();
  void noticeEnd();
  bool isRunning() const { return m_job != 0; }

  Session* m_session;
  QLineEdit* m_path = nullptr;
  QCheckBox* m_plan = nullptr;
  QSpinBox* m_worst = nullptr;
  QLabel* m_status = nullptr;
  QProgressBar* m_progress = nullptr;
  QPushButton* m_browse = nullptr;
  QPushButton* m_write = nullptr;
  QPushButton* m_open = nullptr;
  QPushButton* m_close = nullptr;
  QTimer m_poll;
  quint64 m_job = 0;
  QString m_written;  // the finished file
};

}  // namespace ql
