#pragma once
// The errors |Q(W) - W| of one linear under two choices on one canvas: side by side, one after the other, or
// their difference; one zoom and one colour range for both. Knows no session: it says what it wants shown
// (imagesWanted, cellWanted) and CompareMapLoader answers.
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/color_bar.h"
#include "widgets/canvas/heatmap.h"
#include "widgets/panels/compare_choices.h"
#include "widgets/panels/matrix_content.h"

#include <array>
#include <optional>

namespace ql {

enum class CompareMode { SideBySide, Flicker, Difference };
enum CompareMap : std::size_t { kMapA, kMapB, kMapChange };

/// What the pictures are made of; equal requests make equal pictures.
struct CompareRequest {
  CompareMode mode = CompareMode::SideBySide;
  MatrixViewport viewport;
  ColorScale colors;
  bool operator==(const CompareRequest& other) const;
};

/// What the map is about; an empty name = no linear.
struct CompareMapContent {
  QString name;
  std::int64_t out = 0, in = 0;
  std::array<QString, 2> schemes;   // "int8 channel"
  std::array<QString, 2> figures;   // "norm-weighted 90.9 %"; empty while unknown
  std::array<QString, 2> problems;  // one sentence instead of a picture
  bool operator==(const CompareMapContent&) const = default;
};

struct CompareCell {
  std::int64_t row = -1, column = -1;
  float weight = 0;
  std::array<std::optional<float>, 2> quantized;
};

class CompareMapView : public CanvasView {
  Q_OBJECT
 public:
  explicit CompareMapView(QObject* parent = nullptr);

  /// Another linear (fits and forgets everything), or news about the same one.
  void setContent(const CompareMapContent& content);
  const CompareMapContent& content() const { return m_content; }
  void setMode(CompareMode mode);
  CompareMode mode() const { return m_mode; }
  /// Which one the flicker mode shows.
  void setShownSide(CompareSide side);
  CompareSide shownSide() const { return m_side; }
  void setLog(bool isLog);
  bool isLog() const { return m_isLog; }

  // Answers of the loader
  /// Magnitudes both errors are coloured by, and those of their difference; nothing = not known yet.
  void setLevels(std::optional<MatrixLevels> errors, std::optional<MatrixLevels> change);
  void setPictures(const CompareRequest& request, const std::array<HeatmapPicture, 3>& pictures);
  /// The pictures are out of date: ask again (the old ones stay until then).
  void renewPictures();
  void setCell(const CompareCell& cell);
  /// Q(W) - W of A and B, for the table twin and copying; null = an error of zero.
  void setSources(std::array<std::shared_ptr<const WeightSource>, 2> errors, const MatrixRef& matrix);

  void setPinned(std::optional<std::int64_t> row, std::optional<std::int64_t> column);
  void fit();
  const ValueRange& visibleRows() const { return m_rows; }
  const ValueRange& visibleColumns() const { return m_columns; }
  QRectF plot(std::size_t index) const { return m_plots.at(index); }
  std::size_t plotCount() const { return m_mode == CompareMode::SideBySide ? 2 : 1; }
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
  void shown();
  void imagesWanted(const ql::CompareRequest& request);
  void cellWanted(std::int64_t row, std::int64_t column);
  void channelPicked(std::int64_t row, std::int64_t column);
  void scaleKeyPressed();

 protected:
  void resized() override { layOut(); }

 private:
  struct Position {
    std::int64_t row = 0, column = 0;
    bool operator==(const Position&) const = default;
  };
  bool hasElements() const { return !m_content.name.isEmpty() && m_content.out > 0 && m_content.in > 0; }
  bool isChange() const { return m_mode == CompareMode::Difference; }
  const std::optional<MatrixLevels>& levels() const { return isChange() ? m_changeLevels : m_levels; }
  CompareMap mapOf(std::size_t plot) const;
  Axis columnAxis(std::size_t plot) const;
  Axis rowAxis(std::size_t plot) const;
  ValueRange rowLimits() const { return {0, static_cast<double>(m_content.out)}; }
  ValueRange columnLimits() const { return {0, static_cast<double>(m_content.in)}; }
  void layOut();
  void resetRange();
  void requestPictures();
  std::optional<std::size_t> plotAt(QPointF at) const;
  std::optional<Position> elementAt(QPointF at) const;
  std::optional<Position> shownPosition() const { return m_hover ? m_hover : m_cursor; }
  void zoomBy(double factor, QPointF about);
  void setVisible(const ValueRange& rows, const ValueRange& columns);
  void setHover(std::optional<Position> at);
  bool handleMove(const CanvasEvent& event);
  bool handlePress(const CanvasEvent& event);
  bool handleRelease(const CanvasEvent& event);
  bool handleKey(const CanvasEvent& event);
  void moveCursor(std::int64_t down, std::int64_t across);

  void drawPlot(Painter& painter, const Theme& theme, std::size_t plot);
  void drawTitle(Painter& painter, const Theme& theme, std::size_t plot) const;
  void drawPins(Painter& painter, const Theme& theme, std::size_t plot) const;
  void drawCursor(Painter& painter, const Theme& theme, std::size_t plot) const;
  void drawBar(Painter& painter, const Theme& theme);
  void drawHover(Painter& painter, const Theme& theme) const;
  QString captionText() const;

  CompareMapContent m_content;
  CompareMode m_mode = CompareMode::SideBySide;
  CompareSide m_side = CompareSide::A;
  bool m_isLog = true;
  std::optional<MatrixLevels> m_levels, m_changeLevels;
  ValueRange m_rows{0, 1}, m_columns{0, 1};
  std::array<QRectF, 2> m_plots;
  QRectF m_barArea;
  std::array<Heatmap, 3> m_maps;
  ColorBar m_bar;
  ValueRange m_extent{0, 0};
  std::optional<CompareRequest> m_wanted;
  bool m_isAnswered = false;
  std::array<std::shared_ptr<const WeightSource>, 2> m_sources;
  MatrixRef m_matrix;
  CompareCell m_cell;
  std::optional<Position> m_hover, m_cursor;
  std::optional<std::int64_t> m_pinnedRow, m_pinnedColumn;
  QPointF m_pointer, m_dragStart;
  ValueRange m_dragRows, m_dragColumns;
  bool m_isPressed = false, m_isPanning = false;
};

}  // namespace ql
