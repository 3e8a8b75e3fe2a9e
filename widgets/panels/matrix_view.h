#pragma once
// A weight matrix on a canvas: the picture with marginals, group boundaries, outlier marks, linked cursor,
// values in the cells when they are wide enough. Knows no session: it says what it wants shown (imageWanted,
// cellWanted) and what the user did (hovered, channelPicked); MatrixLoader and MatrixPanel answer.
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/color_bar.h"
#include "widgets/canvas/heatmap.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/matrix_content.h"
#include "widgets/panels/matrix_layout.h"

#include <optional>

namespace ql {

struct MatrixPosition {
  std::int64_t row = 0, column = 0;
  bool operator==(const MatrixPosition&) const = default;
};

class MatrixView : public CanvasView {
  Q_OBJECT
 public:
  explicit MatrixView(QObject* parent = nullptr);

  /// Another matrix (fits and forgets everything) or, with the same name and shape, news about it. Null =
  /// none.
  void setContent(std::shared_ptr<const MatrixContent> content);
  const MatrixContent* content() const { return m_content.get(); }
  void setQuantity(MatrixQuantity quantity);
  void setPool(PoolKind pool);
  void setLog(bool isLog);
  void setShowsGroups(bool isOn);
  MatrixQuantity quantity() const { return m_quantity; }
  bool isLog() const { return m_isLog; }
  bool showsGroups() const { return m_showsGroups; }

  // Answers of the loader
  // -----------------------------------------------------------------------------------------
  /// The magnitudes of the shown quantity; until then no picture is asked for.
  void setLevels(std::optional<MatrixLevels> levels);
  /// `isPreview`: made from the stored pyramid, a better one follows.
  void setPicture(const MatrixRequest& request, HeatmapPicture picture, bool isPreview);
  /// The pictures are out of date: ask again (the old ones stay until then).
  void renewPictures();
  void setCell(const MatrixCell& cell);
  /// Rows for the table twin and for copying; null = none.
  void setSource(std::shared_ptr<const WeightSource> source);
  /// One sentence instead of the picture; empty = none.
  void setProblem(const QString& sentence);
  const QString& problem() const { return m_problem; }

  // Linked views
  // --------------------------------------------------------------------------------------------------
  void setLinkedCursor(std::int64_t row, std::int64_t column);  // -1 = none
  void setPinned(std::optional<std::int64_t> row, std::optional<std::int64_t> column);

  void fit();
  /// Makes an element visible, zooming no further.
  void reveal(MatrixPosition at);
  const ValueRange& visibleRows() const { return m_rows; }
  const ValueRange& visibleColumns() const { return m_columns; }
  const MatrixLayout& layout() const { return m_layout; }
  std::optional<MatrixPosition> cursor() const { return m_cursor; }
  std::optional<MatrixPosition> hover() const { return m_hover; }
  Axis columnAxis() const { return {m_columns, m_layout.plot.left(), m_layout.plot.right()}; }
  Axis rowAxis() const { return {m_rows, m_layout.plot.top(), m_layout.plot.bottom()}; }
  /// Colour scale of the shown quantity.
  ColorScale colorScale() const;

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  void fillMenu(QMenu& menu) override;
  QString accessibleText() const override;
  bool isSettled() const override;

 signals:
  /// A matrix is being painted: only now its weights need to be read.
  void shown();
  void imageWanted(const ql::MatrixRequest& request);
  void cellWanted(std::int64_t row, std::int64_t column);
  void hovered(std::int64_t row, std::int64_t column);  // -1, -1 = left
  void channelPicked(std::optional<std::int64_t> column);
  void rowPicked(std::optional<std::int64_t> row);
  void modeKeyPressed();   // M: the next quantity
  void scaleKeyPressed();  // L: linear or log
  void groupsToggled(bool isOn);

 protected:
  void resized() override;

 private:
  enum class Drag { None, Pending, Pan };

  // State (matrix_view.cpp)
  bool hasElements() const { return m_content && m_content->out > 0 && m_content->in > 0; }
  void updateLayout();
  void updateBar();
  void resetRange();
  ValueRange rowLimits() const;
  ValueRange columnLimits() const;
  void setVisible(const ValueRange& rows, const ValueRange& columns);
  void requestPictures();
  QString quantityText() const;  // "|W|", "W", "error"
  std::optional<MatrixPosition> elementAt(QPointF at) const;
  std::optional<MatrixPosition> shownPosition() const;  // hover, else keyboard cursor
  /// True when the picture comes from the stored pyramid: its texels are not weights.
  bool isCoarse() const;
  /// The value the picture shows at an element, when texels are elements.
  std::optional<float> elementValue(MatrixPosition at) const;

  // Events (matrix_events.cpp)
  bool handlePress(const CanvasEvent& event);
  bool handleMove(const CanvasEvent& event);
  bool handleRelease(const CanvasEvent& event);
  bool handleKey(const CanvasEvent& event);
  bool handleCursorKey(const CanvasEvent& event);
  void zoomBy(double factor, QPointF about);
  void setHover(std::optional<MatrixPosition> at);
  void setCursor(MatrixPosition at);
  void click(QPointF at);
  void pick(std::int64_t column);

  // Painting (matrix_draw.cpp, matrix_marks.cpp)
  void drawHint(Painter& painter, const Theme& theme) const;
  void drawAxes(Painter& painter, const Theme& theme) const;
  void drawMarginals(Painter& painter, const Theme& theme) const;
  void drawCaption(Painter& painter, const Theme& theme);
  void drawValues(Painter& painter) const;
  void drawGroups(Painter& painter, const Theme& theme) const;
  void drawFlags(Painter& painter, const Theme& theme) const;
  void drawPins(Painter& painter, const Theme& theme) const;
  void drawCursor(Painter& painter, const Theme& theme) const;
  void drawCellReadOut(Painter& painter, const Theme& theme) const;
  void drawDead(Painter& painter, const Theme& theme) const;
  void drawTokens(Painter& painter, const Theme& theme) const;
  QString tokenTitle(std::int64_t row) const;
  std::vector<ReadOutRow> tokenRows(MatrixPosition at) const;
  QString captionText() const;

  std::shared_ptr<const MatrixContent> m_content;
  std::shared_ptr<const WeightSource> m_source;
  MatrixQuantity m_quantity = MatrixQuantity::Magnitude;
  PoolKind m_pool = PoolKind::Max;
  bool m_isLog = true;
  bool m_showsGroups = true;
  std::optional<MatrixLevels> m_levels;
  ValueRange m_rows, m_columns;  // visible, in elements
  MatrixLayout m_layout;
  Heatmap m_heatmap;
  ColorBar m_bar;
  ValueRange m_extent{0, 0};              // of the colour bar; equal ends = not fitted yet
  std::optional<MatrixRequest> m_wanted;  // last asked for
  bool m_isAnswered = false;              // by a picture that is no preview
  bool m_isPreview = false;
  QString m_problem;
  std::optional<MatrixPosition> m_hover, m_cursor;
  MatrixCell m_cell;
  std::int64_t m_linkedRow = -1, m_linkedColumn = -1;
  std::optional<std::int64_t> m_pinnedRow, m_pinnedColumn;
  QPointF m_pointer, m_dragStart;
  ValueRange m_dragRows, m_dragColumns;
  Drag m_drag = Drag::None;
  bool m_hasFocus = false;
};

}  // namespace ql
