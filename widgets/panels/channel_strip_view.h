#pragma once
// "Channel 30 in all blocks": a small block x role grid of one channel: |w| absmax, its ratio to the median,
// the norm's gain or |x| absmax (key V or the menu). A cell opens its matrix there.
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/colormap.h"
#include "widgets/models/channel_trace.h"

#include <memory>
#include <optional>

namespace ql {

class Session;

class ChannelStripView : public CanvasView {
  Q_OBJECT
 public:
  enum class Quantity { Weight, Ratio, Gain, Input };

  explicit ChannelStripView(Session* session, QObject* parent = nullptr);

  Quantity quantity() const { return m_quantity; }
  void setQuantity(Quantity quantity);

  void setTrace(std::shared_ptr<const ChannelTrace> trace);
  const ChannelTrace* trace() const { return m_trace.get(); }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  void fillMenu(QMenu& menu) override;
  QString accessibleText() const override;

 protected:
  void resized() override { layOut(); }

 private:
  void layOut();
  void fitScale();
  std::optional<double> valueOf(const ChannelTraceItem& item) const;
  QString quantityText(Quantity quantity) const;
  void open(const ChannelTraceItem& item);
  bool handleKey(const CanvasEvent& event);
  void moveCursor(int rows, int blocks);
  QRectF cell(int row, int block) const;
  const ChannelTraceItem* itemAt(QPointF at) const;
  void drawLabels(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;

  Session* m_session;
  std::shared_ptr<const ChannelTrace> m_trace;
  Quantity m_quantity = Quantity::Weight;
  std::optional<std::size_t> m_cursor;  // index of the item under the keyboard cursor
  bool m_hasFocus = false;
  ColorScale m_scale;
  QRectF m_grid;
  double m_cellWidth = 0, m_cellHeight = 0;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
