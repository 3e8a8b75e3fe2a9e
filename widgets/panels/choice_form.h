#pragma once
// The form of one choice: weight format, granularity, group size, algorithm, flavour, activation. Knows no
// session: it shows a choice and says what the user made of it.
#include "core/quant/scheme.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QSpinBox;

namespace ql {

class ChoiceExtras;
class SegmentedControl;

class ChoiceForm : public QWidget {
  Q_OBJECT
 public:
  explicit ChoiceForm(QWidget* parent = nullptr);
  /// Shows `choice`; fields that differ from `base` (the plan's) get an accent edge. No signal.
  void setChoice(const Choice& choice, const Choice& base);
  Choice choice() const;
  ChoiceExtras* extras() const { return m_extras; }

 signals:
  void edited(const ql::Choice& choice);  // by the user

 private:
  void setupWeight();
  void setupActivation();
  void setupBlock();
  void takeEdit();
  void updateEnabled();
  void showFlavours(const WeightScheme& scheme);
  void setOwnGroup(const std::string& format);
  void markChanges();
  WeightScheme weightScheme() const;
  std::optional<ActScheme> activationScheme() const;
  Choice m_shown, m_base;
  QComboBox *m_format, *m_granularity, *m_algorithm, *m_flavour, *m_activation, *m_activationKind;
  SegmentedControl* m_symmetry;
  QSpinBox *m_groupSize, *m_activationGroup;
  QLabel* m_activationGroupLabel;
  QSpinBox *m_blockRows, *m_blockColumns;
  QLabel* m_blockLabel;
  QWidget* m_blockSides;
  ChoiceExtras* m_extras;
  bool m_isSetting = false;
};

}  // namespace ql
