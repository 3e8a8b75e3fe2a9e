#pragma once
// What binarization of order 1, 2 and 3 leaves of each part of the weights, as bars; the order that BiLLM
// uses is filled, and a Gaussian's figures are the yardstick.
#include "widgets/panels/method_views/billm_state.h"
#include "widgets/panels/salience_plot.h"

#include <memory>

namespace ql {

class BillmOrderPlot : public SaliencePlot {
  Q_OBJECT
 public:
  using SaliencePlot::SaliencePlot;
  void setState(std::shared_ptr<const BillmState> state);

  void draw(Painter& painter, const Theme& theme) override;
  QString accessibleText() const override;
  QString tableTitle() const override { return tr("Residual by order"); }

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  void drawBar(Painter& painter, const Theme& theme, std::size_t part, std::size_t order) const;
  void drawGauss(Painter& painter, const Theme& theme) const;
  QRectF barOf(std::size_t part, std::size_t order) const;
  std::shared_ptr<const BillmState> m_state;
};

}  // namespace ql
