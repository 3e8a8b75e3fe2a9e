#include "widgets/panels/method_views/rotation_figures.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"

#include <QGridLayout>

namespace ql {

namespace {

using Values = std::array<std::optional<double>, RotationFigures::RowCount>;

Values valuesOf(const RotationSide& side) {
  Values values;
  values[RotationFigures::Kurtosis] = side.summary.kurtosis;
  values[RotationFigures::MaxOverMedian] = side.summary.maxOverMedian;
  values[RotationFigures::ColumnPeak] = side.summary.columnPeakRatio;
  values[RotationFigures::RowPeak] = side.summary.rowPeakRatio;
  if (side.input) {
    values[RotationFigures::InputPeak] = side.input->channelPeakRatio;
    values[RotationFigures::InputKurtosis] = side.input->kurtosis;
  }
  if (side.error) values[RotationFigures::WeightError] = side.error->weightRelFro;
  if (side.output) {
    values[RotationFigures::OutputW] = side.output->w;
    values[RotationFigures::OutputA] = side.output->a;
    values[RotationFigures::OutputWa] = side.output->wa;
  }
  return values;
}

QString cellText(int row, const std::optional<double>& value) {
  if (!value) return QString(kDash);
  return row >= RotationFigures::WeightError ? percentText(*value) : ratioText(*value);
}

}  // namespace

RotationFigures::RotationFigures(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("Figures of the rotation"));
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(6),
                           scaledPx(metrics::kInspectorPadding), scaledPx(8));
  grid->setHorizontalSpacing(scaledPx(14));
  grid->setVerticalSpacing(scaledPx(1));
  addHead(grid, 0, tr("Outliers"));
  addRow(grid, 1, Kurtosis, tr("Kurtosis of W"),
         tr("Fourth standardised moment of the weights; a Gaussian has 3"));
  addRow(grid, 2, MaxOverMedian, tr("Largest over median |W|"),
         tr("The largest weight over the median of |W|"));
  addRow(grid, 3, ColumnPeak, tr("Input channel peak"),
         tr("Largest over median of the input channels' largest |W|"));
  addRow(grid, 4, RowPeak, tr("Output channel peak"),
         tr("Largest over median of the output channels' largest |W|"));
  addRow(grid, 5, InputPeak, tr("Peak of X"),
         tr("Largest over median of the channels' largest |X|, on the sampled tokens"));
  addRow(grid, 6, InputKurtosis, tr("Kurtosis of X"), tr("Mean over the channels of the input"));
  addHead(grid, 7, tr("Error"));
  addRow(grid, 8, WeightError, tr("Weights"), tr("|Q(W) − W| / |W| under the layer's scheme"));
  addRow(grid, 9, OutputW, tr("Output, W only"),
         tr("Error of X Wᵀ with the weights quantized, from XᵀX where it is known (Rᵀ XᵀX R rotated)"));
  addRow(grid, 10, OutputA, tr("Output, A only"),
         tr("The same with the input quantized, on the sampled tokens"));
  addRow(grid, 11, OutputWa, tr("Output, W+A"), tr("The same with both quantized, on the sampled tokens"));
  grid->setColumnStretch(0, 1);
}

void RotationFigures::addHead(QGridLayout* grid, int line, const QString& title) {
  if (line > 0) grid->setRowMinimumHeight(line, scaledPx(metrics::kReadoutRow + 8));
  grid->addWidget(makeLabel(title, FontRole::Semibold, this), line, 0, Qt::AlignBottom);
  const QString names[] = {tr("as it is"), tr("rotated")};
  for (int column = 0; column < 2; ++column)
    grid->addWidget(makeDimLabel(names[column], FontRole::Body, this), line, 1 + column,
                    Qt::AlignRight | Qt::AlignBottom);
}

void RotationFigures::addRow(QGridLayout* grid, int line, Row row, const QString& name, const QString& tip) {
  QLabel* label = makeDimLabel(name, FontRole::Body, this);
  label->setToolTip(tip);
  label->setFixedHeight(scaledPx(metrics::kReadoutRow - 1));
  grid->addWidget(label, line, 0);
  for (int column = 0; column < 2; ++column) {
    QLabel* cell = makeLabel(QString(kDash), column == 1 ? FontRole::Semibold : FontRole::Body, this);
    cell->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    cell->setMinimumWidth(scaledPx(56));
    cell->setTextInteractionFlags(Qt::TextSelectableByMouse);
    cell->setAccessibleName(column == 0 ? tr("%1, as it is").arg(name) : tr("%1, rotated").arg(name));
    m_cells[row][static_cast<std::size_t>(column)] = cell;
    grid->addWidget(cell, line, 1 + column);
  }
}

void RotationFigures::setPreview(const RotationPreview* preview) {
  const Values before = preview ? valuesOf(preview->before) : Values();
  const Values after = preview ? valuesOf(preview->after) : Values();
  for (int row = 0; row < RowCount; ++row) {
    const auto at = static_cast<std::size_t>(row);
    m_cells[at][0]->setText(cellText(row, before[at]));
    m_cells[at][1]->setText(cellText(row, after[at]));
  }
}

QString RotationFigures::text(Row row, bool isAfter) const {
  return m_cells[row][isAfter ? 1 : 0]->text();
}

}  // namespace ql
