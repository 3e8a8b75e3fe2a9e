#pragma once
// The overview on a canvas: block x role grid coloured by the metric, colour bar with histogram and draggable
// range, and the plot of all linears in network order. Reads the session, writes the shared selection and
// view settings.
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/color_bar.h"
#include "widgets/canvas/overview_layout.h"
#include "widgets/canvas/read_out.h"
#include "widgets/models/overview_data.h"

#include <QTimer>

#include <functional>
#include <optional>

namespace ql {

class OverviewView : public CanvasView {
  Q_OBJECT
 public:
  explicit OverviewView(Session* session, QObject* parent = nullptr);

  /// The scheme of "all one scheme" and the reference of "change".
  const Choice& oneScheme() const { return m_oneScheme; }
  void setOneScheme(const Choice& choice);
  /// Entries that apply choices to the selection, added to the context menu by the panel.
  void setMenuFiller(std::function<void(QMenu&)> filler) { m_menuFiller = std::move(filler); }
  const OverviewData& data() const { return m_data; }
  const OverviewLayout& layout() const { return m_layout; }

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  void fillMenu(QMenu& menu) override;
  QString accessibleText() const override;
  bool isSettled() const override;

 public slots:
  /// Takes model, values and flags from the session and paints.
  void refresh();
  /// Selects the next linear with a finding, worst blocks first in network order.
  void selectNextFinding();

 protected:
  void resized() override;

 private:
  enum class Drag { None, RubberBand, Target, Pan };

  // Geometry and values (overview_view.cpp)
  void updateLayout();
  void updateScale();
  void updateHistogram();
  /// A value's place on the bar: itself, or its rank 0..1 on the quantile scale.
  double barCoordinate(double value) const;
  QString tickLabel(double value) const;
  double valueOfBar(double coordinate) const;
  QColor colorOf(double value) const;
  const OverviewItem* itemAt(QPointF at) const;  // grid cell or dot
  QPointF dotPosition(std::size_t index, double value) const;
  double targetY() const;
  bool hasTarget() const;

  // Events (overview_events.cpp)
  bool handlePress(const CanvasEvent& event);
  bool handleMove(const CanvasEvent& event);
  bool handleRelease(const CanvasEvent& event);
  bool handleKey(const CanvasEvent& event);
  bool handleWheel(const CanvasEvent& event);
  Drag dragAt(QPointF at) const;
  void moveCursor(int rows, int blocks, bool extend);
  void selectCells(GridCell a, GridCell b, bool add);
  void selectCell(GridCell at, Qt::KeyboardModifiers modifiers);
  void setRange(std::optional<std::pair<double, double>> range);
  bool handleViewKey(int key);

  // Painting (overview_draw.cpp)
  void drawGrid(Painter& painter, const Theme& theme);
  void drawCell(Painter& painter, const Theme& theme, GridCell at);
  void drawCellMarks(Painter& painter, const Theme& theme, const QRectF& cell, const OverviewItem& item,
                     const QColor& ink);
  void drawLabels(Painter& painter, const Theme& theme);
  void drawPlot(Painter& painter, const Theme& theme);
  void drawDots(Painter& painter, const Theme& theme);
  void drawReadOuts(Painter& painter, const Theme& theme);
  std::vector<ReadOutRow> readOutRows(const OverviewItem& item) const;

  Session* m_session;
  OverviewData m_data;
  OverviewLayout m_layout;
  ColorScale m_scale;
  ColorBar m_bar;
  Choice m_oneScheme = defaultChoice();
  std::function<void(QMenu&)> m_menuFiller;
  QTimer m_refresh;  // folds bursts of signals into one refresh
  double m_scroll = 0;
  std::optional<GridCell> m_cursor;       // keyboard cursor
  std::optional<GridCell> m_anchor;       // of Shift+click and Shift+arrows
  const OverviewItem* m_hover = nullptr;  // into m_data, cleared with it
  QPointF m_pointer;
  Drag m_drag = Drag::None;
  QPointF m_dragStart;
  bool m_hasFocus = false;
};

}  // namespace ql
