#include "widgets/panels/channel_strip_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/bridge/session.h"
#include "widgets/canvas/read_out.h"

#include <QFontMetricsF>
#include <QMenu>
#include <QStandardItemModel>

#include <algorithm>

namespace ql {

ChannelStripView::ChannelStripView(Session* session, QObject* parent)
    : CanvasView(parent), m_session(session) {
  connect(session->selection(), &Selection::changed, this, &CanvasView::repaint);
}

void ChannelStripView::setTrace(std::shared_ptr<const ChannelTrace> trace) {
  m_trace = std::move(trace);
  if (m_cursor && (!m_trace || *m_cursor >= m_trace->items.size())) m_cursor.reset();
  fitScale();
  layOut();
  emit changed();
  emit cursorMoved();
}

void ChannelStripView::setQuantity(Quantity quantity) {
  m_quantity = quantity;
  fitScale();
  emit changed();
  emit cursorMoved();
}

std::optional<double> ChannelStripView::valueOf(const ChannelTraceItem& item) const {
  const auto real = [](std::optional<float> value) {
    return value ? std::optional<double>(static_cast<double>(*value)) : std::nullopt;
  };
  switch (m_quantity) {
    case Quantity::Weight:
      return static_cast<double>(item.absmax);
    case Quantity::Ratio:
      return item.ratio;
    case Quantity::Gain:
      return real(item.gain);
    case Quantity::Input:
      break;
  }
  return real(item.actAbsmax);
}

QString ChannelStripView::quantityText(Quantity quantity) const {
  switch (quantity) {
    case Quantity::Weight:
      return tr("|W| max");
    case Quantity::Ratio:
      return tr("|W| × median");
    case Quantity::Gain:
      return tr("norm weight |g|");
    case Quantity::Input:
      break;
  }
  return tr("|X| max");
}

void ChannelStripView::fitScale() {
  double low = 0, high = 0;
  for (std::size_t i = 0; m_trace && i < m_trace->items.size(); ++i) {
    const double value = valueOf(m_trace->items[i]).value_or(0);
    high = std::max(high, value);
    if (value > 0 && (low == 0 || value < low)) low = value;
  }
  if (high > 0) m_scale.range = fitted(low, high, AxisScale::Log, 6);
}

void ChannelStripView::layOut() {
  const Model* model = m_session->model();
  if (!model) return;
  const QFontMetricsF font(uiFont(FontRole::Axis));
  double label = 0;
  for (const TensorRole role : model->rolesPresent)
    label = std::max(label, font.horizontalAdvance(QString::fromUtf8(roleName(role))));
  const double left = 8 + label + 6, top = font.height() + 12, bottom = font.height() + 8;
  m_grid = QRectF(left, top, std::max(8.0, size().width() - left - 8),
                  std::max(8.0, size().height() - top - bottom));
  const auto rows = std::max<double>(1, static_cast<double>(model->rolesPresent.size()));
  m_cellWidth = std::min(m_grid.width() / std::max(1, model->blockCount), 32.0);
  m_cellHeight = std::clamp(m_grid.height() / rows, 4.0, 24.0);
}

QRectF ChannelStripView::cell(int row, int block) const {
  return {m_grid.left() + block * m_cellWidth, m_grid.top() + row * m_cellHeight, m_cellWidth, m_cellHeight};
}

const ChannelTraceItem* ChannelStripView::itemAt(QPointF at) const {
  if (!m_trace) return nullptr;
  const auto found =
      std::find_if(m_trace->items.begin(), m_trace->items.end(),
                   [&](const ChannelTraceItem& item) { return cell(item.row, item.block).contains(at); });
  return found == m_trace->items.end() ? nullptr : &*found;
}

void ChannelStripView::draw(Painter& painter, const Theme& theme) {
  if (!m_trace || m_trace->items.empty()) {
    const QString hint = tr("Click a channel to follow it through all blocks.");
    painter.text({8, 8}, painter.elided(hint, size().width() - 16, FontRole::Axis), theme.secondary,
                 FontRole::Axis);
    return;
  }
  drawLabels(painter, theme);
  const double gap = m_cellWidth < 6 ? 0 : 0.5;
  for (const ChannelTraceItem& item : m_trace->items) {
    const QRectF box = cell(item.row, item.block).adjusted(gap, gap, -gap, -gap);
    const std::optional<double> value = valueOf(item);
    painter.fillRect(box, value ? QColor::fromRgb(m_scale.color(*value)) : theme.grid);
    if (m_session->selection()->current() == item.id)
      painter.strokeRect(box.adjusted(-1, -1, 1, 1), {theme.text, 2});
  }
  if (m_cursor && m_hasFocus) {
    const ChannelTraceItem& item = m_trace->items[*m_cursor];
    painter.strokeRect(cell(item.row, item.block).adjusted(-1, -1, 1, 1), {theme.accent, 2});
  }
  drawHover(painter, theme);
}

void ChannelStripView::drawLabels(Painter& painter, const Theme& theme) const {
  const Model& model = *m_session->model();
  const QString title = tr("Channel %1, %2").arg(countText(m_trace->channel), quantityText(m_quantity));
  painter.text({8, 4}, painter.elided(title, size().width() - 16, FontRole::Axis), theme.text,
               FontRole::Axis);
  for (std::size_t row = 0; row < model.rolesPresent.size(); ++row) {
    if (m_cellHeight < 10 && row % 2 == 1) continue;
    const QRectF box = cell(static_cast<int>(row), 0);
    painter.text({m_grid.left() - 6, box.center().y()}, QString::fromUtf8(roleName(model.rolesPresent[row])),
                 theme.secondary, FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
  }
  const double y = cell(static_cast<int>(model.rolesPresent.size()), 0).top() + 3;
  double nextFree = -1e9;
  for (int block = 0; block < model.blockCount; ++block) {
    const QString label = QString::number(block);
    const double half = painter.textSize(label, FontRole::Axis).width() / 2;
    const double x = cell(0, block).center().x();
    if (x - half < nextFree) continue;
    nextFree = x + half + 6;
    painter.text({x, y}, label, theme.secondary, FontRole::Axis, {TextAlign::Center, TextAlign::Top});
  }
}

void ChannelStripView::drawHover(Painter& painter, const Theme& theme) const {
  const ChannelTraceItem* item = itemAt(m_pointer);
  if (!item) return;
  std::vector<ReadOutRow> rows;
  rows.push_back(
      {item->isOutput ? tr("output channel") : tr("input channel"), countText(m_trace->channel), false, {}});
  rows.push_back({tr("|W| max"), valueText(static_cast<double>(item->absmax)), true, theme.weight});
  rows.push_back({tr("× median"), ratioText(item->ratio), false, {}});
  if (item->gain)
    rows.push_back({tr("norm weight |g|"), valueText(static_cast<double>(*item->gain)), false, theme.gain});
  if (item->actAbsmax)
    rows.push_back(
        {tr("|X| max"), valueText(static_cast<double>(*item->actAbsmax)), false, theme.activation});
  const QString name = QString::fromStdString(m_session->model()->linears[item->id].name);
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), name, rows);
}

bool ChannelStripView::handle(const CanvasEvent& event) {
  if (event.type == CanvasEvent::FocusIn || event.type == CanvasEvent::FocusOut) {
    m_hasFocus = event.type == CanvasEvent::FocusIn;
    emit changed();
    return false;
  }
  if (!m_trace) return false;
  if (event.type == CanvasEvent::Key) return handleKey(event);
  if (event.type == CanvasEvent::Move || event.type == CanvasEvent::Leave) {
    m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
    emit changed();
    return true;
  }
  if (event.type != CanvasEvent::Press || event.button != Qt::LeftButton) return false;
  if (const ChannelTraceItem* item = itemAt(event.position)) open(*item);
  return true;
}

void ChannelStripView::open(const ChannelTraceItem& item) {
  const ChannelTraceItem opened = item;  // the selection may replace the trace
  const std::int64_t channel = m_trace->channel;
  m_session->selection()->selectOnly(opened.id);
  opened.isOutput ? m_session->selection()->setRow(channel) : m_session->selection()->setChannel(channel);
}

bool ChannelStripView::handleKey(const CanvasEvent& event) {
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
    case Qt::Key_V:
      setQuantity(static_cast<Quantity>((static_cast<int>(m_quantity) + 1) % 4));
      return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
      if (m_cursor) open(m_trace->items[*m_cursor]);
      return true;
    default:
      return false;
  }
}

// To the nearest cell in that direction; cells of roles that other blocks lack are passed over.
void ChannelStripView::moveCursor(int rows, int blocks) {
  if (m_trace->items.empty()) return;
  if (!m_cursor) {
    m_cursor = 0;
  } else {
    const ChannelTraceItem from = m_trace->items[*m_cursor];
    int best = -1, bestDistance = 1 << 20;
    for (std::size_t i = 0; i < m_trace->items.size(); ++i) {
      const int dr = m_trace->items[i].row - from.row, db = m_trace->items[i].block - from.block;
      const bool isThatWay = rows != 0 ? db == 0 && dr * rows > 0 : dr == 0 && db * blocks > 0;
      const int distance = std::abs(dr) + std::abs(db);
      if (isThatWay && distance < bestDistance) best = static_cast<int>(i), bestDistance = distance;
    }
    if (best >= 0) m_cursor = static_cast<std::size_t>(best);
  }
  emit cursorMoved();
  emit changed();
}

void ChannelStripView::fillMenu(QMenu& menu) {
  for (const Quantity quantity : {Quantity::Weight, Quantity::Ratio, Quantity::Gain, Quantity::Input}) {
    QAction* action = menu.addAction(tr("Show %1").arg(quantityText(quantity)));
    action->setCheckable(true);
    action->setChecked(quantity == m_quantity);
    connect(action, &QAction::triggered, this, [this, quantity] { setQuantity(quantity); });
  }
}

QString ChannelStripView::copyText() const {
  if (!m_trace) return {};
  QString text = tr("linear\tside\tchannel\tabsmax\tx_median\tgain\tact_absmax");
  const auto number = [](std::optional<float> value) { return value ? plainNumber(*value) : QString(); };
  for (const ChannelTraceItem& item : m_trace->items) {
    text += QStringLiteral("\n%1\t%2\t%3\t%4\t%5\t%6\t%7")
                .arg(QString::fromStdString(m_session->model()->linears[item.id].name),
                     item.isOutput ? QStringLiteral("output") : QStringLiteral("input"))
                .arg(m_trace->channel)
                .arg(plainNumber(item.absmax), plainNumber(static_cast<float>(item.ratio)), number(item.gain),
                     number(item.actAbsmax));
  }
  return text;
}

std::unique_ptr<QAbstractItemModel> ChannelStripView::table() const {
  const Model* model = m_session->model();
  if (!model || !m_trace) return nullptr;
  auto table =
      std::make_unique<QStandardItemModel>(static_cast<int>(model->rolesPresent.size()), model->blockCount);
  for (std::size_t row = 0; row < model->rolesPresent.size(); ++row)
    table->setVerticalHeaderItem(static_cast<int>(row),
                                 new QStandardItem(QString::fromUtf8(roleName(model->rolesPresent[row]))));
  for (int block = 0; block < model->blockCount; ++block)
    table->setHorizontalHeaderItem(block, new QStandardItem(tr("block %1").arg(block)));
  for (const ChannelTraceItem& item : m_trace->items)
    if (const auto value = valueOf(item))
      table->setItem(item.row, item.block, new QStandardItem(valueText(*value)));
  return table;
}

QString ChannelStripView::tableTitle() const {
  return m_trace
             ? tr("Channel %1 in all blocks, %2").arg(countText(m_trace->channel), quantityText(m_quantity))
             : QString();
}

QString ChannelStripView::accessibleText() const {
  if (!m_trace) return tr("No channel is followed.");
  if (!m_cursor) return tableTitle();
  const ChannelTraceItem& item = m_trace->items[*m_cursor];
  const std::optional<double> value = valueOf(item);
  return tr("%1. %2: %3.")
      .arg(tableTitle(), QString::fromStdString(m_session->model()->linears[item.id].name),
           value ? valueText(*value) : QString(kDash));
}

}  // namespace ql
