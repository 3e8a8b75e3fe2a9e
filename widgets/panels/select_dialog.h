#pragma once
// Edit > Select...: linears by blocks, roles, name, finding, measured value and scheme; how many fit is told
// while it is typed. The fields and the line of text below them say the same.
#include "widgets/bridge/linear_query.h"

#include <QDialog>
#include <QTimer>

class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QToolButton;

namespace ql {

class SegmentedControl;

class SelectDialog : public QDialog {
  Q_OBJECT
 public:
  explicit SelectDialog(Session* session, QWidget* parent = nullptr);

  const LinearQuery& query() const { return m_query; }
  void setQuery(const LinearQuery& query);
  SelectionMode mode() const;
  QLineEdit* textEdit() const { return m_text; }
  QLineEdit* blocksEdit() const { return m_blocks; }
  SegmentedControl* modes() const { return m_modes; }
  QPushButton* selectButton() const { return m_select; }
  QString countText() const;

 public slots:
  void select();         // combines with the selection and closes
  void saveSelection();  // what would be selected, under a name

 private:
  void setupFields(QFormLayout* form);
  void setupValue(QFormLayout* form);
  void setupText(QFormLayout* form);
  void setupButtons();
  void fillRoles();
  void fillSchemes();
  void takeFields();
  void takeText();
  void showQuery(bool withText);
  void metricPicked();
  void count();

  Session* m_session;
  LinearQuery m_query;
  std::vector<LinearId> m_found, m_result;
  QLineEdit *m_blocks, *m_layers, *m_text;
  QWidget* m_roles;
  std::vector<QToolButton*> m_roleButtons;
  QComboBox *m_finding, *m_metric, *m_comparison, *m_scheme;
  QDoubleSpinBox* m_threshold;
  QLabel* m_count;
  SegmentedControl* m_modes;
  QPushButton *m_select = nullptr, *m_save = nullptr;
  QTimer m_later;  // folds bursts of keystrokes and measurements into one count
  bool m_isSyncing = false;
};

}  // namespace ql
