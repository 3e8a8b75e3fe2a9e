#include "widgets/panels/method_views/gptq_figures.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/form_parts.h"

#include <QGridLayout>

#include <cmath>
#include <numeric>

namespace ql {

namespace {

QLabel* numberLabel(QWidget* parent) {
  QLabel* label = makeLabel({}, FontRole::Body, parent);
  label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  return label;
}

}  // namespace

GptqFigures::GptqFigures(QWidget* parent) : QWidget(parent) {
  setAccessibleName(tr("GPTQ figures"));
  auto* grid = new QGridLayout(this);
  grid->setContentsMargins(scaledPx(metrics::kInspectorPadding), scaledPx(6),
                           scaledPx(metrics::kInspectorPadding), scaledPx(8));
  grid->setHorizontalSpacing(scaledPx(14));
  grid->setVerticalSpacing(scaledPx(1));
  const QString heads[] = {tr("GPTQ"), tr("nearest"), tr("ratio")};
  for (int column = 0; column < 3; ++column) {
    QLabel* head = makeDimLabel(heads[column], FontRole::Body, this);
    head->setAlignment(Qt::AlignRight);
    grid->addWidget(head, 0, 1 + column);
  }
  addRow(grid, OutputError, tr("Output error"),
         tr("|X Dᵀ| / |X Wᵀ| on the calibration data, D = Q(W) − W: the loss without what the damping adds"));
  addRow(grid, Loss, tr("Loss"), tr("tr(D H Dᵀ) / 2 of D = Q(W) − W, with the damped Hessian H"));
  addRow(grid, WeightError, tr("Weight error"),
         tr("|D| / |W|: GPTQ pays with it for a smaller output error"));
  addFact(grid, Updates, tr("Updates"),
          tr("How far GPTQ moved the weights before it rounded them, relative to |W|"));
  addFact(grid, Evidence, tr("Hessian"), tr("What X of H = 2 XᵀX is known by"));
  addFact(grid, Tokens, tr("Tokens per channel"),
          tr("Below 1 the Hessian cannot have full rank, and the damping hides it"));
  addFact(grid, Damping, tr("Damping"), tr("Added to the diagonal of H, as a share of its mean"));
  addFact(grid, Dead, tr("Dead channels"),
          tr("Input channels that were always zero: their weights become 0 and cost nothing"));
  grid->setColumnStretch(4, 1);
}

void GptqFigures::addRow(QGridLayout* grid, Row row, const QString& name, const QString& tip) {
  QLabel* label = makeDimLabel(name, FontRole::Body, this);
  label->setToolTip(tip);
  label->setFixedHeight(scaledPx(metrics::kReadoutRow - 1));
  grid->addWidget(label, 1 + row, 0);
  for (int column = 0; column < 3; ++column) {
    QLabel*& cell = m_cells[row][static_cast<std::size_t>(column)];
    grid->addWidget(cell = numberLabel(this), 1 + row, 1 + column);
    cell->setAccessibleName(name);
  }
}

void GptqFigures::addFact(QGridLayout* grid, Fact fact, const QString& name, const QString& tip) {
  QLabel* label = makeDimLabel(name, FontRole::Body, this);
  label->setToolTip(tip);
  label->setFixedHeight(scaledPx(metrics::kReadoutRow - 1));
  grid->addWidget(label, 1 + RowCount + fact, 0);
  m_facts[fact] = new ElidedLabel(this);
  m_facts[fact]->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_facts[fact]->setAccessibleName(name);
  grid->addWidget(m_facts[fact], 1 + RowCount + fact, 1, 1, 4);
}

void GptqFigures::setReport(std::shared_ptr<const GptqReport> report) {
  m_report = std::move(report);
  const QString dash(kDash);
  for (auto& row : m_cells)
    for (QLabel* cell : row) cell->setText(dash);
  for (std::size_t fact = 0; fact < FactCount; ++fact)
    m_facts[fact]->setFullText(m_report ? factOf(static_cast<Fact>(fact)) : dash);
  if (!m_report) return;
  const double energy = std::accumulate(m_report->energy.begin(), m_report->energy.end(), 0.0);
  const auto weightError = [&](const GptqLoss& loss) {
    return energy > 0 ? std::sqrt(loss.totalError / energy) : 0.0;
  };
  const auto show = [&](Row row, double gptq, double nearest, bool isPercent) {
    const auto text = [&](double value) { return isPercent ? percentTextFine(value) : valueText(value); };
    m_cells[row][0]->setText(text(gptq));
    m_cells[row][1]->setText(text(nearest));
    m_cells[row][2]->setText(nearest > 0 ? fixedText(gptq / nearest, 2) : dash);
  };
  show(OutputError, m_report->relative(m_report->gptq), m_report->relative(m_report->rounding), true);
  show(Loss, m_report->gptq.total, m_report->rounding.total, false);
  show(WeightError, weightError(m_report->gptq), weightError(m_report->rounding), true);
}

QString GptqFigures::factOf(Fact fact) const {
  const GptqReport& report = *m_report;
  switch (fact) {
    case Updates:
      return percentText(report.relativeUpdates());
    case Evidence: {
      const QString tokens = countText(static_cast<std::int64_t>(report.tokens));
      if (report.origin == HessianOrigin::SecondMoment) return tr("second moment of %1 tokens").arg(tokens);
      if (report.origin == HessianOrigin::Sample) return tr("sample of %1 tokens").arg(tokens);
      return tr("mean of x² of %1 tokens").arg(tokens);
    }
    case Tokens:
      return ratioText(static_cast<double>(report.tokens) /
                       static_cast<double>(std::max<std::int64_t>(1, report.in)));
    case Damping:
      if (report.usedDamp == report.damp) return percentText(report.damp);
      return tr("%1 instead of %2").arg(percentText(report.usedDamp), percentText(report.damp));
    default:
      return tr("%1 of %2").arg(countText(report.deadCount()), countText(report.in));
  }
}

QString GptqFigures::text(Row row, int column) const {
  return m_cells[row][static_cast<std::size_t>(column)]->text();
}

QString GptqFigures::text(Fact fact) const {
  return m_facts[fact]->fullText();
}

}  // namespace ql
