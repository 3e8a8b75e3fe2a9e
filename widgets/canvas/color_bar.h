#pragma once
// The colour bar of a picture: the map along an axis, ticks, a histogram of what is shown, and two handles
// that set the colour range (drag them; drag between them to move both; double-click fits the range to the
// data).
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/colormap.h"

#include <QRectF>

#include <functional>
#include <utility>
#include <vector>

namespace ql {

class ColorBar {
 public:
  /// What the bar spans and under which scale; the handles lie inside. Set before draw() and handle().
  void setExtent(const ValueRange& extent) { m_extent = extent; }
  void setRange(double low, double high) { m_low = low, m_high = high; }
  void setMap(const Colormap& map) { m_map = &map; }
  /// Where the coloured bar itself lies; labels, handles and histogram go around it: below a horizontal bar;
  /// labels left and handles and histogram right of a vertical one (large values on top).
  void setGeometry(const QRectF& bar, Qt::Orientation orientation) {
    m_bar = bar, m_orientation = orientation;
  }
  /// Counts by equal steps of the extent (in its scale), empty = none; `length` = room for the largest, in
  /// pixels.
  void setHistogram(std::vector<double> counts, double length);
  /// Values beyond the handles are shown: an end notch says so.
  void setClipped(bool below, bool above) { m_isClippedBelow = below, m_isClippedAbove = above; }
  /// Handles are drawn (default). They answer to the mouse all the same.
  void setHandlesVisible(bool isOn) { m_hasHandles = isOn; }
  void setTickLabel(TickLabel label) { m_label = std::move(label); }

  double low() const { return m_low; }
  double high() const { return m_high; }
  Axis axis() const;
  bool isDragging() const { return m_drag != Drag::None; }

  void draw(Painter& painter, const Theme& theme) const;
  /// True when the event was the bar's. Calls onRange while a handle is dragged, onFit on a double click.
  bool handle(const CanvasEvent& event);
  /// The shape over the bar and its handles; ArrowCursor elsewhere.
  Qt::CursorShape cursorShape(QPointF at) const;

  std::function<void(double low, double high)> onRange;
  std::function<void()> onFit;

 private:
  enum class Drag { None, Low, High, Both };
  double along(QPointF p) const { return m_orientation == Qt::Horizontal ? p.x() : p.y(); }
  Drag hit(QPointF p) const;
  void dragTo(QPointF p);
  void drawHistogram(Painter& painter, const Theme& theme) const;
  void drawHandles(Painter& painter, const Theme& theme) const;

  ValueRange m_extent;
  double m_low = 0, m_high = 1;
  const Colormap* m_map = &Colormap::cividis();
  QRectF m_bar;
  Qt::Orientation m_orientation = Qt::Horizontal;
  std::vector<double> m_counts;
  double m_countLength = 0;
  bool m_isClippedBelow = false, m_isClippedAbove = false;
  bool m_hasHandles = true;
  TickLabel m_label;
  Drag m_drag = Drag::None;
  double m_dragFraction = 0, m_dragLow = 0,
         m_dragHigh = 0;  // where the drag began, as fractions of the extent
};

}  // namespace ql
