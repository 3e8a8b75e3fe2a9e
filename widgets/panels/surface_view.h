#pragma once
// The 3-D view of a max-pooled matrix: rotate by dragging or with the arrows, zoom with the wheel, hover
// names the cell. Knows no session; SurfaceLoader gives it its grid.
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/color_bar.h"
#include "widgets/panels/surface_raster.h"

#include <QTimer>

#include <memory>
#include <optional>

namespace ql {

/// What the surface shows, in words.
struct SurfaceLabels {
  QString name;                                       // of the linear
  QString quantity;                                   // "|W|", "error", "|X|"
  bool isTokens = false;                              // rows are tokens
  std::shared_ptr<const std::vector<QString>> texts;  // of the tokens, by row; null = none
};

class SurfaceView : public CanvasView {
  Q_OBJECT
 public:
  explicit SurfaceView(QObject* parent = nullptr);

  /// Another matrix or quantity: what is shown goes away until setGrid(). `hasTarget` false: nothing to show.
  void setTarget(const SurfaceLabels& labels, bool hasTarget);
  void setGrid(std::shared_ptr<const SurfaceGrid> grid);
  /// One sentence instead of the surface; empty = none.
  void setProblem(const QString& sentence);
  void setLog(bool isLog);
  void setPinned(std::optional<std::int64_t> row, std::optional<std::int64_t> column);

  const SurfaceGrid* grid() const { return m_grid.get(); }
  const SurfaceCamera& camera() const { return m_camera; }
  void setCamera(const SurfaceCamera& camera);
  void fit() { setCamera({}); }
  /// Of heights and colours.
  ValueRange range() const;
  /// Cell under a point of the canvas, as last drawn: its row and column in the grid.
  std::optional<std::pair<int, int>> cellAt(QPointF at) const;
  /// Where the top of a cell lies on the canvas.
  QPointF topOf(int row, int column) const;
  std::optional<std::pair<int, int>> hover() const { return m_hover; }
  QString cellText(int row, int column) const;

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  void fillMenu(QMenu& menu) override;
  QString accessibleText() const override;
  bool isSettled() const override { return !m_isWaiting; }

 signals:
  void shown();            // painted without a grid: only now it needs to be made
  void planeWanted();      // 2
  void modeKeyPressed();   // M
  void scaleKeyPressed();  // L
  void hovered(std::int64_t row, std::int64_t column);  // -1, -1 = left
  void channelPicked(std::optional<std::int64_t> column);

 private:
  enum class Drag { None, Pending, Turn, Pan };
  // surface_view.cpp
  QRectF plotArea() const;
  QRectF boxArea() const;  // what the box is fitted into
  SurfaceProjection projection() const;
  bool handleMove(const CanvasEvent& event);
  bool handleKey(const CanvasEvent& event);
  void zoomBy(double factor, QPointF about);
  void setHover(std::optional<std::pair<int, int>> cell);
  void click();
  QString rowText(int row) const;
  // surface_draw.cpp
  void drawHint(Painter& painter, const Theme& theme, const QString& text) const;
  void drawBox(Painter& painter, const Theme& theme, const SurfaceProjection& box) const;
  void drawAxes(Painter& painter, const Theme& theme, const SurfaceProjection& box) const;
  void drawValueAxis(Painter& painter, const Theme& theme, const SurfaceProjection& box) const;
  void drawMesh(Painter& painter, const SurfaceProjection& box);
  void drawPins(Painter& painter, const Theme& theme, const SurfaceProjection& box) const;
  void drawHover(Painter& painter, const Theme& theme, const SurfaceProjection& box) const;
  void drawBar(Painter& painter, const Theme& theme);
  QPointF vertex(const SurfaceProjection& box, double row, double column) const;

  SurfaceLabels m_labels;
  std::shared_ptr<const SurfaceGrid> m_grid;
  QString m_problem;
  bool m_hasTarget = false, m_isWaiting = false, m_isLog = true;
  SurfaceCamera m_camera;
  std::optional<std::int64_t> m_pinnedRow, m_pinnedColumn;
  std::optional<std::pair<int, int>> m_hover;
  QPointF m_pointer, m_dragStart;
  SurfaceCamera m_dragCamera;
  Drag m_drag = Drag::None;
  ColorBar m_bar;
  QTimer m_still;  // runs while the camera moves: then frames are drawn without smoothing

  /// What m_shown was drawn for.
  struct Drawn {
    const SurfaceGrid* grid = nullptr;
    SurfaceCamera camera;
    ValueRange range;
    QSizeF size;
    double ratio = 0;
    bool isSmooth = false;
    bool operator==(const Drawn&) const = default;
  };
  Drawn m_drawn;
  SurfacePicture m_picture;
  QImage m_shown;
};

}  // namespace ql
