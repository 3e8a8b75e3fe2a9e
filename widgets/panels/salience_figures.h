#pragma once
// The read-outs of the Salience page: one line a figure, each worded from the state.
#include "widgets/panels/salience_lab.h"

#include <QWidget>

#include <vector>

class QLabel;

namespace ql {

class ElidedLabel;

class SalienceFigures : public QWidget {
  Q_OBJECT
 public:
  enum Row {
    Concentration,
    Condition,
    Rank,
    Dead,
    Mask,
    WithWeights,
    WithInputs,
    WithOutliers,
    Site,
    Whole,
    RowCount
  };
  explicit SalienceFigures(SalienceLab* lab, QWidget* parent = nullptr);
  QString text(Row row) const;
  /// All rows, for the clipboard.
  QString copyText() const;

 private:
  void refresh();
  QString valueOf(Row row) const;
  QString wholeModel() const;
  SalienceLab* m_lab;
  std::vector<QLabel*> m_names;
  std::vector<ElidedLabel*> m_values;
};

}  // namespace ql
