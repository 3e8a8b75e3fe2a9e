#include "widgets/panels/tracker_depth_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kLeft = 56, kTop = 24, kRight = 92, kBottom = 24;
constexpr double kMostDecades = 8;

}  // namespace

void TrackerDepthView::setContent(std::shared_ptr<const TrackerContent> content) {
  m_content = std::move(content);
  layOut();
  emit changed();
  emit cursorMoved();
}

void TrackerDepthView::setRatios(bool isOn) {
  m_isRatio = isOn;
  layOut();
  emit changed();
}

void TrackerDepthView::setCursor(int row, int column) {
  m_row = row;
  m_column = column;
  emit changed();
}

std::optional<double> TrackerDepthView::valueOf(const TrackerRow& row, std::size_t column) const {
  const TrackerCell& cell = row.cells[column];
  return m_isRatio ? cell.ratio : cell.value;
}

void TrackerDepthView::layOut() {
  if (!m_content) return;
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s, std::max(10.0, size().width() - (kLeft + kRight) * s),
                  std::max(10.0, size().height() - (kTop + kBottom) * s));
  double low = INFINITY, high = 0;
  for (const TrackerRow& row : m_content->grid.rows) {
    if (row.quantity == TrackerQuantity::Share) continue;
    for (std::size_t column = 0; column < row.cells.size(); ++column)
      if (const auto value = valueOf(row, column); value && *value > 0 && std::isfinite(*value)) {
        low = std::min(low, *value);
        high = std::max(high, *value);
      }
  }
  if (!(low <= high)) low = high = 1;
  m_x = Axis{{0, static_cast<double>(std::max<std::size_t>(1, m_content->grid.columns.size()))},
             m_plot.left(),
             m_plot.right()};
  m_y = Axis{fitted(low, high, AxisScale::Log, kMostDecades), m_plot.bottom(), m_plot.top()};
}

QColor TrackerDepthView::colorOf(const TrackerRow& row, const Theme& theme) const {
  if (row.quantity == TrackerQuantity::Gain) return theme.gain;
  if (row.quantity == TrackerQuantity::Input) return theme.activation;
  return theme.weight;
}

void TrackerDepthView::draw(Painter& painter, const Theme& theme) {
  if (!isShown()) return;
  const std::vector<double> ticks = valueTicks(m_y, 24 * uiScale());
  drawHorizontalGrid(painter, m_plot, m_y, ticks, {theme.grid});
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6, ticks);
  if (m_column)
    painter.line({xOf(static_cast<std::size_t>(*m_column)), m_plot.top()},
                 {xOf(static_cast<std::size_t>(*m_column)), m_plot.bottom()},
                 {m_hasFocus ? theme.accent : theme.outline});
  const std::vector<TrackerRow>& rows = m_content->grid.rows;
  for (int row = 0; row < static_cast<int>(rows.size()); ++row)
    if (row != m_row) drawCurve(painter, theme, rows[static_cast<std::size_t>(row)], false);
  if (m_row && *m_row < static_cast<int>(rows.size()))
    drawCurve(painter, theme, rows[static_cast<std::size_t>(*m_row)], true);
  drawLegend(painter, theme);
  drawLabels(painter, theme);
  double nextFree = -1e9;
  for (std::size_t column = 0; column < m_content->grid.columns.size(); ++column) {
    const QString& label = m_content->grid.columns[column];
    const double half = painter.textSize(label, FontRole::Axis).width() / 2;
    if (xOf(column) - half < nextFree) continue;
    nextFree = xOf(column) + half + 8;
    painter.text({xOf(column), m_plot.bottom() + 5}, label, theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Top});
  }
  if (m_plot.contains(m_pointer))
    if (const auto column = columnAt(m_pointer.x())) drawReadOutOf(painter, theme, *column);
}

void TrackerDepthView::drawCurve(Painter& painter, const Theme& theme, const TrackerRow& row,
                                 bool isStrong) const {
  if (row.quantity == TrackerQuantity::Share) return;
  const QColor color = isStrong ? colorOf(row, theme) : blend(theme.base, colorOf(row, theme), 0.62);
  Stroke stroke{color, isStrong ? 2.4 : 1.4};
  if (row.isWritten) stroke.dash = 5, stroke.gap = 3;
  const ClipScope clip(painter, m_plot.adjusted(-3, -3, 3, 3));
  std::vector<QPointF> points;
  for (std::size_t column = 0; column < row.cells.size(); ++column) {
    const auto value = valueOf(row, column);
    if (!value || !std::isfinite(*value)) continue;
    points.emplace_back(xOf(column), *value > 0
                                         ? std::clamp(m_y.toPixel(*value), m_plot.top(), m_plot.bottom())
                                         : m_plot.bottom());
  }
  if (points.size() > 1) painter.polyline(points, stroke);
  if (m_x.pixelsPerUnit() > 14 || points.size() < 2)
    for (const QPointF& point : points) painter.fillCircle(point, isStrong ? 3 : 2, color);
}

void TrackerDepthView::drawLegend(Painter& painter, const Theme& theme) const {
  struct Entry {
    QString text;
    QColor color;
    bool isDashed;
  };
  const Entry entries[] = {{tr("|W| read"), theme.weight, false},
                           {tr("|W| written"), theme.weight, true},
                           {tr("norm weight |g|"), theme.gain, false},
                           {tr("|X|"), theme.activation, false}};
  double x = m_plot.left();
  const double y = m_plot.top() - 13 * uiScale();
  for (const Entry& entry : entries) {
    Stroke stroke{entry.color, 2};
    if (entry.isDashed) stroke.dash = 4, stroke.gap = 2;
    painter.line({x, y}, {x + 16, y}, stroke);
    painter.text({x + 21, y}, entry.text, theme.secondary, FontRole::Axis,
                 {TextAlign::Left, TextAlign::Middle});
    x += 21 + painter.textSize(entry.text, FontRole::Axis).width() + 14;
  }
  painter.text({m_plot.right() + (kRight - 8) * uiScale(), y},
               m_isRatio ? tr("× the median, log") : tr("largest value, log"), theme.faint, FontRole::Axis,
               {TextAlign::Right, TextAlign::Middle});
}

// Names at the right ends, moved apart where they would touch.
void TrackerDepthView::drawLabels(Painter& painter, const Theme& theme) const {
  struct Label {
    double y;
    QString text;
    QColor color;
    bool isStrong;
  };
  std::vector<Label> labels;
  const std::vector<TrackerRow>& rows = m_content->grid.rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].quantity == TrackerQuantity::Share || rows[i].cells.size() < 3) continue;
    const auto value = valueOf(rows[i], rows[i].cells.size() - 2);  // of the last block
    if (!value || !(*value > 0)) continue;
    const bool isStrong = m_row == static_cast<int>(i);
    QString text = rows[i].label;
    if (rows[i].quantity != TrackerQuantity::Weight)
      text = quantityShortName(rows[i].quantity) + QLatin1Char(' ') + text;
    labels.push_back({m_y.toPixel(*value), text, colorOf(rows[i], theme), isStrong});
  }
  const double line = painter.lineHeight(FontRole::Axis) - 1;
  // Lines of one colour that end together share a label: "q, k, v".
  std::vector<Label> joined;
  for (const Label& label : labels) {
    const auto near = std::find_if(joined.begin(), joined.end(), [&](const Label& other) {
      return other.color == label.color && std::abs(other.y - label.y) < line;
    });
    if (near == joined.end()) {
      joined.push_back(label);
      continue;
    }
    near->text += QStringLiteral(", ") + label.text;
    near->isStrong = near->isStrong || label.isStrong;
  }
  std::sort(joined.begin(), joined.end(), [](const Label& a, const Label& b) { return a.y < b.y; });
  double nextFree = m_plot.top();
  for (Label& label : joined) {
    label.y = std::max(label.y, nextFree);
    nextFree = label.y + line;
  }
  double lastFree = m_plot.bottom();  // and back up, where they ran out below
  for (auto label = joined.rbegin(); label != joined.rend(); ++label) {
    label->y = std::min(label->y, lastFree);
    lastFree = label->y - line;
  }
  const double x = xOf(m_content->grid.columns.size() - 1) + 6;
  for (const Label& label : joined)
    if (label.y >= m_plot.top() - line)
      painter.text({x, label.y}, painter.elided(label.text, size().width() - x - 4, FontRole::Axis),
                   label.color, label.isStrong ? FontRole::AxisSemibold : FontRole::Axis,
                   {TextAlign::Left, TextAlign::Middle});
}

std::optional<int> TrackerDepthView::columnAt(double x) const {
  const auto count = static_cast<double>(m_content->grid.columns.size());
  const double column = std::floor(m_x.toValue(x));
  if (column < 0 || column >= count) return std::nullopt;
  return static_cast<int>(column);
}

void TrackerDepthView::drawReadOutOf(Painter& painter, const Theme& theme, int column) const {
  std::vector<ReadOutRow> lines;
  for (const TrackerRow& row : m_content->grid.rows) {
    const TrackerCell& cell = row.cells[static_cast<std::size_t>(column)];
    if (!cell.value || row.quantity == TrackerQuantity::Share) continue;
    lines.push_back({quantityShortName(row.quantity) + QLatin1Char(' ') + row.label,
                     trackerText(row.quantity, cell, m_isRatio), false, colorOf(row, theme)});
  }
  const QString& name = m_content->grid.columns[static_cast<std::size_t>(column)];
  const bool isBlock = column > 0 && column + 1 < static_cast<int>(m_content->grid.columns.size());
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()),
              isBlock ? tr("channel %1, block %2").arg(countText(m_content->grid.channel), name)
                      : tr("channel %1, %2").arg(countText(m_content->grid.channel), name),
              lines);
}

bool TrackerDepthView::handle(const CanvasEvent& event) {
  if (!isShown()) return false;
  const auto last = static_cast<int>(m_content->grid.columns.size()) - 1;
  const auto move = [this](int column) {
    m_column = column;
    emit columnChanged(column);
    emit cursorMoved();
    emit changed();
  };
  switch (event.type) {
    case CanvasEvent::Move:
    case CanvasEvent::Leave:
      m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button != Qt::LeftButton) return false;
      if (const auto column = columnAt(event.position.x())) move(*column);
      return true;
    case CanvasEvent::FocusIn:
    case CanvasEvent::FocusOut:
      m_hasFocus = event.type == CanvasEvent::FocusIn;
      emit changed();
      return false;
    case CanvasEvent::Key:
      if (event.key == Qt::Key_Left || event.key == Qt::Key_Right) {
        const int step = event.key == Qt::Key_Left ? -1 : 1;
        move(m_column ? std::clamp(*m_column + step, 0, last) : 0);
        return true;
      }
      if (event.key == Qt::Key_Home || event.key == Qt::Key_End) {
        move(event.key == Qt::Key_Home ? 0 : last);
        return true;
      }
      return false;
    default:
      return false;
  }
}

QString TrackerDepthView::copyText() const {
  if (!isShown()) return {};
  QString text = tr("depth");
  const std::vector<TrackerRow>& rows = m_content->grid.rows;
  for (const TrackerRow& row : rows)
    text += QLatin1Char('\t') + quantityShortName(row.quantity) + QLatin1Char(' ') + row.label;
  for (std::size_t column = 0; column < m_content->grid.columns.size(); ++column) {
    text += QLatin1Char('\n') + m_content->grid.columns[column];
    for (const TrackerRow& row : rows) {
      const auto value = valueOf(row, column);
      text += QLatin1Char('\t') + (value ? plainNumber(static_cast<float>(*value)) : QString());
    }
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> TrackerDepthView::table() const {
  if (!isShown()) return nullptr;
  const TrackerGrid& grid = m_content->grid;
  auto table = std::make_unique<QStandardItemModel>(static_cast<int>(grid.columns.size()),
                                                    static_cast<int>(grid.rows.size()));
  for (std::size_t column = 0; column < grid.columns.size(); ++column)
    table->setVerticalHeaderItem(static_cast<int>(column), new QStandardItem(grid.columns[column]));
  for (std::size_t row = 0; row < grid.rows.size(); ++row) {
    const TrackerRow& shown = grid.rows[row];
    table->setHorizontalHeaderItem(
        static_cast<int>(row),
        new QStandardItem(quantityShortName(shown.quantity) + QLatin1Char(' ') + shown.label));
    for (std::size_t column = 0; column < shown.cells.size(); ++column)
      if (shown.cells[column].isThere)
        table->setItem(static_cast<int>(column), static_cast<int>(row),
                       new QStandardItem(trackerText(shown.quantity, shown.cells[column], m_isRatio)));
  }
  return table;
}

QString TrackerDepthView::tableTitle() const {
  return m_content ? tr("Channel %1 along the depth").arg(countText(m_content->grid.channel)) : QString();
}

QString TrackerDepthView::accessibleText() const {
  if (!isShown() || !m_column) return tableTitle();
  QStringList parts;
  for (const TrackerRow& row : m_content->grid.rows) {
    const TrackerCell& cell = row.cells[static_cast<std::size_t>(*m_column)];
    if (cell.value && row.quantity != TrackerQuantity::Share)
      parts << quantityShortName(row.quantity) + QLatin1Char(' ') + row.label + QLatin1Char(' ') +
                   trackerText(row.quantity, cell, m_isRatio);
  }
  return tr("%1, %2: %3")
      .arg(tableTitle(), m_content->grid.columns[static_cast<std::size_t>(*m_column)],
           parts.join(QStringLiteral(", ")));
}

}  // namespace ql
