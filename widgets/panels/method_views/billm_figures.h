#pragma once
// What BiLLM's parts weigh: their shares of the weights and of the error, and bits as the paper counts them
// and as they have to be stored.
#include "widgets/panels/method_views/billm_state.h"

#include <QWidget>

#include <array>
#include <memory>

class QGridLayout;
class QLabel;

namespace ql {

class ElidedLabel;

class BillmFigures : public QWidget {
  Q_OBJECT
 public:
  enum Column { Weights, Energy, Error, Relative, ColumnCount };
  enum Fact { Paper, Honest, Columns, Whole, Hessian, FactCount };
  explicit BillmFigures(QWidget* parent = nullptr);
  void setState(std::shared_ptr<const BillmState> state);
  QString text(BillmPart part, Column column) const;
  QString text(Fact fact) const;

 private:
  void addFact(QGridLayout* grid, Fact fact, const QString& name, const QString& tip);
  QString factOf(Fact fact) const;

  std::shared_ptr<const BillmState> m_state;
  std::array<std::array<QLabel*, ColumnCount>, 3> m_cells{};
  std::array<ElidedLabel*, FactCount> m_facts{};
};

}  // namespace ql
