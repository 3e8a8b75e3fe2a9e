#pragma once
// Columns by salience: the ranking on a log axis and the share of the total that the first ones hold
// together.
#include "widgets/panels/salience_lab.h"
#include "widgets/panels/salience_plot.h"

namespace ql {

class SalienceRankView : public SaliencePlot {
  Q_OBJECT
 public:
  explicit SalienceRankView(Selection* selection, QObject* parent = nullptr);
  void setState(std::shared_ptr<const SalienceState> state);

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString accessibleText() const override;
  QString tableTitle() const override { return tr("Columns by salience"); }

 protected:
  std::vector<NumberTableModel::Column> tableColumns() const override;

 private:
  ValueRange allRanks() const { return {0, std::max(1.0, static_cast<double>(m_ranked.size()))}; }
  std::optional<std::size_t> rankOf(std::int64_t channel) const;
  bool handleKey(const CanvasEvent& event);
  void pickRank(std::size_t rank);
  void drawMarks(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  std::int64_t channelAt(std::size_t rank) const { return m_state->report.columns.order[rank]; }

  Selection* m_selection;
  std::shared_ptr<const SalienceState> m_state;
  std::vector<double> m_ranked;       // sums by rank
  std::vector<std::size_t> m_rankOf;  // by channel
};

}  // namespace ql
