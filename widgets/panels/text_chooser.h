#pragma once
// Where text for the model comes from: a bundled text, a text file, or token ids; with what the model's
// tokenizer makes of it.
#include "core/workspace.h"

#include <QTimer>
#include <QWidget>

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace ql {

class Session;

class TextChooser : public QWidget {
  Q_OBJECT
 public:
  enum class Use { Calibration, Verification };
  /// Adds its rows to `form`: source, file, tokens, context, memory; then what comes of them.
  TextChooser(Session* session, Use use, QFormLayout* form, QWidget* parent);

  TextSource source() const;
  WindowOptions windows() const;
  std::uint64_t memoryBytes() const;  // 0 = automatic
  /// One sentence, or empty when the text can be used.
  QString problem() const { return m_problem; }
  QComboBox* sourceBox() const { return m_source; }
  QLineEdit* pathBox() const { return m_path; }
  QSpinBox* tokensBox() const { return m_tokens; }
  QSpinBox* contextBox() const { return m_context; }
  void setProtocol(WindowProtocol protocol);

 signals:
  void changed();  // the problem, or the estimate

 private:
  void setupSource(QFormLayout* form);
  void setupNumbers(QFormLayout* form);
  void sourceChanged();
  void browse();
  void estimate();
  QString blockingProblem();  // of the model or the tokenizer
  Session* m_session;
  Use m_use;
  WindowProtocol m_protocol = WindowProtocol::Full;
  QComboBox* m_source;
  QLineEdit* m_path;
  QPushButton* m_browse;
  QSpinBox *m_tokens, *m_context, *m_memory;
  QLabel *m_model, *m_estimate;
  QTimer m_later;
  QString m_problem;
};

}  // namespace ql
