#pragma once
// Export: target and options, what it cannot express and what loaders will say before anything is written, a
// preview.
#include "core/export/exporter.h"

#include <QDialog>

#include <optional>

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;

namespace ql {

class ElidedLabel;
class Session;

class ExportDialog : public QDialog {
  Q_OBJECT
 public:
  explicit ExportDialog(Session* session, QWidget* parent = nullptr);

  QComboBox* targetBox() const { return m_target; }
  QLineEdit* pathBox() const { return m_path; }
  QCheckBox* leaveOutBox() const { return m_leaveOut; }
  QPushButton* writeButton() const { return m_write; }
  QPlainTextEdit* preview() const { return m_preview; }
  QPlainTextEdit* problems() const { return m_problems; }

 private:
  void setupTarget();
  void setupLists();
  void setupButtons();
  void targetChanged();
  void makeOptionFields();
  void make();
  void showResult();
  void chooseFile();
  void write();
  const Exporter& exporter() const;
  OptionValues optionValues() const;
  Session* m_session;
  QComboBox* m_target;
  QLabel *m_sentence, *m_problemTitle;
  QFormLayout* m_options;
  std::vector<std::pair<std::string, QWidget*>> m_fields;
  QLineEdit* m_path;
  QPlainTextEdit *m_problems, *m_preview;
  QCheckBox* m_leaveOut;
  QLabel* m_error;
  QPushButton *m_write, *m_copy;
  std::optional<ExportResult> m_result;
};

}  // namespace ql
