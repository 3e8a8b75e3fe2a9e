#pragma once
// The part of a choice's form that says how ranges are found and what is kept apart: options of the
// algorithm, clip and its options, outliers of the weights; groups of channels and outliers of the
// activations. Rows that do not go with the choice are hidden.
#include "core/quant/scheme.h"

#include <QObject>

class QComboBox;
class QDoubleSpinBox;
class QGridLayout;
class QLabel;
class QSpinBox;
class QWidget;

namespace ql {

class OptionForm;

/// Rows of the choice's form, from top to bottom.
enum ChoiceRow {
  kWeightRow,
  kGranularityRow,
  kBlockRow,
  kAlgorithmRow,
  kAlgorithmOptionRow,
  kClipRow,
  kClipOptionRow,
  kActivationRow,
  kActivationGroupRow,
  kChannelsRow,
  kThresholdRow
};

class ChoiceExtras : public QObject {
  Q_OBJECT
 public:
  /// Adds its rows to the grid of `form`.
  explicit ChoiceExtras(QWidget* form);
  /// No signal.
  void setChoice(const Choice& choice, const Choice& base);
  /// Writes what is shown into a choice whose formats and granularities are set.
  void writeTo(Choice& choice) const;

  QComboBox* clip() const { return m_clip; }
  QComboBox* permutation() const { return m_permutation; }
  OptionForm* algorithmOptions() const { return m_algorithm; }
  OptionForm* clipOptions() const { return m_clipOptions; }
  QDoubleSpinBox* outliers() const { return m_outliers; }
  QDoubleSpinBox* threshold() const { return m_threshold; }

 signals:
  void edited();  // by the user

 private:
  struct Row {
    QLabel* label;
    QWidget* first;
    QWidget* second;
    void setVisible(bool isVisible) const;
  };
  Row addRow(int row, const QString& text, QWidget* first, QWidget* second);
  void setupWeight();
  void setupActivation();
  void showClips(const WeightScheme& scheme);
  void showActivation(const Choice& choice);
  void markChanges(const Choice& choice, const Choice& base);

  QWidget* m_form;
  QGridLayout* m_grid;
  OptionForm *m_algorithm, *m_clipOptions;
  QComboBox *m_clip, *m_permutation;
  QDoubleSpinBox *m_outliers, *m_threshold;
  QSpinBox* m_groups;
  Row m_clipRow{}, m_groupRow{}, m_thresholdRow{};
  std::string m_rule = "sigma";  // of the plan's outliers
  bool m_isSetting = false;
};

}  // namespace ql
