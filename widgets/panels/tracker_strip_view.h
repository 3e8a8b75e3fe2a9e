#pragma once
// The strip of the channel tracker: quantity x depth, coloured on a log scale, values in the cells where they
// fit. Every cell leads to its matrix at that column or row.
#include "widgets/canvas/canvas_view.h"
#include "widgets/canvas/colormap.h"
#include "widgets/panels/tracker_grid.h"

#include <memory>
#include <optional>

namespace ql {

/// What both views of the tracker show: made by the panel.
struct TrackerContent {
  std::shared_ptr<const ResidualStream> stream;
  TrackerGrid grid;
  TrackerRanges valueRanges, ratioRanges;
};

class TrackerStripView : public CanvasView {
  Q_OBJECT
 public:
  explicit TrackerStripView(QObject* parent = nullptr);

  void setContent(std::shared_ptr<const TrackerContent> content, const Model* model);
  void setRatios(bool isOn);
  void setHint(const QString& hint);  // shown without content
  void setSettled(bool isSettled);
  void setCurrent(std::optional<LinearId> id);  // outlined

  struct Place {
    int row = 0, column = 0;
    bool operator==(const Place&) const = default;
  };
  std::optional<Place> cursor() const { return m_cursor; }
  /// Moves the cursor along its row, where that has a cell there.
  void setColumn(int column);
  /// Where a cell is painted; for tests. Empty without content.
  QRectF cellRect(Place at) const;

  void draw(Painter& painter, const Theme& theme) override;
  bool handle(const CanvasEvent& event) override;
  Qt::CursorShape cursorShape() const override;
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QString tableTitle() const override;
  QString accessibleText() const override;
  bool isSettled() const override { return m_isSettled; }

 signals:
  void jumpRequested(ql::LinearId id, bool isRow);
  void cursorChanged(int row, int column);

 protected:
  void resized() override { layOut(); }

 private:
  void layOut();
  bool isShown() const { return m_content && !m_content->grid.rows.empty(); }
  const TrackerCell& cellAt(Place at) const;
  QString nameOf(LinearId id) const;
  std::optional<Place> placeAt(QPointF at) const;
  ColorScale scaleOf(TrackerQuantity quantity) const;
  void drawSection(Painter& painter, const Theme& theme, TrackerQuantity quantity, double y) const;
  void drawRow(Painter& painter, const Theme& theme, int row) const;
  void drawCell(Painter& painter, const Theme& theme, const TrackerRow& row, const TrackerCell& cell,
                const QRectF& box, const ColorScale& scale) const;
  void drawColumns(Painter& painter, const Theme& theme) const;
  void drawHover(Painter& painter, const Theme& theme) const;
  bool handleKey(const CanvasEvent& event);
  void moveCursor(int rows, int columns);
  std::optional<Place> nearest(int rows, int columns) const;
  void jump(Place at);

  std::shared_ptr<const TrackerContent> m_content;
  const Model* m_model = nullptr;
  QString m_hint;
  bool m_isRatio = false, m_isSettled = true, m_hasFocus = false;
  std::optional<LinearId> m_current;
  std::optional<Place> m_cursor;
  double m_left = 0, m_cellWidth = 0, m_cellHeight = 0, m_headHeight = 0;
  std::vector<double> m_tops;  // by row
  std::vector<std::pair<TrackerQuantity, double>> m_sections;
  double m_bottom = 0;
  QPointF m_pointer{-1, -1};
};

}  // namespace ql
