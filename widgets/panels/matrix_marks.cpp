// What lies over the matrix: group boundaries, outlier labels, pins, the cursor with its read-out.
#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"
#include "widgets/panels/matrix_view.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kLeastGroup = 6;  // pixels between boundaries; closer ones are not drawn

// Boundaries inside the visible span, nothing when they would be too dense.
std::vector<double> boundaries(const Axis& axis, std::int64_t step, std::int64_t all) {
  std::vector<double> edges;
  if (step <= 0 || step >= all || axis.pixelsPerUnit() * static_cast<double>(step) < kLeastGroup)
    return edges;
  const double size = static_cast<double>(step);
  for (double edge = std::ceil(axis.range.from / size) * size; edge <= axis.range.to; edge += size)
    if (edge > 0 && edge < static_cast<double>(all)) edges.push_back(edge);
  return edges;
}

struct FlagCluster {
  std::vector<std::int64_t> columns;
  double first = 0, last = 0;  // pixels
};

/// The token's text on one line: line ends and tabs as signs.
QString onOneLine(QString text) {
  return text.remove(QLatin1Char('\r'))
      .replace(QLatin1Char('\n'), QChar(0x21b5))
      .replace(QLatin1Char('\t'), QChar(0x21e5));
}

/// The token's text with visible blanks, or where it stands.
QString tokenLabel(const TokenRowsPicture& tokens, std::size_t row) {
  const TokenSample& sample = tokens.stats->sample;
  QString text = tokens.texts[row];
  if (text.isEmpty()) return QStringLiteral("%1:%2").arg(sample.windows[row]).arg(sample.positions[row]);
  text = onOneLine(text);
  return text.trimmed().isEmpty() ? QStringLiteral("␣") : text.trimmed();
}

QString clusterText(const FlagCluster& cluster) {
  QStringList numbers;
  for (const std::int64_t column : cluster.columns) {
    if (numbers.size() == 4) {
      numbers << QStringLiteral("…");
      break;
    }
    numbers << countText(column);
  }
  return numbers.join(QLatin1String(", "));
}

}  // namespace

// The text of each token beside its row, as many as there is room for; the first of each window in accent.
void MatrixView::drawTokens(Painter& painter, const Theme& theme) const {
  const TokenRowsPicture& tokens = *m_content->tokens;
  const TokenSample& sample = tokens.stats->sample;
  const Axis rows = rowAxis();
  const QRectF& plot = m_layout.plot;
  const double line = painter.lineHeight(FontRole::Axis);
  const double left = m_layout.hasRowTitle ? 4 * uiScale() + line : 4 * uiScale();
  const double room = plot.left() - 8 * uiScale() - left;
  double next = plot.top() - line / 2;
  const auto first = static_cast<std::int64_t>(std::max(0.0, std::floor(rows.range.from)));
  for (std::int64_t row = first; row < sample.count() && static_cast<double>(row) < rows.range.to; ++row) {
    const auto at = static_cast<std::size_t>(row);
    const double y = rows.toPixel(static_cast<double>(row) + 0.5);
    const bool isFirst = sample.positions[at] == 0;
    if (isFirst && y >= plot.top())
      painter.fillRect(QRectF(plot.left() - 6 * uiScale(), y - 2, 4 * uiScale(), 4), theme.activation);
    if (y < next || y > plot.bottom()) continue;
    next = y + line;
    painter.text(
        {plot.left() - 8 * uiScale(), y}, painter.elided(tokenLabel(tokens, at), room, FontRole::Axis),
        isFirst ? theme.activation : theme.secondary, FontRole::Axis, {TextAlign::Right, TextAlign::Middle});
  }
}

void MatrixView::drawGroups(Painter& painter, const Theme& theme) const {
  if (!m_showsGroups) return;
  const Axis columns = columnAxis(), rows = rowAxis();
  const QRectF& plot = m_layout.plot;
  const Stroke dotted{QColor(255, 255, 255, 150), 1, 2, 4};
  const ClipScope clip(painter, plot.adjusted(0, -6, 6, 0));
  drawVerticalGrid(painter, plot, columns, boundaries(columns, m_content->groupColumns, m_content->in),
                   dotted);
  drawHorizontalGrid(painter, plot, rows, boundaries(rows, m_content->groupRows, m_content->out), dotted);
  const auto at = shownPosition();
  if (!at) return;
  if (m_content->groupColumns > 0) {
    const double size = static_cast<double>(m_content->groupColumns);
    const double begin = std::floor(static_cast<double>(at->column) / size) * size;
    const double left = std::max(plot.left(), columns.toPixel(begin));
    const double right = std::min(plot.right(), columns.toPixel(std::min(begin + size, columnLimits().to)));
    painter.fillRect(QRectF(left, m_layout.groupBar.top(), right - left, m_layout.groupBar.height()),
                     theme.accent);
  }
  if (m_content->groupRows > 0) {
    const double size = static_cast<double>(m_content->groupRows);
    const double begin = std::floor(static_cast<double>(at->row) / size) * size;
    const double top = std::max(plot.top(), rows.toPixel(begin));
    const double bottom = std::min(plot.bottom(), rows.toPixel(std::min(begin + size, rowLimits().to)));
    painter.fillRect(QRectF(plot.right() + 1, top, m_layout.groupBar.height(), bottom - top), theme.accent);
  }
}

// The outlier channels of the findings, named beside their spikes: "18", "26, 30".
void MatrixView::drawFlags(Painter& painter, const Theme& theme) const {
  if (m_layout.top.isNull() || m_content->flaggedColumns.empty()) return;
  const Axis axis = columnAxis();
  const QRectF& area = m_layout.top;
  const double gap = 4 * uiScale(), halfCell = axis.pixelsPerUnit() / 2;
  const double together = painter.textSize(QStringLiteral("0000"), FontRole::AxisSemibold).width();
  std::vector<FlagCluster> clusters;
  for (const std::int64_t column : m_content->flaggedColumns) {
    const double x = axis.toPixel(static_cast<double>(column) + 0.5);
    if (x < area.left() || x > area.right()) continue;
    painter.fillRect(QRectF(x - 1.5, area.top() - 4 * uiScale(), 3, 3), theme.finding);
    if (clusters.empty() || x - clusters.back().last > together) clusters.push_back({{}, x - halfCell, x});
    clusters.back().columns.push_back(column);
    clusters.back().last = x + halfCell;
  }
  double taken = area.left();
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const FlagCluster& cluster = clusters[i];
    const QString text = clusterText(cluster);
    const double width = painter.textSize(text, FontRole::AxisSemibold).width();
    const double next = i + 1 < clusters.size() ? clusters[i + 1].first - gap : area.right();
    double left = cluster.last + gap;  // right of the spikes if there is room, else left of them
    if (left + width > next) left = cluster.first - gap - width;
    if (left < taken) continue;
    painter.text({left, area.top() - 4 * uiScale()}, text, theme.finding, FontRole::AxisSemibold);
    taken = std::max(left + width, cluster.last) + gap;
  }
}

// Columns whose input was always zero: their salience is 0 whatever the weights are.
void MatrixView::drawDead(Painter& painter, const Theme& theme) const {
  if (!m_content->salience) return;
  const Axis columns = columnAxis();
  const QRectF& plot = m_layout.plot;
  const ClipScope clip(painter, plot);
  for (const std::int64_t column : m_content->salience->dead) {
    const double left = columns.toPixel(static_cast<double>(column));
    const double right = columns.toPixel(static_cast<double>(column) + 1);
    if (right < plot.left() || left > plot.right()) continue;
    const QRectF area(left, plot.top(), std::max(1.0, right - left), plot.height());
    painter.hatch(area, {theme.faint}, 6 * uiScale());
  }
}

void MatrixView::drawPins(Painter& painter, const Theme& theme) const {
  const QRectF& plot = m_layout.plot;
  const double s = 5 * uiScale();
  if (m_pinnedColumn && *m_pinnedColumn < m_content->in) {
    const double x = columnAxis().toPixel(static_cast<double>(*m_pinnedColumn) + 0.5);
    if (x >= plot.left() && x <= plot.right()) {
      painter.line({x, plot.top()}, {x, plot.bottom()}, {QColor(255, 255, 255, 90)});
      painter.fillTriangle({x, plot.bottom()}, {x + s, plot.bottom() + s}, {x - s, plot.bottom() + s},
                           theme.accent);
    }
  }
  if (m_pinnedRow && !m_content->tokens && *m_pinnedRow < m_content->out) {
    const double y = rowAxis().toPixel(static_cast<double>(*m_pinnedRow) + 0.5);
    if (y >= plot.top() && y <= plot.bottom()) {
      painter.line({plot.left(), y}, {plot.right(), y}, {QColor(255, 255, 255, 90)});
      painter.fillTriangle({plot.right(), y}, {plot.right() + s, y - s}, {plot.right() + s, y + s},
                           theme.accent);
    }
  }
}

void MatrixView::drawCursor(Painter& painter, const Theme& theme) const {
  const auto at = shownPosition();
  const std::int64_t linkedRow = m_content->tokens ? -1 : m_linkedRow;
  const std::int64_t row = at ? at->row : linkedRow, column = at ? at->column : m_linkedColumn;
  const QRectF& plot = m_layout.plot;
  const Axis columns = columnAxis(), rows = rowAxis();
  const double x = columns.toPixel(static_cast<double>(column) + 0.5),
               y = rows.toPixel(static_cast<double>(row) + 0.5);
  const bool hasColumn = column >= 0 && column < m_content->in && x >= plot.left() && x <= plot.right();
  const bool hasRow = row >= 0 && row < m_content->out && y >= plot.top() && y <= plot.bottom();
  const double s = 5 * uiScale();
  if (hasColumn)
    painter.fillTriangle({x, plot.bottom() + 1}, {x + s, plot.bottom() + 1 + s},
                         {x - s, plot.bottom() + 1 + s}, theme.text);
  if (hasRow)
    painter.fillTriangle({plot.right() + 1, y}, {plot.right() + 1 + s, y - s}, {plot.right() + 1 + s, y + s},
                         theme.text);
  // the box is the element itself, or 11 pixels about it; the lines leave it free
  const double halfWidth = std::max(5.5 * uiScale(), columns.pixelsPerUnit() / 2);
  const double halfHeight = std::max(5.5 * uiScale(), rows.pixelsPerUnit() / 2);
  const ClipScope clip(painter, plot);
  const Stroke faint{QColor(255, 255, 255, 150)};
  if (hasRow && halfHeight < 12 * uiScale()) {
    painter.line({plot.left(), y}, {hasColumn ? x - halfWidth : plot.right(), y}, faint);
    if (hasColumn) painter.line({x + halfWidth, y}, {plot.right(), y}, faint);
  }
  if (hasColumn && halfWidth < 12 * uiScale()) {
    const double reach = hasRow ? 12 * uiScale() : plot.height();
    painter.line({x, std::max(plot.top(), y - halfHeight - reach)},
                 {x, hasRow ? y - halfHeight : plot.bottom()}, faint);
    if (hasRow) painter.line({x, y + halfHeight}, {x, y + halfHeight + reach}, faint);
  }
  if (!at || !hasRow || !hasColumn) return;
  const QRectF box(x - halfWidth, y - halfHeight, 2 * halfWidth, 2 * halfHeight);
  painter.strokeRect(box.adjusted(-1, -1, 1, 1), {QColor(0, 0, 0, 160)});
  painter.strokeRect(box, {Qt::white, 2});
}

void MatrixView::drawCellReadOut(Painter& painter, const Theme& theme) const {
  const auto at = shownPosition();
  if (!at || m_drag == Drag::Pan || (!m_hover && !m_hasFocus)) return;
  const bool isKnown = m_cell.row == at->row && m_cell.column == at->column;
  const auto column = static_cast<std::size_t>(at->column);
  if (m_content->tokens) {
    const QPointF centre(columnAxis().toPixel(static_cast<double>(at->column) + 0.5),
                         rowAxis().toPixel(static_cast<double>(at->row) + 0.5));
    drawReadOut(painter, theme, m_hover ? m_pointer : centre, QRectF(QPointF(0, 0), size()),
                tokenTitle(at->row), tokenRows(*at));
    return;
  }
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("row, col"), countText(at->row) + QLatin1String(", ") + countText(at->column)});
  if (m_content->hasWeights) {
    rows.push_back({tr("w"), isKnown ? valueText(static_cast<double>(m_cell.weight)) : QString(kDash)});
    if (!m_content->schemeText.isEmpty())
      rows.push_back(
          {tr("Q(w) %1").arg(m_content->schemeText),
           isKnown && m_cell.quantized ? valueText(static_cast<double>(*m_cell.quantized)) : QString(kDash)});
  }
  if (m_content->salience && isKnown) {
    const double w = static_cast<double>(m_cell.weight);
    rows.push_back({tr("salience"), valueText(w * w * m_content->salience->factors[column]), true, {}});
    rows.push_back(
        {tr("column sum"), valueText(static_cast<double>(m_content->salience->columnSums[column]))});
  }
  if (column < m_content->gain.size())
    rows.push_back({tr("norm g"), valueText(static_cast<double>(m_content->gain[column]))});
  if (column < m_content->inputAbsmax.size())
    rows.push_back({tr("|x| max"), valueText(static_cast<double>(m_content->inputAbsmax[column]))});
  const HeatmapPicture& part = m_heatmap.part();
  const auto texel = part.texelAt(static_cast<double>(at->row) + 0.5, static_cast<double>(at->column) + 0.5);
  if (texel && (isCoarse() || !part.isElementwise()) && m_pool == PoolKind::Max)
    rows.push_back({(isCoarse() ? tr("tile %1") : tr("pixel %1")).arg(quantityText()),
                    valueText(std::abs(static_cast<double>(part.values->values[*texel])))});
  if (!m_content->hasWeights) rows.push_back({tr("values need the weight files"), {}});
  const QPointF anchor = m_hover ? m_pointer
                                 : QPointF(columnAxis().toPixel(static_cast<double>(at->column) + 0.5),
                                           rowAxis().toPixel(static_cast<double>(at->row) + 0.5));
  drawReadOut(painter, theme, anchor, QRectF(QPointF(0, 0), size()), {}, rows);
}

// token 'Elizabeth' (window 3, position 17); one line, whatever the token is
QString MatrixView::tokenTitle(std::int64_t row) const {
  const TokenSample& sample = m_content->tokens->stats->sample;
  const auto at = static_cast<std::size_t>(row);
  const QString& text = m_content->tokens->texts[at];
  return (text.isEmpty() ? tr("token %1").arg(countText(row)) : tr("token '%1'").arg(onOneLine(text))) +
         QLatin1Char(' ') + tr("(window %1, position %2)").arg(sample.windows[at]).arg(sample.positions[at]);
}

std::vector<ReadOutRow> MatrixView::tokenRows(MatrixPosition at) const {
  const ActivationStats& stats = *m_content->tokens->stats;
  const auto column = static_cast<std::size_t>(at.column);
  std::vector<ReadOutRow> rows;
  rows.push_back({tr("channel"), countText(at.column)});
  rows.push_back({tr("x"), valueText(static_cast<double>(stats.sample.row(at.row)[column])), true,
                  currentTheme().activation});
  rows.push_back(
      {tr("token |x| max"),
       valueText(static_cast<double>(m_content->tokens->tokenAbsmax[static_cast<std::size_t>(at.row)]))});
  if (stats.hasExtremes())
    rows.push_back({tr("channel |x| max"), valueText(static_cast<double>(stats.all.absmax[column]))});
  if (column < stats.medianAbs.size())
    rows.push_back({tr("channel median |x|"), valueText(static_cast<double>(stats.medianAbs[column]))});
  return rows;
}

}  // namespace ql
