#pragma once
// What a rotation does to a linear, figure by figure: as it is, and rotated.
#include "core/workspace_rotation.h"

#include <QWidget>

#include <array>
#include <memory>

class QGridLayout;
class QLabel;

namespace ql {

class RotationFigures : public QWidget {
  Q_OBJECT
 public:
  enum Row {
    Kurtosis,
    MaxOverMedian,
    ColumnPeak,
    RowPeak,
    InputPeak,
    InputKurtosis,
    WeightError,
    OutputW,
    OutputA,
    OutputWa,
    RowCount
  };
  explicit RotationFigures(QWidget* parent = nullptr);
  void setPreview(const RotationPreview* preview);  // null = dashes
  QString text(Row row, bool isAfter) const;

 private:
  void addHead(QGridLayout* grid, int line, const QString& title);
  void addRow(QGridLayout* grid, int line, Row row, const QString& name, const QString& tip);
  std::array<std::array<QLabel*, 2>, RowCount> m_cells{};
};

}  // namespace ql
