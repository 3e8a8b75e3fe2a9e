#pragma once
// Verification of the plan: the model under it against the model as it is, on text. Stays open beside the
// window while the job runs and fills window by window.
#include "core/workspace.h"
#include "widgets/models/window_scores.h"

#include <QDialog>
#include <QTimer>

#include <memory>
#include <optional>

class QComboBox;
class QFormLayout;
class QLabel;
class QProgressBar;
class QPushButton;
class QTableView;

namespace ql {

class Session;
class TextChooser;
class WindowChart;

class VerifyDialog : public QDialog {
  Q_OBJECT
 public:
  explicit VerifyDialog(Session* session, QWidget* parent = nullptr);
  ~VerifyDialog() override;

  TextChooser* text() const { return m_text; }
  QComboBox* protocolBox() const { return m_protocol; }
  QPushButton* startButton() const { return m_start; }
  QPushButton* copyButton() const { return m_copy; }
  const WindowScoresModel* scores() const { return m_scores; }
  const std::optional<Verification>& result() const { return m_result; }
  bool isRunning() const { return m_job != 0; }
  QString summary() const;

 private:
  struct Feed;  // windows from the worker
  void setupForm();
  void setupResults();
  void setupButtons();
  void start();
  void poll();
  void noticeEnd();
  void showFigures();
  void refresh();
  Session* m_session;
  TextChooser* m_text = nullptr;
  WindowScoresModel* m_scores;
  WindowChart* m_chart;
  QComboBox* m_protocol;
  QLabel *m_perplexity, *m_error, *m_kl, *m_agreement, *m_basis, *m_state;
  QProgressBar* m_bar;
  QTableView* m_table;
  QPushButton *m_start, *m_stop, *m_copy, *m_command;
  std::shared_ptr<Feed> m_feed;
  std::optional<Verification> m_result;
  QTimer m_poll;
  quint64 m_job = 0;
};

}  // namespace ql
