#pragma once
// "Explain" under the finding: the paragraph on the current linear, folded away until it is asked for, and
// copyable.
#include "widgets/bridge/session.h"

#include <QTimer>
#include <QWidget>

class QLabel;
class QToolButton;

namespace ql {

class ExplainBox : public QWidget {
  Q_OBJECT
 public:
  explicit ExplainBox(Session* session, QWidget* parent = nullptr);

  bool isUnfolded() const;
  QString text() const { return m_paragraph; }
  QToolButton* toggle() const { return m_toggle; }
  QToolButton* copyButton() const { return m_copy; }

 public slots:
  void setUnfolded(bool isOn);  // remembered between runs
  void copy();

 private:
  void later();
  void reload();  // in a job
  void show(const QString& paragraph);

  Session* m_session;
  QToolButton *m_toggle, *m_copy;
  QLabel* m_label;
  QString m_paragraph;
  QTimer m_later;  // folds bursts of signals into one
};

}  // namespace ql
