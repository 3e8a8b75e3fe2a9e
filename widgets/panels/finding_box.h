#pragma once
// What is wrong with the current linear in a sentence, and buttons for what helps.
#include "core/evaluate/diagnosis.h"

#include <QFrame>

class QHBoxLayout;
class QLabel;

namespace ql {

class FindingBox : public QFrame {
  Q_OBJECT
 public:
  explicit FindingBox(QWidget* parent = nullptr);
  /// Hidden when there are none. The first is shown in full, the others by title.
  void setFindings(const std::vector<Finding>& findings);
  QString sentence() const;

 signals:
  void remedyPicked(const ql::Choice& choice);
  void smoothingPicked(const ql::SmoothingRemedy& remedy);

 private:
  void setRemedies(const std::vector<Remedy>& remedies);
  QLabel *m_title, *m_sentence, *m_others;
  QHBoxLayout* m_buttons;
  std::vector<QWidget*> m_remedies;
};

}  // namespace ql
