#pragma once
// One side of the Compare page: its letter, the SPEC with completion and presets, and the button that pins
// what the window shows now.
#include "widgets/panels/compare_choices.h"

#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QToolButton;

namespace ql {

class CompareChoiceEdit : public QWidget {
  Q_OBJECT
 public:
  CompareChoiceEdit(CompareSide side, CompareChoices* choices, QWidget* parent = nullptr);
  QLineEdit* field() const { return m_field; }
  QToolButton* pinButton() const { return m_pin; }
  /// One sentence when the text is no choice that can be measured; empty when it is.
  const QString& problem() const { return m_problem; }

 signals:
  void pinRequested();  // "take what the window shows"
  void refused(const QString& sentence);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void setupField();
  void setupMenu();
  void show();
  void take();
  void setProblem(const QString& sentence);

  CompareSide m_side;
  CompareChoices* m_choices;
  QLineEdit* m_field;
  QToolButton *m_presets, *m_pin;
  QAction* m_warning;
  QString m_problem;
};

}  // namespace ql
