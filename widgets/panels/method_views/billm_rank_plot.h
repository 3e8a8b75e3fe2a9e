#pragma once
// Input channels by BiLLM's score, by rank or as they stand; the columns that became salient are marked.
#include "widgets/bridge/selection.h"
#include "widgets/panels/method_views/billm_state.h"
#include "widgets/panels/salience_plot.h"

#include <memory>
#include <vector>

namespace ql {

class BillmRankPlot : public SaliencePlot {
  Q_OBJECT
 public:
  explicit BillmRankPlot(Selection* selection, QObject* parent = nullptr);
  void setState(std::shared_ptr<const BillmState> state);
  void setByChannel(bool isByChannel);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString accessibleText() const override;
  QString tableTitle() const override { return tr("Columns by score"); }

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  void rebuild();
  ValueRange allPlaces() const { return {0, std::max(1.0, static_cast<double>(m_channels.size()))}; }
  std::optional<std::size_t> placeOf(std::int64_t channel) const;
  double yOf(std::size_t place) const;
  void pick(std::size_t place);
  bool handleKey(const CanvasEvent& event);
  void drawSalient(Painter& painter, const Theme& theme) const;
  void drawMarks(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;

  Selection* m_selection;
  bool m_isByChannel = false;
  std::shared_ptr<const BillmState> m_state;
  std::vector<std::int64_t> m_channels;  // by place on the axis
  std::vector<std::size_t> m_placeOf;    // by channel
  std::vector<std::size_t> m_rankOf;     // by channel
  std::vector<double> m_scores;          // by place
};

}  // namespace ql
