#pragma once
// Calibration: text, tokens, context, memory, and what is kept; what is known about the model; the way out
// when it cannot be run here.
#include <QDialog>

class QCheckBox;
class QFormLayout;
class QLabel;
class QPushButton;
class QSpinBox;

namespace ql {

class Session;
class TextChooser;

class CalibrateDialog : public QDialog {
  Q_OBJECT
 public:
  explicit CalibrateDialog(Session* session, QWidget* parent = nullptr);

  TextChooser* text() const { return m_text; }
  QPushButton* startButton() const { return m_start; }
  QSpinBox* sampleBox() const { return m_sample; }
  /// Kept by default where they are small, all together.
  bool keepsMoments() const;
  void setKeepsMoments(bool keeps);

 signals:
  void importRequested();

 private:
  void setupOptions(QFormLayout* form);
  void setupButtons();
  void refresh();
  void start();
  Session* m_session;
  TextChooser* m_text;
  QSpinBox* m_sample;
  QCheckBox *m_moments, *m_again;
  QLabel *m_known, *m_wayOut;
  QPushButton *m_start, *m_import, *m_copy;
};

}  // namespace ql
