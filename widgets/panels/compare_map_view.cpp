#include "widgets/panels/compare_map_view.h"

#include "widgets/bridge/number_format.h"
#include "widgets/panels/compare_pair_table.h"

#include <QMenu>

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

constexpr double kLargestCell = 96;  // logical pixels an element may grow to
constexpr std::int64_t kMostCopied = 250'000;

}  // namespace

bool CompareRequest::operator==(const CompareRequest& other) const {
  const MatrixViewport &a = viewport, &b = other.viewport;
  return mode == other.mode && a.rowBegin == b.rowBegin && a.rowEnd == b.rowEnd &&
         a.columnBegin == b.columnBegin && a.columnEnd == b.columnEnd && a.width == b.width &&
         a.height == b.height && colors.map == other.colors.map && colors.range == other.colors.range;
}

CompareMapView::CompareMapView(QObject* parent) : CanvasView(parent) {
  m_bar.onRange = [this](double, double) { repaint(); };
  m_bar.onFit = [this] {
    m_extent = {0, 0};
    resetRange();
    repaint();
  };
}

void CompareMapView::setContent(const CompareMapContent& content) {
  if (content == m_content) return;
  const bool isSame =
      content.name == m_content.name && content.out == m_content.out && content.in == m_content.in;
  m_content = content;
  if (!isSame) {
    for (Heatmap& map : m_maps) map.clear();
    m_levels.reset();
    m_changeLevels.reset();
    m_wanted.reset();
    m_hover.reset();
    m_cursor.reset();
    m_cell = {};
    m_rows = rowLimits();
    m_columns = columnLimits();
    m_extent = {0, 0};
  }
  layOut();
  repaint();
  if (isSettled()) emit settled();
}

void CompareMapView::setMode(CompareMode mode) {
  if (mode == m_mode) return;
  m_mode = mode;
  m_extent = {0, 0};
  m_wanted.reset();
  resetRange();
  layOut();
  repaint();
}

void CompareMapView::setShownSide(CompareSide side) {
  if (side == m_side) return;
  m_side = side;
  repaint();
  emit cursorMoved();
}

void CompareMapView::setLog(bool isLog) {
  if (isLog == m_isLog) return;
  m_isLog = isLog;
  resetRange();
  repaint();
}

void CompareMapView::setLevels(std::optional<MatrixLevels> errors, std::optional<MatrixLevels> change) {
  m_levels = errors;
  m_changeLevels = change;
  resetRange();
  repaint();
}

void CompareMapView::setPictures(const CompareRequest& request,
                                 const std::array<HeatmapPicture, 3>& pictures) {
  const MatrixViewport& v = request.viewport;
  const bool isWhole =
      v.rowBegin <= 0 && v.columnBegin <= 0 && v.rowEnd >= rowLimits().to && v.columnEnd >= columnLimits().to;
  for (std::size_t map = 0; map < pictures.size(); ++map) {
    if (pictures[map].image.isNull()) continue;
    if (isWhole) m_maps[map].setWhole(pictures[map]);
    m_maps[map].setPart(pictures[map]);
  }
  repaint();
  if (!m_wanted || !(request == *m_wanted)) return;
  m_isAnswered = true;
  emit settled();
}

void CompareMapView::renewPictures() {
  m_wanted.reset();
  repaint();
}

void CompareMapView::setCell(const CompareCell& cell) {
  m_cell = cell;
  repaint();
  emit cursorMoved();
}

void CompareMapView::setSources(std::array<std::shared_ptr<const WeightSource>, 2> errors,
                                const MatrixRef& matrix) {
  m_sources = std::move(errors);
  m_matrix = matrix;
}

void CompareMapView::setPinned(std::optional<std::int64_t> row, std::optional<std::int64_t> column) {
  m_pinnedRow = row;
  m_pinnedColumn = column;
  repaint();
}

void CompareMapView::fit() {
  setVisible(rowLimits(), columnLimits());
}

bool CompareMapView::isSettled() const {
  if (!hasElements()) return true;
  if (!m_content.problems[0].isEmpty() && !m_content.problems[1].isEmpty()) return true;
  return levels() && m_wanted && m_isAnswered;
}

CompareMap CompareMapView::mapOf(std::size_t plot) const {
  if (isChange()) return kMapChange;
  if (m_mode == CompareMode::SideBySide) return plot == 0 ? kMapA : kMapB;
  return m_side == CompareSide::A ? kMapA : kMapB;
}

Axis CompareMapView::columnAxis(std::size_t plot) const {
  return {m_columns, m_plots[plot].left(), m_plots[plot].right()};
}

Axis CompareMapView::rowAxis(std::size_t plot) const {
  return {m_rows, m_plots[plot].top(), m_plots[plot].bottom()};
}

void CompareMapView::layOut() {
  const double s = uiScale(), line = 15 * s;
  const double letters = std::max(4.0, static_cast<double>(countText(m_content.out).size()));
  const double left = letters * 7 * s + 14 * s, right = 12 * s, top = line + 12 * s;
  const double bottom = line * 2 + 26 * s, gap = 16 * s;
  const double width = size().width() - left - right, height = std::max(16.0, size().height() - top - bottom);
  if (m_mode == CompareMode::SideBySide) {
    const double each = std::max(16.0, std::floor((width - gap) / 2));
    m_plots[0] = QRectF(std::round(left), std::round(top), each, std::floor(height));
    m_plots[1] = m_plots[0].translated(each + std::round(gap), 0);
  } else {
    m_plots[0] =
        QRectF(std::round(left), std::round(top), std::max(16.0, std::floor(width)), std::floor(height));
    m_plots[1] = QRectF();
  }
  const double barTop = m_plots[0].bottom() + line + 16 * s;
  m_barArea =
      QRectF(m_plots[0].left() + 78 * s, barTop, std::min(260 * s, std::max(40.0, width * 0.4)), 8 * s);
  m_bar.setGeometry(m_barArea, Qt::Horizontal);
}

ColorScale CompareMapView::colorScale() const {
  return {isChange() ? &Colormap::diverging() : &Colormap::cividis(),
          {m_bar.low(), m_bar.high(), m_extent.scale, m_extent.threshold},
          !isChange()};
}

// One range for A and B; the change is symmetric about 0. A range set by hand stays while the extent does.
void CompareMapView::resetRange() {
  const ValueRange before = m_extent;
  const double largest = levels() && levels()->largest > 0 ? levels()->largest : 1;
  const double typical =
      levels() && levels()->typical > 0 ? std::min(levels()->typical, largest) : largest / 300;
  if (isChange()) {
    m_extent = fitted(-largest, largest, m_isLog ? AxisScale::Symlog : AxisScale::Linear);
    m_extent.from = -m_extent.to;
    m_extent.threshold = typical;
  } else {
    m_extent = m_isLog ? fitted(typical / 3, largest, AxisScale::Log) : fitted(0, largest, AxisScale::Linear);
  }
  if (m_extent == before) return;
  m_bar.setExtent(m_extent);
  m_bar.setRange(m_extent.from, m_extent.to);
  m_bar.setMap(*colorScale().map);
}

void CompareMapView::requestPictures() {
  if (!hasElements() || !levels()) return;
  const CompareRequest request{m_mode, heatmapViewport(columnAxis(0), rowAxis(0), devicePixelRatio()),
                               colorScale()};
  if (m_wanted && request == *m_wanted) return;
  m_wanted = request;
  m_isAnswered = false;
  emit imagesWanted(request);
}

void CompareMapView::setVisible(const ValueRange& rows, const ValueRange& columns) {
  m_rows = rows;
  m_columns = columns;
  repaint();
}

void CompareMapView::zoomBy(double factor, QPointF about) {
  const auto plot = plotAt(about).value_or(0);
  const double cell = kLargestCell * uiScale();
  const QRectF& area = m_plots[plot];
  setVisible(
      zoomed(m_rows, factor, rowAxis(plot).toValue(about.y()), rowLimits(), area.height() / cell),
      zoomed(m_columns, factor, columnAxis(plot).toValue(about.x()), columnLimits(), area.width() / cell));
}

std::optional<std::size_t> CompareMapView::plotAt(QPointF at) const {
  for (std::size_t plot = 0; plot < plotCount(); ++plot)
    if (m_plots[plot].contains(at)) return plot;
  return std::nullopt;
}

std::optional<CompareMapView::Position> CompareMapView::elementAt(QPointF at) const {
  const auto plot = plotAt(at);
  if (!plot || !hasElements()) return std::nullopt;
  const auto row = static_cast<std::int64_t>(std::floor(rowAxis(*plot).toValue(at.y())));
  const auto column = static_cast<std::int64_t>(std::floor(columnAxis(*plot).toValue(at.x())));
  if (row < 0 || row >= m_content.out || column < 0 || column >= m_content.in) return std::nullopt;
  return Position{row, column};
}

QString CompareMapView::captionText() const {
  if (isChange()) return tr("pixel: largest change it covers, below 0 where B is nearer");
  const bool isElementwise = m_maps[mapOf(0)].part().isElementwise();
  return isElementwise ? tr("one cell a weight") : tr("pixel: largest error it covers");
}

QString CompareMapView::accessibleText() const {
  if (!hasElements()) return tr("No linear is compared.");
  QString text = tr("Errors of %1 under A, %2, and B, %3.")
                     .arg(m_content.name, m_content.schemes[0], m_content.schemes[1]);
  const auto at = shownPosition();
  if (!at) return text;
  text += QLatin1Char(' ') + tr("Row %1, column %2.").arg(countText(at->row), countText(at->column));
  if (m_cell.row != at->row || m_cell.column != at->column) return text;
  const auto side = [&](std::size_t i) {
    return m_cell.quantized[i] ? valueText(static_cast<double>(*m_cell.quantized[i])) : QString(kDash);
  };
  return text + QLatin1Char(' ') +
         tr("w %1, under A %2, under B %3.")
             .arg(valueText(static_cast<double>(m_cell.weight)), side(0), side(1));
}

std::unique_ptr<QAbstractItemModel> CompareMapView::table() const {
  if (!hasElements() || (!m_sources[0] && !m_sources[1])) return nullptr;
  return std::make_unique<ComparePairTable>(
      m_sources, m_matrix,
      MatrixViewport{std::floor(m_rows.from), std::ceil(m_rows.to), std::floor(m_columns.from),
                     std::ceil(m_columns.to), 0, 0});
}

QString CompareMapView::tableTitle() const {
  return tr("Errors of %1: A %2, B %3").arg(m_content.name, m_content.schemes[0], m_content.schemes[1]);
}

QString CompareMapView::copyText() const {
  const std::unique_ptr<QAbstractItemModel> model = table();
  const double count = m_rows.span() * m_columns.span();
  if (!model || count > static_cast<double>(kMostCopied)) return {};
  return static_cast<const ComparePairTable*>(model.get())->tabSeparated();
}

void CompareMapView::fillMenu(QMenu& menu) {
  if (!hasElements()) return;
  menu.addAction(tr("Fit"), QKeySequence(Qt::Key_F), this, &CompareMapView::fit);
  QAction* log = menu.addAction(tr("Logarithmic colours"), QKeySequence(Qt::Key_L), this,
                                &CompareMapView::scaleKeyPressed);
  log->setCheckable(true);
  log->setChecked(m_isLog);
}

}  // namespace ql
