#include "widgets/panels/tracker_strip_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/axis.h"
#include "widgets/canvas/read_out.h"

#include <QFontMetricsF>
#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {

namespace {

constexpr double kLeastRow = 9, kMostRow = 22, kMostColumn = 84;
constexpr double kWriteMark = 3;  // pixels of the mark before rows that write

}  // namespace

TrackerStripView::TrackerStripView(QObject* parent) : CanvasView(parent) {}

void TrackerStripView::setContent(std::shared_ptr<const TrackerContent> content, const Model* model) {
  m_content = std::move(content);
  m_model = model;
  if (m_cursor && (!isShown() || m_cursor->row >= static_cast<int>(m_content->grid.rows.size()) ||
                   m_cursor->column >= static_cast<int>(m_content->grid.columns.size())))
    m_cursor.reset();
  layOut();
  emit changed();
  emit cursorMoved();
}

void TrackerStripView::setRatios(bool isOn) {
  m_isRatio = isOn;
  emit changed();
}

void TrackerStripView::setHint(const QString& hint) {
  m_hint = hint;
  emit changed();
}

void TrackerStripView::setSettled(bool isSettled) {
  m_isSettled = isSettled;
  if (isSettled) emit settled();
}

void TrackerStripView::setCurrent(std::optional<LinearId> id) {
  m_current = id;
  emit changed();
}

void TrackerStripView::setColumn(int column) {
  if (!isShown() || !m_cursor || column < 0 || column >= static_cast<int>(m_content->grid.columns.size()))
    return;
  const Place to{m_cursor->row, column};
  if (!cellAt(to).isThere) return;
  m_cursor = to;
  emit cursorMoved();
  emit changed();
}

void TrackerStripView::layOut() {
  m_tops.clear();
  m_sections.clear();
  if (!isShown()) return;
  const TrackerGrid& grid = m_content->grid;
  const QFontMetricsF font(uiFont(FontRole::Axis));
  const double s = uiScale();
  double label = 0;
  for (const TrackerRow& row : grid.rows) label = std::max(label, font.horizontalAdvance(row.label));
  m_left = 12 * s + std::min(label, 120 * s) + 10 * s;
  const auto columns = static_cast<double>(grid.columns.size());
  m_cellWidth = std::min(kMostColumn * s, std::max(2.0, (size().width() - m_left - 12 * s) / columns));
  m_headHeight = font.height() + 6 * s;
  int sections = 0;
  for (std::size_t i = 0; i < grid.rows.size(); ++i)
    sections += i == 0 || grid.rows[i].quantity != grid.rows[i - 1].quantity;
  const double room = size().height() - m_headHeight * (sections + 1) - 8 * s;
  m_cellHeight = std::clamp(room / static_cast<double>(grid.rows.size()), kLeastRow * s, kMostRow * s);
  double y = 2 * s;
  for (std::size_t i = 0; i < grid.rows.size(); ++i) {
    if (i == 0 || grid.rows[i].quantity != grid.rows[i - 1].quantity) {
      m_sections.emplace_back(grid.rows[i].quantity, y);
      y += m_headHeight;
    }
    m_tops.push_back(y);
    y += m_cellHeight;
  }
  m_bottom = y;
}

QRectF TrackerStripView::cellRect(Place at) const {
  if (at.row < 0 || at.row >= static_cast<int>(m_tops.size())) return {};
  return {m_left + at.column * m_cellWidth, m_tops[static_cast<std::size_t>(at.row)], m_cellWidth,
          m_cellHeight};
}

const TrackerCell& TrackerStripView::cellAt(Place at) const {
  return m_content->grid.rows[static_cast<std::size_t>(at.row)].cells[static_cast<std::size_t>(at.column)];
}

QString TrackerStripView::nameOf(LinearId id) const {
  return m_model && id < m_model->linears.size() ? QString::fromStdString(m_model->linears[id].name)
                                                 : QString();
}

std::optional<TrackerStripView::Place> TrackerStripView::placeAt(QPointF at) const {
  if (!isShown() || at.x() < m_left) return std::nullopt;
  const int column = static_cast<int>((at.x() - m_left) / m_cellWidth);
  if (column >= static_cast<int>(m_content->grid.columns.size())) return std::nullopt;
  for (std::size_t row = 0; row < m_tops.size(); ++row) {
    const Place place{static_cast<int>(row), column};
    if (cellRect(place).contains(at) && cellAt(place).isThere) return place;
  }
  return std::nullopt;
}

ColorScale TrackerStripView::scaleOf(TrackerQuantity quantity) const {
  const auto& [low, high] =
      (m_isRatio ? m_content->ratioRanges : m_content->valueRanges)[static_cast<std::size_t>(quantity)];
  ColorScale scale;
  scale.range = {low, high, AxisScale::Log, 1};
  return scale;
}

void TrackerStripView::draw(Painter& painter, const Theme& theme) {
  if (!isShown()) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(m_hint, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  for (const auto& [quantity, y] : m_sections) drawSection(painter, theme, quantity, y);
  for (int row = 0; row < static_cast<int>(m_tops.size()); ++row) drawRow(painter, theme, row);
  drawColumns(painter, theme);
  if (m_cursor) {
    const QRectF box = cellRect(*m_cursor);
    painter.strokeRect(box, {m_hasFocus ? theme.accent : theme.outline, 2});
  }
  drawHover(painter, theme);
}

void TrackerStripView::drawSection(Painter& painter, const Theme& theme, TrackerQuantity quantity,
                                   double y) const {
  const double s = uiScale(), middle = y + m_headHeight / 2 + 1;
  const QString title =
      m_isRatio ? (quantity == TrackerQuantity::Share ? tr("%1, × an even share") : tr("%1, × the median"))
                      .arg(quantityName(quantity))
                : quantityName(quantity);
  painter.text({8 * s, middle}, title, theme.text, FontRole::AxisSemibold,
               {TextAlign::Left, TextAlign::Middle});
  // The colours, small: from an ordinary channel to the largest of all.
  const ColorScale scale = scaleOf(quantity);
  const auto label = [&](double value) {
    return !m_isRatio && quantity == TrackerQuantity::Share ? percentText(value) : valueText(value);
  };
  const QString low = label(scale.range.from), high = label(scale.range.to);
  const double barWidth = 64 * s;
  double x = std::max(m_left, 8 * s + painter.textSize(title, FontRole::AxisSemibold).width() + 16 * s);
  painter.text({x, middle}, low, theme.secondary, FontRole::Axis, {TextAlign::Left, TextAlign::Middle});
  x += painter.textSize(low, FontRole::Axis).width() + 6 * s;
  const double step = 1 / painter.devicePixelRatio();
  for (double at = 0; at < barWidth; at += step)
    painter.fillRect({x + at, middle - 4 * s, step, 8 * s},
                     QColor::fromRgb(scale.map->atFraction((at + step / 2) / barWidth)));
  painter.text({x + barWidth + 6 * s, middle}, high, theme.secondary, FontRole::Axis,
               {TextAlign::Left, TextAlign::Middle});
}

void TrackerStripView::drawRow(Painter& painter, const Theme& theme, int row) const {
  const TrackerRow& shown = m_content->grid.rows[static_cast<std::size_t>(row)];
  const double s = uiScale(), top = m_tops[static_cast<std::size_t>(row)];
  const bool isLabelled = m_cellHeight >= 11 * s || row % 2 == 0;
  if (isLabelled)
    painter.text({m_left - 8 * s, top + m_cellHeight / 2},
                 painter.elided(shown.label, m_left - 20 * s, FontRole::Axis), theme.secondary,
                 FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
  if (shown.isWritten)
    painter.fillRect({m_left - 2 - kWriteMark, top + 1, kWriteMark, m_cellHeight - 2}, theme.faint);
  const ColorScale scale = scaleOf(shown.quantity);
  const double gap = m_cellWidth < 6 || m_cellHeight < 8 ? 0.25 : 0.5;
  for (int column = 0; column < static_cast<int>(shown.cells.size()); ++column)
    drawCell(painter, theme, shown, shown.cells[static_cast<std::size_t>(column)],
             cellRect({row, column}).adjusted(gap, gap, -gap, -gap), scale);
}

void TrackerStripView::drawCell(Painter& painter, const Theme& theme, const TrackerRow& row,
                                const TrackerCell& cell, const QRectF& box, const ColorScale& scale) const {
  if (!cell.isThere) return;
  const std::optional<double> value = m_isRatio ? cell.ratio : cell.value;
  if (!value) {  // not measured yet: a quiet field
    painter.fillRect(box, theme.grid);
    return;
  }
  const QColor color = QColor::fromRgb(scale.color(*value));
  painter.fillRect(box, color);
  if (row.quantity == TrackerQuantity::Weight && m_current == cell.id)
    painter.strokeRect(box, {theme.text, 1.5});
  const QString text = trackerText(row.quantity, cell, m_isRatio);
  if (m_cellHeight < 13 * uiScale() || painter.textSize(text, FontRole::Axis).width() + 6 > box.width())
    return;
  painter.text(box.center(), text, contrastText(color), FontRole::Axis,
               {TextAlign::Center, TextAlign::Middle});
}

void TrackerStripView::drawColumns(Painter& painter, const Theme& theme) const {
  double nextFree = -1e9;
  for (std::size_t column = 0; column < m_content->grid.columns.size(); ++column) {
    const QString& label = m_content->grid.columns[column];
    const double half = painter.textSize(label, FontRole::Axis).width() / 2;
    const double x = m_left + (static_cast<double>(column) + 0.5) * m_cellWidth;
    if (x - half < nextFree) continue;
    nextFree = x + half + 6;
    painter.text({x, m_bottom + 3}, label, theme.secondary, FontRole::Axis,
                 {TextAlign::Center, TextAlign::Top});
  }
  painter.text({m_left - 8 * uiScale(), m_bottom + 3}, tr("block"), theme.faint, FontRole::Axis,
               {TextAlign::Right, TextAlign::Top});
}

void TrackerStripView::drawHover(Painter& painter, const Theme& theme) const {
  const std::optional<Place> at = placeAt(m_pointer);
  if (!at) return;
  const TrackerRow& row = m_content->grid.rows[static_cast<std::size_t>(at->row)];
  const TrackerCell& cell = cellAt(*at);
  std::vector<ReadOutRow> lines;
  lines.push_back({cell.isRow ? tr("output channel") : tr("input channel"),
                   countText(m_content->grid.channel),
                   false,
                   {}});
  lines.push_back({quantityName(row.quantity), trackerText(row.quantity, cell, false), true, {}});
  lines.push_back({row.quantity == TrackerQuantity::Share ? tr("× even share") : tr("× median"),
                   trackerText(row.quantity, cell, true),
                   false,
                   {}});
  lines.push_back({tr("Click: its matrix, this channel pinned"), {}, false, {}});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), nameOf(cell.id), lines);
}

bool TrackerStripView::handle(const CanvasEvent& event) {
  switch (event.type) {
    case CanvasEvent::Move:
    case CanvasEvent::Leave:
      m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button != Qt::LeftButton) return false;
      if (const auto at = placeAt(event.position)) {
        m_cursor = at;
        emit cursorMoved();
        emit cursorChanged(at->row, at->column);
        jump(*at);
      }
      return true;
    case CanvasEvent::Key:
      return handleKey(event);
    case CanvasEvent::FocusIn:
    case CanvasEvent::FocusOut:
      m_hasFocus = event.type == CanvasEvent::FocusIn;
      if (m_hasFocus && !m_cursor && isShown()) moveCursor(0, 0);
      emit changed();
      return false;
    default:
      return false;
  }
}

Qt::CursorShape TrackerStripView::cursorShape() const {
  return placeAt(m_pointer) ? Qt::PointingHandCursor : Qt::ArrowCursor;
}

bool TrackerStripView::handleKey(const CanvasEvent& event) {
  if (!isShown()) return false;
  const auto columns = static_cast<int>(m_content->grid.columns.size());
  switch (event.key) {
    case Qt::Key_Left:
      moveCursor(0, -1);
      return true;
    case Qt::Key_Right:
      moveCursor(0, 1);
      return true;
    case Qt::Key_Up:
      moveCursor(-1, 0);
      return true;
    case Qt::Key_Down:
      moveCursor(1, 0);
      return true;
    case Qt::Key_Home:
      moveCursor(0, -columns);
      return true;
    case Qt::Key_End:
      moveCursor(0, columns);
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
      if (m_cursor && cellAt(*m_cursor).isThere) jump(*m_cursor);
      return true;
    default:
      return false;
  }
}

// Stays on cells that exist: a step over an empty one goes on in the same direction, else to the nearest cell
// that lies that way.
void TrackerStripView::moveCursor(int rows, int columns) {
  const TrackerGrid& grid = m_content->grid;
  const auto rowCount = static_cast<int>(grid.rows.size()),
             columnCount = static_cast<int>(grid.columns.size());
  Place at = m_cursor.value_or(Place{std::min(1, rowCount - 1), std::min(1, columnCount - 1)});
  if (m_cursor) {
    Place next = at;
    do {
      next.row += rows > 0 ? 1 : rows < 0 ? -1 : 0;
      next.column += columns > 0 ? 1 : columns < 0 ? -1 : 0;
      if (next.row < 0 || next.row >= rowCount || next.column < 0 || next.column >= columnCount) break;
      if (!cellAt(next).isThere) continue;
      at = next;
      if (std::abs(rows) <= 1 && std::abs(columns) <= 1) break;
    } while (rows != 0 || columns != 0);
    if (at == *m_cursor) at = nearest(rows, columns).value_or(at);
  }
  m_cursor = at;
  emit cursorMoved();
  emit cursorChanged(at.row, at.column);
  emit changed();
}

std::optional<TrackerStripView::Place> TrackerStripView::nearest(int rows, int columns) const {
  const TrackerGrid& grid = m_content->grid;
  std::optional<Place> best;
  int leastAlong = 0, leastAcross = 0;
  for (int row = 0; row < static_cast<int>(grid.rows.size()); ++row)
    for (int column = 0; column < static_cast<int>(grid.columns.size()); ++column) {
      const int dr = row - m_cursor->row, dc = column - m_cursor->column;
      const int along = rows != 0 ? dr * (rows > 0 ? 1 : -1) : dc * (columns > 0 ? 1 : -1);
      const int across = std::abs(rows != 0 ? dc : dr);
      if (along <= 0 || !cellAt({row, column}).isThere) continue;
      if (best && (along > leastAlong || (along == leastAlong && across >= leastAcross))) continue;
      best = Place{row, column};
      leastAlong = along;
      leastAcross = across;
    }
  return best;
}

void TrackerStripView::jump(Place at) {
  const TrackerCell cell = cellAt(at);  // the selection may replace the content
  emit jumpRequested(cell.id, cell.isRow);
}

QString TrackerStripView::copyText() const {
  if (!isShown()) return {};
  QString text = tr("quantity\trole\tblock\tlinear\tside\tchannel\tvalue\tx_median");
  for (const TrackerRow& row : m_content->grid.rows)
    for (std::size_t column = 0; column < row.cells.size(); ++column) {
      const TrackerCell& cell = row.cells[column];
      if (!cell.isThere || !cell.value) continue;
      const QStringList fields{quantityName(row.quantity),
                               row.label,
                               m_content->grid.columns[column],
                               nameOf(cell.id),
                               cell.isRow ? QStringLiteral("output") : QStringLiteral("input"),
                               QString::number(m_content->grid.channel),
                               plainNumber(static_cast<float>(*cell.value)),
                               cell.ratio ? plainNumber(static_cast<float>(*cell.ratio)) : QString()};
      text += QLatin1Char('\n') + fields.join(QLatin1Char('\t'));
    }
  return text;
}

std::unique_ptr<QAbstractItemModel> TrackerStripView::table() const {
  if (!isShown()) return nullptr;
  const TrackerGrid& grid = m_content->grid;
  auto table = std::make_unique<QStandardItemModel>(static_cast<int>(grid.rows.size()),
                                                    static_cast<int>(grid.columns.size()));
  for (std::size_t column = 0; column < grid.columns.size(); ++column) {
    const bool isBlock = column > 0 && column + 1 < grid.columns.size();
    table->setHorizontalHeaderItem(
        static_cast<int>(column),
        new QStandardItem(isBlock ? tr("block %1").arg(grid.columns[column]) : grid.columns[column]));
  }
  for (std::size_t row = 0; row < grid.rows.size(); ++row) {
    const TrackerRow& shown = grid.rows[row];
    table->setVerticalHeaderItem(static_cast<int>(row), new QStandardItem(quantityShortName(shown.quantity) +
                                                                          QLatin1Char(' ') + shown.label));
    for (std::size_t column = 0; column < shown.cells.size(); ++column)
      if (shown.cells[column].isThere)
        table->setItem(static_cast<int>(row), static_cast<int>(column),
                       new QStandardItem(trackerText(shown.quantity, shown.cells[column], m_isRatio)));
  }
  return table;
}

QString TrackerStripView::tableTitle() const {
  return isShown() ? tr("Channel %1 through the network").arg(countText(m_content->grid.channel)) : QString();
}

QString TrackerStripView::accessibleText() const {
  if (!isShown()) return m_hint;
  if (!m_cursor) return tableTitle();
  const TrackerRow& row = m_content->grid.rows[static_cast<std::size_t>(m_cursor->row)];
  const TrackerCell& cell = cellAt(*m_cursor);
  return tr("Channel %1, %2 of %3, block %4: %5, %6 times the median.")
      .arg(countText(m_content->grid.channel), quantityName(row.quantity), row.label,
           m_content->grid.columns[static_cast<std::size_t>(m_cursor->column)],
           trackerText(row.quantity, cell, false), trackerText(row.quantity, cell, true));
}

}  // namespace ql
