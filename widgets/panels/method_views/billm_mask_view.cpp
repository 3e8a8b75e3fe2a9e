#include "widgets/panels/method_views/billm_mask_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"

#include <QStringList>

#include <algorithm>

namespace ql {

namespace {

constexpr double kLeft = 44, kTop = 28, kBottom = 34, kRight = 12;
constexpr BillmPart kShown[] = {BillmPart::Salient, BillmPart::Dense, BillmPart::Sparse};

std::int64_t firstOf(std::int64_t tile, std::int64_t tiles, std::int64_t size) {
  return (tile * size + tiles - 1) / tiles;
}

QString spanText(std::int64_t tile, std::int64_t tiles, std::int64_t size) {
  const std::int64_t first = firstOf(tile, tiles, size), last = firstOf(tile + 1, tiles, size) - 1;
  if (first == last) return countText(first);
  return QStringLiteral("%1 %2 %3").arg(countText(first)).arg(kDash).arg(countText(last));
}

QRgb mixed(const std::array<QColor, 3>& colors, std::array<int, 3> shares) {
  const int all = std::max(1, shares[0] + shares[1] + shares[2]);
  const auto channel = [&](auto part) {
    int sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += part(colors[i]) * shares[i];
    return sum / all;
  };
  return qRgb(channel([](const QColor& c) { return c.red(); }),
              channel([](const QColor& c) { return c.green(); }),
              channel([](const QColor& c) { return c.blue(); }));
}

}  // namespace

BillmMaskView::BillmMaskView(Selection* selection, QObject* parent)
    : CanvasView(parent), m_selection(selection) {
  connect(selection, &Selection::channelChanged, this, &CanvasView::repaint);
  connect(selection, &Selection::hoverChanged, this, &CanvasView::repaint);
}

void BillmMaskView::setState(std::shared_ptr<const BillmState> state) {
  m_state = std::move(state);
  m_isImageDark.reset();
  m_image = {};
  layOut();
  emit changed();
  if (m_state) emit settled();
}

void BillmMaskView::setHint(const QString& hint) {
  if (hint == m_hint) return;
  m_hint = hint;
  emit changed();
}

void BillmMaskView::layOut() {
  const double s = uiScale();
  m_plot = QRectF(kLeft * s, kTop * s, std::max(10.0, size().width() - (kLeft + kRight) * s),
                  std::max(10.0, size().height() - (kTop + kBottom) * s));
  m_x = {{0, m_state ? static_cast<double>(m_state->report.in) : 1.0}, m_plot.left(), m_plot.right()};
  m_y = {{0, m_state ? static_cast<double>(m_state->report.out) : 1.0}, m_plot.top(), m_plot.bottom()};
}

void BillmMaskView::paintImage(const Theme& theme) {
  if (m_isImageDark == theme.isDark) return;
  m_isImageDark = theme.isDark;
  const BillmMaskTiles& tiles = m_state->tiles;
  std::array<QColor, 3> colors;
  for (std::size_t i = 0; i < 3; ++i) colors[i] = billmColor(kShown[i], theme);
  m_image = QImage(static_cast<int>(tiles.columns), static_cast<int>(tiles.rows), QImage::Format_RGB32);
  for (int row = 0; row < m_image.height(); ++row) {
    auto* line = reinterpret_cast<QRgb*>(m_image.scanLine(row));
    for (int column = 0; column < m_image.width(); ++column) {
      const auto at = static_cast<std::size_t>(row) * static_cast<std::size_t>(tiles.columns) +
                      static_cast<std::size_t>(column);
      const std::array<int, 3> shares{tiles.salient[at], tiles.dense[at], tiles.sparse[at]};
      line[column] = shares == std::array<int, 3>{} ? theme.nan.rgb() : mixed(colors, shares);
    }
  }
}

void BillmMaskView::draw(Painter& painter, const Theme& theme) {
  if (!m_state) {
    painter.text({size().width() / 2, size().height() / 2},
                 painter.elided(m_hint, size().width() - 24, FontRole::Body), theme.secondary, FontRole::Body,
                 {TextAlign::Center, TextAlign::Middle});
    return;
  }
  paintImage(theme);
  painter.image(m_plot, m_image);
  drawBlocks(painter, theme);
  painter.strokeRect(m_plot, {theme.line});
  const double s = uiScale();
  drawBottomAxis(painter, theme, m_x, m_plot.bottom() + 4 * s, indexTicks(m_x, 48 * s));
  drawLeftAxis(painter, theme, m_y, m_plot.left() - 6 * s, indexTicks(m_y, 26 * s));
  painter.text({m_plot.center().x(), size().height() - 2 * s}, tr("input channel"), theme.secondary,
               FontRole::Axis, {TextAlign::Center, TextAlign::Bottom});
  const auto mark = [&](std::int64_t channel, const QColor& color) {
    if (channel < 0 || channel >= m_state->report.in) return;
    const double x = m_x.toPixel(static_cast<double>(channel) + 0.5);
    painter.line({x, m_plot.top()}, {x, m_plot.bottom()}, {color});
  };
  if (m_selection->channel()) mark(*m_selection->channel(), theme.accent);
  if (!m_plot.contains(m_pointer)) mark(m_selection->hoverChannel(), theme.text);
  drawLegend(painter, theme);
  drawHover(painter, theme);
}

void BillmMaskView::drawLegend(Painter& painter, const Theme& theme) const {
  const double s = uiScale(), y = m_plot.top() - 12 * s;
  double x = m_plot.left();
  const auto entry = [&](const QString& name, const QColor& color) {
    const QRectF swatch(x, y - 5 * s, 10 * s, 10 * s);
    painter.fillRect(swatch, color);
    painter.strokeRect(swatch, {theme.outline});
    painter.text({x + 15 * s, y}, name, theme.secondary, FontRole::Axis,
                 {TextAlign::Left, TextAlign::Middle});
    x += 29 * s + painter.textSize(name, FontRole::Axis).width();
  };
  for (const BillmPart part : kShown) entry(billmPartName(part), billmColor(part, theme));
  if (m_state->report.nonFinite > 0) entry(tr("not finite"), theme.nan);
}

/// Where a block ends, as ticks above the matrix, unless they would touch.
void BillmMaskView::drawBlocks(Painter& painter, const Theme& theme) const {
  const auto& blocks = m_state->report.blocks;
  if (blocks.empty() || m_plot.width() / static_cast<double>(blocks.size()) < 6) return;
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    const double x = m_x.toPixel(static_cast<double>(blocks[i].begin));
    painter.line({x, m_plot.top() - 5 * uiScale()}, {x, m_plot.top()}, {theme.secondary});
  }
}

std::optional<BillmMaskView::Tile> BillmMaskView::tileAt(QPointF at) const {
  if (!m_state || !m_plot.contains(at)) return std::nullopt;
  const auto tile = [](double fraction, std::int64_t tiles) {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(fraction * static_cast<double>(tiles)), 0,
                                    tiles - 1);
  };
  return Tile{tile((at.y() - m_plot.top()) / m_plot.height(), m_state->tiles.rows),
              tile((at.x() - m_plot.left()) / m_plot.width(), m_state->tiles.columns)};
}

void BillmMaskView::drawHover(Painter& painter, const Theme& theme) const {
  const auto tile = tileAt(m_pointer);
  if (!tile) return;
  const BillmReport& report = m_state->report;
  const BillmMaskTiles& tiles = m_state->tiles;
  const auto at = static_cast<std::size_t>(tile->row * tiles.columns + tile->column);
  const std::int64_t channel = firstOf(tile->column, tiles.columns, report.in);
  const auto block = std::ranges::find_if(
      report.blocks, [&](const BillmBlock& b) { return channel >= b.begin && channel < b.end; });
  std::vector<ReadOutRow> rows{{tr("rows"), spanText(tile->row, tiles.rows, report.out)},
                               {tr("channels"), spanText(tile->column, tiles.columns, report.in)}};
  const std::uint8_t shares[] = {tiles.salient[at], tiles.dense[at], tiles.sparse[at]};
  for (std::size_t i = 0; i < 3; ++i)
    rows.push_back({billmPartName(kShown[i]), percentText(shares[i] / 255.0), shares[i] > 127,
                    billmColor(kShown[i], theme)});
  if (block != report.blocks.end()) {
    rows.push_back(
        {tr("block of channels"),
         QStringLiteral("%1 %2 %3").arg(countText(block->begin)).arg(kDash).arg(countText(block->end - 1))});
    rows.push_back({tr("salient in it"), countText(static_cast<std::int64_t>(block->salient.size()))});
    rows.push_back({report.options.isPaper || !report.options.isHessian ? tr("break point of |w|")
                                                                        : tr("break point of salience"),
                    valueText(static_cast<double>(block->breakPoint))});
  }
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), tr("parts of the weights"), rows);
}

bool BillmMaskView::handle(const CanvasEvent& event) {
  if (!m_state) return false;
  const auto channel = [&] {
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(m_x.toValue(event.position.x())), 0,
                                    m_state->report.in - 1);
  };
  switch (event.type) {
    case CanvasEvent::Move:
      m_pointer = event.position;
      m_selection->setHover(-1, m_plot.contains(m_pointer) ? channel() : -1);
      emit changed();
      return true;
    case CanvasEvent::Press:
      if (event.button != Qt::LeftButton || !m_plot.contains(event.position)) return false;
      m_selection->setChannel(channel());
      return true;
    case CanvasEvent::Leave:
      m_pointer = {-1, -1};
      m_selection->setHover(-1, -1);
      emit changed();
      return true;
    default:
      return false;
  }
}

QString BillmMaskView::copyText() const {
  if (!m_state) return {};
  QStringList lines{tr("first channel\tlast channel\tsalient columns\tbreak point")};
  for (const BillmBlock& block : m_state->report.blocks)
    lines << QStringLiteral("%1\t%2\t%3\t%4")
                 .arg(block.begin)
                 .arg(block.end - 1)
                 .arg(block.salient.size())
                 .arg(plainNumber(block.breakPoint));
  return lines.join(QLatin1Char('\n'));
}

QString BillmMaskView::accessibleText() const {
  if (!m_state) return m_hint;
  const BillmReport& report = m_state->report;
  double weights = 0;
  for (const BillmPartFigures& part : report.parts) weights += static_cast<double>(part.count);
  const auto share = [&](BillmPart part) {
    return percentText(weights > 0
                           ? static_cast<double>(report.parts[static_cast<std::size_t>(part)].count) / weights
                           : 0.0);
  };
  return tr("Parts over the matrix: %1 salient, %2 dense, %3 sparse")
      .arg(share(BillmPart::Salient), share(BillmPart::Dense), share(BillmPart::Sparse));
}

}  // namespace ql
