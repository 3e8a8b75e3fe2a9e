#pragma once
// What the three plots of the Salience page share: a frame with one or two value axes, curves that lose no
// peak, zoom and pan along the ranks, a legend, and a table of numbers as their twin.
#include "widgets/canvas/axis.h"
#include "widgets/canvas/canvas_view.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ql {

/// Rows of numbers under titles; NaN shows as a dash.
class NumberTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  struct Column {
    QString title;
    std::vector<double> values;
    bool isCount = false;    // a whole number
    bool isPercent = false;  // a fraction
  };
  explicit NumberTableModel(std::vector<Column> columns) : m_columns(std::move(columns)) {}
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  /// Tab-separated with a line of titles; numbers as files have them.
  QString copyText() const;

 private:
  std::vector<Column> m_columns;
};

class SaliencePlot : public CanvasView {
  Q_OBJECT
 public:
  using CanvasView::CanvasView;
  /// Shown when there is nothing to draw.
  void setHint(const QString& hint);
  const QString& hint() const { return m_hint; }
  void setSettled(bool isSettled);
  bool isSettled() const override { return m_isSettled; }
  QString copyText() const override;
  std::unique_ptr<QAbstractItemModel> table() const override;
  QRectF plot() const { return m_plot; }
  const Axis& xAxis() const { return m_x; }

 protected:
  struct LegendEntry {
    QString label;
    QColor color;
    Stroke stroke = {};
  };
  void resized() override { layOut(); }
  void layOut();
  void setRightAxis(bool hasRight);
  /// The table twin's columns; empty = no table.
  virtual std::vector<NumberTableModel::Column> tableColumns() const = 0;

  void drawHint(Painter& painter, const Theme& theme) const;
  void drawFrame(Painter& painter, const Theme& theme, const std::vector<double>& bottomTicks,
                 const QString& bottomTitle, const TickLabel& leftLabel = {},
                 const TickLabel& bottomLabel = {}) const;
  void drawRightAxis(Painter& painter, const QColor& color, const TickLabel& label = {}) const;
  void drawLegend(Painter& painter, const Theme& theme, const std::vector<LegendEntry>& entries) const;
  /// Values by rank: index i at x = i + 0.5.
  void drawRanked(Painter& painter, const Axis& y, std::span<const double> values,
                  const Stroke& stroke) const;
  /// A vertical line with a handle below the plot that can be dragged.
  void drawHandle(Painter& painter, const Theme& theme, double x, bool isHot) const;

  /// Wheel, middle button, double click and F zoom and pan the ranks. True when used.
  bool handleZoom(const CanvasEvent& event, const ValueRange& all);
  std::optional<std::size_t> rankAt(double x, std::size_t count) const;

  QRectF m_plot;
  Axis m_x, m_y, m_right;
  QPointF m_pointer{-1, -1};
  bool m_hasFocus = false;

 private:
  QString m_hint;
  std::optional<QPointF> m_panFrom;
  bool m_hasRight = false, m_isSettled = true;
};

/// A damping or threshold as people set it, three digits: "0.01", "5.45".
QString settingText(double value);
/// "50 %" for ticks.
QString percentTick(double fraction);

/// A log range over the positive values; 1 alone when there are none.
ValueRange logRangeOf(std::span<const double> values, double maxDecades);

}  // namespace ql
