#pragma once
// The channels of a smoothing group before and after: |W| and |X| absmax in two plots that share one axis of
// values and one order of channels (by |W| before), so that what smoothing moves is seen at once.
//
//   Hover reads a channel in both plots and links the cursor; a click pins it, left and right walk, Escape
//   lets go; Ctrl+wheel and middle drag zoom and pan the channels, F shows all.
#include "widgets/bridge/smoothing_control.h"
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"

#include <memory>
#include <optional>
#include <vector>

namespace ql {

class Selection;

class SmoothedChannelsView : public CanvasView {
  Q_OBJECT
 public:
  explicit SmoothedChannelsView(Selection* selection, QObject* parent = nullptr);

  void setChannels(std::shared_ptr<const SmoothingChannels> channels, const QString& group);
  void setHint(const QString& hint);  // shown without channels
  void setSettled(bool isSettled);

  QRectF plot(bool isAfter) const { return isAfter ? m_after : m_before; }
  const Axis& channelAxis() const { return m_x; }
  const ValueRange& valueRange() const { return m_values; }
  /// Channels by |W| before, largest first, ties by number.
  const std::vector<std::int64_t>& order() const { return m_order; }
  /// Channels whose |W| or |X| before is more than 50 times the median, by rank.
  const std::vector<std::int64_t>& outliers() const { return m_outliers; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;
  bool isSettled() const override { return m_isSettled; }

 protected:
  void resized() override { layOut(); }

 private:
  struct Curve {
    std::vector<float> values;  // by rank
    float largest = 0;
  };
  struct Plot {
    Curve weights, activations;  // activations empty without data
  };
  void rank();
  void fitValues();
  void layOut();
  Axis valueAxis(bool isAfter) const;
  bool hasActivations() const { return !m_plots[0].activations.values.empty(); }
  std::optional<std::size_t> rankAt(QPointF at) const;
  std::optional<std::size_t> rankOf(std::int64_t channel) const;
  QString largestText(bool isAfter) const;
  void drawPlot(Painter& painter, const Theme& theme, bool isAfter) const;
  void drawCurve(Painter& painter, const Curve& curve, const QColor& color, bool isAfter) const;
  void drawMarks(Painter& painter, const Theme& theme, bool isAfter) const;
  void drawNames(Painter& painter, const Theme& theme) const;
  void drawLegend(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  void hoverAt(QPointF at);
  bool handleKey(const CanvasEvent& event);
  void moveCursor(std::int64_t ranks);

  Selection* m_selection;
  std::shared_ptr<const SmoothingChannels> m_channels;
  QString m_group, m_hint;
  std::vector<std::int64_t> m_order, m_outliers;
  std::vector<std::size_t> m_rankOf;  // by channel
  Plot m_plots[2];                    // before, after
  QRectF m_before, m_after;
  Axis m_x;
  ValueRange m_values{1e-3, 1, AxisScale::Log, 1}, m_allRanks{0, 1};
  bool m_isSettled = true;
  QPointF m_pointer{-1, -1};
  std::optional<double> m_panFrom;
};

}  // namespace ql
