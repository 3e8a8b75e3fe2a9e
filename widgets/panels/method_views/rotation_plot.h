#pragma once
// Largest values by channel of a linear as it is and rotated: weights by input or output channel, activations
// by input channel; as the channels stand, or each curve by rank.
#include "core/workspace_rotation.h"
#include "widgets/panels/salience_plot.h"

#include <memory>
#include <vector>

namespace ql {

class RotationPlot : public SaliencePlot {
  Q_OBJECT
 public:
  enum class Quantity { Columns, Rows, Inputs };  // |W| by input channel, by output channel, |X|

  explicit RotationPlot(Quantity quantity, QObject* parent = nullptr);
  void setPreview(std::shared_ptr<const RotationPreview> preview);
  void setRanked(bool isRanked);
  bool isEmpty() const { return m_before.empty(); }
  const std::vector<double>& before() const { return m_before; }
  const std::vector<double>& after() const { return m_after; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString accessibleText() const override;
  QString tableTitle() const override;

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  void rebuild();
  bool handleKey(const CanvasEvent& event);
  ValueRange allPlaces() const { return {0, std::max(1.0, static_cast<double>(m_before.size()))}; }
  QString placeText(std::size_t place) const;

  Quantity m_quantity;
  bool m_isRanked = false;
  std::shared_ptr<const RotationPreview> m_preview;
  std::vector<double> m_before, m_after;  // by place on the axis
  std::optional<std::size_t> m_cursor;    // of the keyboard
};

}  // namespace ql
