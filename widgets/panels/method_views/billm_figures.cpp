#include "widgets/panels/method_views/billm_figures.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"

#include <QGridLayout>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

QLabel* numberLabel(QWidget* parent) {
  QLabel* label = makeLabel({}, FontRole::Body, parent);
  label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  return label;
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

QString hessianText(const BillmReport& report) {
  if (!report.hessian) return BillmFigures::tr("the weights alone");
  const QString tokens = countText(static_cast<std::int64_t>(report.hessianTokens));
  switch (*report.hessian) {
    case HessianOrigin::SecondMoment:
      return BillmFigures::tr("second moment of %1 tokens").arg(tokens);
    case HessianOrigin::Sample:
      return BillmFigures::tr("sample of %1 tokens").arg(tokens);
    case HessianOrigin::Diagonal:
      break;
  }
  return BillmFigures::tr("mean of x² of %1 tokens").arg(tokens);
}

}  // namespace

BillmFigures::BillmFigures(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("BiLLM figures"));
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(6),
                           scaledPx(metrics::kInspectorPadding), scaledPx(8));
  grid->setHorizontalSpacing(scaledPx(14));
  grid->setVerticalSpacing(scaledPx(1));
  const QString heads[] = {tr("of weights"), tr("of energy"), tr("of error"), tr("own error")};
  const QString tips[] = {tr("Share of all weights that are finite"), tr("Share of the sum of W²"),
                          tr("Share of the sum of (Q(W) − W)²"), tr("|Q(W) − W| / |W| inside the part")};
  for (int column = 0; column < ColumnCount; ++column) {
    QLabel* head = makeDimLabel(heads[column], FontRole::Body, this);
    head->setAlignment(Qt::AlignRight);
    head->setToolTip(tips[column]);
    grid->addWidget(head, 0, 1 + column);
  }
  for (std::size_t part = 0; part < m_cells.size(); ++part) {
    const int row = 1 + static_cast<int>(part);
    QLabel* name = makeDimLabel(billmPartName(static_cast<BillmPart>(part)), FontRole::Body, this);
    name->setFixedHeight(scaledPx(metrics::kReadoutRow - 1));
    grid->addWidget(name, row, 0);
    for (std::size_t column = 0; column < ColumnCount; ++column)
      grid->addWidget(m_cells[part][column] = numberLabel(this), row, 1 + static_cast<int>(column));
  }
  addFact(grid, Paper, tr("Bits, as the paper counts"),
          tr("2 bits for a salient weight and 1 for every other: the paper's 1.08 for LLaMA2"));
  addFact(
      grid, Honest, tr("Bits, all that is stored"),
      tr("Signs, then a bit for each weight that is not salient (dense or sparse), a bit for each column, "
         "and the means and scales in 16 bits"));
  addFact(grid, Columns, tr("Salient columns"), tr("Columns that are binarized twice"));
  addFact(grid, Whole, tr("Weight error"), tr("|Q(W) − W| / |W| of the whole matrix"));
  addFact(grid, Hessian, tr("Hessian"), tr("What salience and the errors passed on are known by"));
  grid->setColumnStretch(1 + ColumnCount, 1);
}

void BillmFigures::addFact(QGridLayout* grid, Fact fact, const QString& name, const QString& tip) {
  const int row = 1 + static_cast<int>(m_cells.size()) + fact;
  QLabel* label = makeDimLabel(name, FontRole::Body, this);
  label->setToolTip(tip);
  label->setFixedHeight(scaledPx(metrics::kReadoutRow - 1));
  grid->addWidget(label, row, 0);
  m_facts[fact] = new ElidedLabel(this);
  m_facts[fact]->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_facts[fact]->setAccessibleName(name);
  grid->addWidget(m_facts[fact], row, 1, 1, 1 + ColumnCount);
}

void BillmFigures::setState(std::shared_ptr<const BillmState> state) {
  m_state = std::move(state);
  const QString dash(kDash);
  for (auto& row : m_cells)
    for (QLabel* cell : row) cell->setText(dash);
  for (std::size_t fact = 0; fact < FactCount; ++fact)
    m_facts[fact]->setFullText(m_state ? factOf(static_cast<Fact>(fact)) : dash);
  if (!m_state) return;
  double count = 0, energy = 0, error = 0;
  for (const BillmPartFigures& part : m_state->report.parts) {
    count += static_cast<double>(part.count);
    energy += part.energy;
    error += part.error;
  }
  for (std::size_t p = 0; p < m_cells.size(); ++p) {
    const BillmPartFigures& part = m_state->report.parts[p];
    m_cells[p][Weights]->setText(percentText(ratio(static_cast<double>(part.count), count)));
    m_cells[p][Energy]->setText(percentText(ratio(part.energy, energy)));
    m_cells[p][Error]->setText(percentText(ratio(part.error, error)));
    m_cells[p][Relative]->setText(percentText(std::sqrt(ratio(part.error, part.energy))));
  }
}

QString BillmFigures::factOf(Fact fact) const {
  const BillmReport& report = m_state->report;
  const BillmBits& bits = report.bits;
  switch (fact) {
    case Paper:
      return bitsText(bits.weights);
    case Honest:
      return tr("%1 = %2 + %3 + %4 + %5")
          .arg(bitsText(bits.honest()), bitsText(bits.weights), bitsText(bits.division),
               bitsText(bits.columns), bitsText(bits.scales));
    case Columns:
      return tr("%1 of %2 (%3)")
          .arg(countText(std::ranges::count(report.isSalient, 1)), countText(report.in),
               percentText(report.salientShare()));
    case Whole:
      return percentText(report.relativeError());
    default:
      return hessianText(report);
  }
}

QString BillmFigures::text(BillmPart part, Column column) const {
  return m_cells[static_cast<std::size_t>(part)][column]->text();
}

QString BillmFigures::text(Fact fact) const {
  return m_facts[fact]->fullText();
}

}  // namespace ql
