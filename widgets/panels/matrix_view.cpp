#include "widgets/panels/matrix_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/matrix_table.h"

#include <QMenu>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

// Cells never grow beyond this many pixels: four and more values are always seen together.
constexpr double kLargestCell = 110;
constexpr std::int64_t kMostCopied = 20000;

bool isSame(const MatrixViewport& a, const MatrixViewport& b) {
  return a.rowBegin == b.rowBegin && a.rowEnd == b.rowEnd && a.columnBegin == b.columnBegin &&
         a.columnEnd == b.columnEnd && a.width == b.width && a.height == b.height;
}

}  // namespace

bool MatrixRequest::hasValuesOf(const MatrixRequest& other) const {
  return isSame(viewport, other.viewport) && pool == other.pool;
}

bool MatrixRequest::operator==(const MatrixRequest& other) const {
  return hasValuesOf(other) && colors.map == other.colors.map && colors.range == other.colors.range &&
         colors.isMagnitude == other.colors.isMagnitude;
}

MatrixView::MatrixView(QObject* parent) : CanvasView(parent) {
  m_bar.onRange = [this](double, double) { repaint(); };
  m_bar.onFit = [this] {
    m_extent = {0, 0};
    resetRange();
    repaint();
  };
}

// What is shown
// -------------------------------------------------------------------------------------------------------

void MatrixView::setContent(std::shared_ptr<const MatrixContent> content) {
  const bool isSameChoice = content && m_content && content->choiceKey == m_content->choiceKey;
  const bool isSameMatrix = content && m_content && content->name == m_content->name &&
                            content->out == m_content->out && content->in == m_content->in &&
                            !content->tokens == !m_content->tokens;
  m_content = std::move(content);
  if (!isSameMatrix) {
    m_heatmap.clear();
    m_levels.reset();
    m_extent = {0, 0};
    m_wanted.reset();
    m_hover.reset();
    m_cursor.reset();
    m_source.reset();
    m_problem.clear();
    m_drag = Drag::None;
    m_rows = rowLimits();
    m_columns = columnLimits();
  }
  if (!isSameMatrix || !isSameChoice) {
    m_cell = {};
    if (const auto at = shownPosition(); at && m_content->hasWeights && !m_content->tokens)
      emit cellWanted(at->row, at->column);
  }
  updateLayout();
  repaint();
}

void MatrixView::setQuantity(MatrixQuantity quantity) {
  if (quantity == m_quantity) return;
  m_quantity = quantity;
  m_levels.reset();
  m_extent = {0, 0};
  m_wanted.reset();
  m_heatmap.clear();
  m_problem.clear();
  repaint();
}

void MatrixView::setPool(PoolKind pool) {
  m_pool = pool;
  repaint();
}

void MatrixView::setLog(bool isLog) {
  if (isLog == m_isLog) return;
  m_isLog = isLog;
  resetRange();
  repaint();
}

void MatrixView::setShowsGroups(bool isOn) {
  if (isOn == m_showsGroups) return;
  m_showsGroups = isOn;
  emit groupsToggled(isOn);
  repaint();
}

void MatrixView::setLevels(std::optional<MatrixLevels> levels) {
  if (levels == m_levels) return;
  m_levels = levels;
  resetRange();
  repaint();
}

void MatrixView::setPicture(const MatrixRequest& request, HeatmapPicture picture, bool isPreview) {
  const MatrixViewport& v = request.viewport;
  const bool isWhole = v.rowBegin <= 0 && v.columnBegin <= 0 && m_content &&
                       v.rowEnd >= static_cast<double>(m_content->out) &&
                       v.columnEnd >= static_cast<double>(m_content->in);
  if (isWhole) m_heatmap.setWhole(picture);
  m_heatmap.setPart(std::move(picture));
  m_isPreview = isPreview;
  m_problem.clear();
  repaint();
  if (m_wanted && request == *m_wanted && !isPreview) {
    m_isAnswered = true;
    emit settled();
  }
}

void MatrixView::renewPictures() {
  m_wanted.reset();
  repaint();
}

void MatrixView::setCell(const MatrixCell& cell) {
  m_cell = cell;
  repaint();
  emit cursorMoved();
}

void MatrixView::setSource(std::shared_ptr<const WeightSource> source) {
  m_source = std::move(source);
}

void MatrixView::setProblem(const QString& sentence) {
  if (sentence == m_problem) return;
  m_problem = sentence;
  if (!sentence.isEmpty()) m_heatmap.clear();
  repaint();
  if (!sentence.isEmpty()) emit settled();
}

void MatrixView::setLinkedCursor(std::int64_t row, std::int64_t column) {
  if (row == m_linkedRow && column == m_linkedColumn) return;
  m_linkedRow = row;
  m_linkedColumn = column;
  if (!m_hover) repaint();
}

void MatrixView::setPinned(std::optional<std::int64_t> row, std::optional<std::int64_t> column) {
  m_pinnedRow = row;
  m_pinnedColumn = column;
  repaint();
}

// The visible part
// ----------------------------------------------------------------------------------------------------

ValueRange MatrixView::rowLimits() const {
  return {0, m_content ? static_cast<double>(std::max<std::int64_t>(1, m_content->out)) : 1};
}

ValueRange MatrixView::columnLimits() const {
  return {0, m_content ? static_cast<double>(std::max<std::int64_t>(1, m_content->in)) : 1};
}

void MatrixView::resized() {
  updateLayout();
}

void MatrixView::updateLayout() {
  const double s = uiScale();
  const double lineHeight = 15 * s;
  const QString widest = m_content ? countText(m_content->out) : QStringLiteral("256");
  const double letters =
      m_content && m_content->tokens ? 10 : std::max<double>(4, static_cast<double>(widest.size()));
  m_layout = layOutMatrix(size(), s, lineHeight, letters * 7 * s);
  m_bar.setGeometry(m_layout.bar, Qt::Horizontal);
}

void MatrixView::setVisible(const ValueRange& rows, const ValueRange& columns) {
  m_rows = rows;
  m_columns = columns;
  repaint();
}

void MatrixView::fit() {
  setVisible(rowLimits(), columnLimits());
}

void MatrixView::zoomBy(double factor, QPointF about) {
  const double cell = kLargestCell * uiScale();
  ValueRange rows = m_rows, columns = m_columns;
  // over a marginal only its own axis is zoomed
  if (!m_layout.right.contains(about))
    columns = zoomed(m_columns, factor, columnAxis().toValue(about.x()), columnLimits(),
                     m_layout.plot.width() / cell);
  if (!m_layout.top.contains(about))
    rows = zoomed(m_rows, factor, rowAxis().toValue(about.y()), rowLimits(), m_layout.plot.height() / cell);
  setVisible(rows, columns);
}

void MatrixView::reveal(MatrixPosition at) {
  const auto moved = [](const ValueRange& range, std::int64_t index, const ValueRange& limits) {
    const double low = static_cast<double>(index), high = low + 1;
    if (low >= range.from && high <= range.to) return range;
    const double shift = low < range.from ? low - range.from : high - range.to;
    return panned(range, shift / range.span(), limits);
  };
  setVisible(moved(m_rows, at.row, rowLimits()), moved(m_columns, at.column, columnLimits()));
}

void MatrixView::requestPictures() {
  if (!hasElements() || !m_levels || m_layout.plot.isEmpty()) return;
  const MatrixRequest request{heatmapViewport(columnAxis(), rowAxis(), devicePixelRatio()), m_pool,
                              colorScale()};
  if (m_wanted && request == *m_wanted) return;
  m_wanted = request;
  m_isAnswered = false;
  emit imageWanted(request);
}

bool MatrixView::isSettled() const {
  return !hasElements() || !m_problem.isEmpty() || (m_levels && m_wanted && m_isAnswered);
}

// Colours
// -------------------------------------------------------------------------------------------------------------

// Fits the bar to the levels; a range set by hand stays while the bar spans the same.
void MatrixView::resetRange() {
  const ValueRange before = m_extent;
  const double largest = m_levels && m_levels->largest > 0 ? m_levels->largest : 1;
  const double typical =
      m_levels && m_levels->typical > 0 ? std::min(m_levels->typical, largest) : largest / 300;
  if (m_quantity == MatrixQuantity::Signed) {
    m_extent = fitted(-largest, largest, m_isLog ? AxisScale::Symlog : AxisScale::Linear);
    m_extent.threshold = typical;
  } else if (m_isLog) {
    m_extent = fitted(typical / 3, largest, AxisScale::Log);
  } else {
    m_extent = fitted(0, largest, AxisScale::Linear);
  }
  if (m_extent == before) return;
  m_bar.setExtent(m_extent);
  m_bar.setRange(m_extent.from, m_extent.to);
  m_bar.setMap(*colorScale().map);
  m_bar.setClipped(false, false);
}

ColorScale MatrixView::colorScale() const {
  const bool isSigned = m_quantity == MatrixQuantity::Signed;
  return {isSigned ? &Colormap::diverging() : &Colormap::cividis(),
          {m_bar.low(), m_bar.high(), m_extent.scale, m_extent.threshold},
          !isSigned};
}

QString MatrixView::quantityText() const {
  switch (m_quantity) {
    case MatrixQuantity::Magnitude:
      return QStringLiteral("|W|");
    case MatrixQuantity::Signed:
      return QStringLiteral("W");
    case MatrixQuantity::Activations:
      return QStringLiteral("|X|");
    case MatrixQuantity::Salience:
      return tr("salience");
    case MatrixQuantity::Error:
      break;
  }
  return tr("error");
}

// Elements
// ------------------------------------------------------------------------------------------------------------

std::optional<MatrixPosition> MatrixView::elementAt(QPointF at) const {
  if (!m_content || !m_layout.plot.contains(at)) return std::nullopt;
  const auto row = static_cast<std::int64_t>(std::floor(rowAxis().toValue(at.y())));
  const auto column = static_cast<std::int64_t>(std::floor(columnAxis().toValue(at.x())));
  if (row < 0 || row >= m_content->out || column < 0 || column >= m_content->in) return std::nullopt;
  return MatrixPosition{row, column};
}

std::optional<MatrixPosition> MatrixView::shownPosition() const {
  if (!m_content) return std::nullopt;
  return m_hover ? m_hover : m_cursor;
}

bool MatrixView::isCoarse() const {
  if (!m_content || m_content->tokens || m_content->salience || !m_content->stats ||
      m_content->stats->pyramid.levels.empty())
    return false;
  return (m_isPreview || !m_content->hasWeights) && m_content->stats->pyramid.levels.front().tile > 1;
}

std::optional<float> MatrixView::elementValue(MatrixPosition at) const {
  const HeatmapPicture& part = m_heatmap.part();
  if (!part.isElementwise() || isCoarse()) return std::nullopt;
  const auto texel = part.texelAt(static_cast<double>(at.row), static_cast<double>(at.column));
  if (!texel) return std::nullopt;
  const std::uint8_t bits = part.values->nonFinite.empty() ? std::uint8_t{0} : part.values->nonFinite[*texel];
  if (bits & 1) return std::nanf("");
  if (bits) return bits & 2 ? HUGE_VALF : -HUGE_VALF;
  return part.values->values[*texel];
}

QString MatrixView::accessibleText() const {
  if (!m_content) return tr("No matrix is shown.");
  QString text =
      tr("%1 of %2, %3.").arg(quantityText(), m_content->name, dimensionsText(m_content->out, m_content->in));
  const auto at = shownPosition();
  if (!at) return text;
  if (m_content->tokens) {
    const std::span<const float> values = m_content->tokens->stats->sample.row(at->row);
    return text + QLatin1Char(' ') +
           tr("%1, channel %2: x = %3.")
               .arg(tokenTitle(at->row), countText(at->column),
                    valueText(static_cast<double>(values[static_cast<std::size_t>(at->column)])));
  }
  text += QLatin1Char(' ') + tr("Row %1, column %2").arg(at->row).arg(at->column);
  if (m_cell.row == at->row && m_cell.column == at->column) {
    text += tr(": w %1").arg(valueText(static_cast<double>(m_cell.weight)));
    if (m_cell.quantized) text += tr(", Q(w) %1").arg(valueText(static_cast<double>(*m_cell.quantized)));
  }
  return text + QLatin1Char('.');
}

QString MatrixView::copyText() const {
  if (!m_content) return {};
  const auto rowBegin = static_cast<std::int64_t>(m_rows.from),
             rowEnd = static_cast<std::int64_t>(std::ceil(m_rows.to));
  const auto columnBegin = static_cast<std::int64_t>(m_columns.from);
  const auto columnEnd = static_cast<std::int64_t>(std::ceil(m_columns.to));
  const bool isShort = (rowEnd - rowBegin) * (columnEnd - columnBegin) <= kMostCopied;
  if (m_source && isShort) {
    const MatrixTableModel model(m_source, m_content->matrix, rowBegin, rowEnd, columnBegin, columnEnd);
    return model.tabSeparated();
  }
  const auto at = shownPosition();
  if (!at || m_cell.row != at->row || m_cell.column != at->column) return {};
  QString text = tr("row\tcolumn\tw");
  if (m_cell.quantized) text += tr("\tQ(w)");
  text += QStringLiteral("\n%1\t%2\t").arg(at->row).arg(at->column) + plainNumber(m_cell.weight);
  if (m_cell.quantized) text += QLatin1Char('\t') + plainNumber(*m_cell.quantized);
  return text;
}

std::unique_ptr<QAbstractItemModel> MatrixView::table() const {
  if (!m_content) return nullptr;
  if (m_source)
    return std::make_unique<MatrixTableModel>(
        m_source, m_content->matrix, static_cast<std::int64_t>(m_rows.from),
        static_cast<std::int64_t>(std::ceil(m_rows.to)), static_cast<std::int64_t>(m_columns.from),
        static_cast<std::int64_t>(std::ceil(m_columns.to)));
  if (m_content->stats && !m_content->stats->pyramid.levels.empty())
    return std::make_unique<PyramidTableModel>(m_content->stats);
  return nullptr;
}

QString MatrixView::tableTitle() const {
  return m_content ? tr("%1 of %2").arg(quantityText(), m_content->name) : QString();
}

void MatrixView::fillMenu(QMenu& menu) {
  if (!m_content) return;
  menu.addAction(tr("Fit"), QKeySequence(Qt::Key_F), this, &MatrixView::fit);
  QAction* const groups = menu.addAction(tr("Group boundaries"), QKeySequence(Qt::Key_G), this,
                                         [this] { setShowsGroups(!m_showsGroups); });
  groups->setCheckable(true);
  groups->setChecked(m_showsGroups);
  groups->setEnabled(m_content->groupColumns > 0 || m_content->groupRows > 0);
  if (const auto at = shownPosition()) {
    menu.addAction(tr("Pin input channel %1").arg(at->column), this,
                   [this, column = at->column] { pick(column); });
    if (!m_content->tokens)
      menu.addAction(tr("Pin output channel %1").arg(at->row), this,
                     [this, row = at->row] { emit rowPicked(row); });
  }
  if (m_pinnedColumn || m_pinnedRow)
    menu.addAction(tr("Unpin"), this, [this] {
      emit channelPicked(std::nullopt);
      emit rowPicked(std::nullopt);
    });
}

}  // namespace ql
