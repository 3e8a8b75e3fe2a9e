#pragma once
// The totals of a GPTQ report: GPTQ and rounding to nearest side by side, and what the Hessian rests on.
#include "core/workspace_gptq.h"

#include <QWidget>

#include <array>
#include <memory>

class QGridLayout;
class QLabel;

namespace ql {

class ElidedLabel;

class GptqFigures : public QWidget {
  Q_OBJECT
 public:
  enum Row { OutputError, Loss, WeightError, RowCount };
  enum Fact { Updates, Evidence, Tokens, Damping, Dead, FactCount };
  explicit GptqFigures(QWidget* parent = nullptr);
  void setReport(std::shared_ptr<const GptqReport> report);
  QString text(Row row, int column) const;  // 0 GPTQ, 1 nearest, 2 ratio
  QString text(Fact fact) const;

 private:
  void addRow(QGridLayout* grid, Row row, const QString& name, const QString& tip);
  void addFact(QGridLayout* grid, Fact fact, const QString& name, const QString& tip);
  QString factOf(Fact fact) const;

  std::shared_ptr<const GptqReport> m_report;
  std::array<std::array<QLabel*, 3>, RowCount> m_cells{};
  std::array<ElidedLabel*, FactCount> m_facts{};
};

}  // namespace ql
