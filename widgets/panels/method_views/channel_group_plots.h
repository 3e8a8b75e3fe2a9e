#pragma once
// Channels of an activation in groups that share a range: each as a point (min, max), and all as bars in the
// order of the matrix or of the groups.
#include "core/workspace_channel_groups.h"
#include "widgets/bridge/selection.h"
#include "widgets/panels/salience_plot.h"

#include <memory>
#include <optional>

namespace ql {

/// Colours that stay apart for neighbouring numbers.
QColor groupColor(std::int32_t group, const Theme& theme);

/// What both plots share: the report, and the channel under the pointer.
class ChannelGroupPlot : public SaliencePlot {
  Q_OBJECT
 public:
  explicit ChannelGroupPlot(Selection* selection, QObject* parent = nullptr);
  void setReport(std::shared_ptr<const ChannelGroupReport> report);
  const ChannelGroupReport* report() const { return m_report.get(); }
  bool handle(const CanvasEvent& event) override;

 protected:
  virtual void reportChanged(bool isAnotherInput) = 0;
  virtual std::optional<std::int64_t> channelAt(QPointF position) const = 0;
  virtual ValueRange wholeX() const = 0;
  std::vector<NumberTableModel::Column> tableColumns() const override;
  void drawChannelReadOut(Painter& painter, const Theme& theme, std::int64_t channel) const;
  /// The channel under the pointer here, else elsewhere in the window.
  std::optional<std::int64_t> hovered() const;

  Selection* m_selection;
  std::shared_ptr<const ChannelGroupReport> m_report;
};

/// A point a channel: smallest value to the right, largest upwards.
class ChannelScatterView : public ChannelGroupPlot {
  Q_OBJECT
 public:
  using ChannelGroupPlot::ChannelGroupPlot;
  void draw(Painter& painter, const Theme& theme) override;
  QString tableTitle() const override { return tr("Channels by smallest and largest value"); }
  QString accessibleText() const override;

 protected:
  void reportChanged(bool isAnotherInput) override;
  std::optional<std::int64_t> channelAt(QPointF position) const override;
  ValueRange wholeX() const override { return m_allX; }

 private:
  QPointF pointOf(std::size_t channel) const;
  ValueRange m_allX;
};

/// A bar a channel from its smallest to its largest value, and the ranges that are rounded with behind them.
class ChannelRangesView : public ChannelGroupPlot {
  Q_OBJECT
 public:
  ChannelRangesView(Selection* selection, bool isGrouped, QObject* parent = nullptr)
      : ChannelGroupPlot(selection, parent), m_isGrouped(isGrouped) {}
  void draw(Painter& painter, const Theme& theme) override;
  QString tableTitle() const override {
    return m_isGrouped ? tr("Ranges of channels, in groups") : tr("Ranges of channels, as they stand");
  }
  QString accessibleText() const override;

 protected:
  void reportChanged(bool isAnotherInput) override;
  std::optional<std::int64_t> channelAt(QPointF position) const override;
  ValueRange wholeX() const override;

 private:
  std::size_t channelOf(std::size_t place) const;
  void drawRanges(Painter& painter, const Theme& theme) const;
  void drawBars(Painter& painter, const Theme& theme) const;

  bool m_isGrouped;
};

}  // namespace ql
