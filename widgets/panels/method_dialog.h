#pragma once
// One method that decides for many linears (fewest layers, MoFQ, AdaDim): its settings, what it found as a
// table with check marks, and one undo step for what is checked. Stays open beside the window.
#include "core/workspace_methods.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QTableView;
class QTimer;

namespace ql {

class MethodTableModel;
class Session;
class TextChooser;

class MethodDialog : public QDialog {
  Q_OBJECT
 public:
  MethodDialog(Session* session, AutoMethod method, QWidget* parent = nullptr);
  ~MethodDialog() override;

  /// What the form asks for. Throws Error(Usage) for group sizes that are no numbers.
  AutoRequest request() const;
  void start();
  void apply();
  bool isRunning() const { return m_job != 0; }
  MethodTableModel* table() const { return m_table; }
  QTableView* tableView() const { return m_view; }
  QPushButton* startButton() const { return m_start; }
  QPushButton* applyButton() const { return m_apply; }
  QComboBox* lossBox() const { return m_loss; }
  QDoubleSpinBox* targetBox() const { return m_target; }
  QCheckBox* selectionBox() const { return m_selectedOnly; }
  QString stateText() const;

 private:
  void setupForm();
  void setupFewest(QFormLayout* form);
  void setupMofq(QFormLayout* form);
  void setupAdaDim(QFormLayout* form);
  void setupTable();
  void setupButtons();
  void settingsChanged();
  void planChanged();
  void poll();
  void noticeEnd();
  void showReport(AutoReport report);
  void refresh();
  QString problem() const;

  Session* m_session;
  AutoMethod m_method;
  MethodTableModel* m_table;
  QTableView* m_view = nullptr;
  QDoubleSpinBox* m_target = nullptr;
  QLineEdit* m_groups = nullptr;
  QComboBox *m_loss = nullptr, *m_float = nullptr;
  QCheckBox *m_together = nullptr, *m_selectedOnly = nullptr;
  QWidget* m_textPart = nullptr;
  TextChooser* m_text = nullptr;
  QLabel *m_summary = nullptr, *m_state = nullptr;
  QProgressBar* m_bar = nullptr;
  QPushButton *m_start = nullptr, *m_stop = nullptr, *m_apply = nullptr, *m_all = nullptr, *m_none = nullptr,
              *m_copy = nullptr;
  QTimer* m_poll = nullptr;
  quint64 m_job = 0;
  bool m_isStale = false;  // the plan is another one than the report's
};

}  // namespace ql
