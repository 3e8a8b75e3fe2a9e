#pragma once
// Figures of GPTQ by input channel, rounding to nearest beside them: as the channels stand, or in the order
// in which GPTQ takes them.
#include "core/workspace_gptq.h"
#include "widgets/bridge/selection.h"
#include "widgets/panels/salience_plot.h"

#include <memory>
#include <vector>

namespace ql {

class GptqColumnPlot : public SaliencePlot {
  Q_OBJECT
 public:
  enum class Quantity { Loss, Error, Drive };  // Drive: H_jj, and the updates that a column received

  GptqColumnPlot(Selection* selection, Quantity quantity, QObject* parent = nullptr);
  void setReport(std::shared_ptr<const GptqReport> report);
  void setOrdered(bool isOrdered);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString accessibleText() const override;
  QString tableTitle() const override;

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  void rebuild();
  ValueRange allPlaces() const { return {0, std::max(1.0, static_cast<double>(m_channels.size()))}; }
  std::int64_t channelAt(std::size_t place) const { return m_channels[place]; }
  std::optional<std::size_t> placeOf(std::int64_t channel) const;
  void pick(std::size_t place);
  bool handleKey(const CanvasEvent& event);
  void drawMarks(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  QString firstName() const;
  QString secondName() const;

  Selection* m_selection;
  Quantity m_quantity;
  bool m_isOrdered = false;
  std::shared_ptr<const GptqReport> m_report;
  std::vector<std::int64_t> m_channels;  // by place on the axis
  std::vector<std::size_t> m_placeOf;    // by channel
  std::vector<double> m_first, m_second;
};

}  // namespace ql
