#include "widgets/panels/window_chart.h"

#include "widgets/bridge/number_format.h"
#include "widgets/canvas/read_out.h"
#include "widgets/models/window_scores.h"

#include <QStandardItemModel>

#include <algorithm>
#include <cmath>

namespace ql {

using Scores = WindowScoresModel;

WindowChart::WindowChart(WindowScoresModel* model, QObject* parent) : CanvasView(parent), m_model(model) {
  connect(model, &QAbstractItemModel::rowsInserted, this, &CanvasView::repaint);
  connect(model, &QAbstractItemModel::modelReset, this, &CanvasView::repaint);
}

double WindowChart::figure(int window, int column) const {
  const QVariant value = m_model->index(window, column).data(Scores::kValueRole);
  return value.isValid() ? value.toDouble() : std::nan("");
}

bool WindowChart::layOut() {
  const int count = m_model->rowCount();
  if (count == 0) return false;
  const double s = uiScale(), left = 52 * s, width = std::max(10.0, size().width() - left - 12 * s);
  const double height = std::max(40.0, size().height() - 54 * s);
  m_top = QRectF(left, 24 * s, width, std::round(height * 0.64));
  m_bottom = QRectF(left, m_top.bottom() + 10 * s, width, height * 0.36 - 2 * s);
  double low = INFINITY, high = -INFINITY, kl = 0;
  for (int window = 0; window < count; ++window) {
    for (const int column : {Scores::NllBefore, Scores::NllAfter}) {
      const double value = figure(window, column);
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    if (const double value = figure(window, Scores::Kl); std::isfinite(value)) kl = std::max(kl, value);
  }
  if (low > high) low = high = 0;
  m_x = Axis{{0, static_cast<double>(count)}, m_top.left(), m_top.right()};
  m_nll = Axis{fitted(low, high, AxisScale::Linear), m_top.bottom(), m_top.top()};
  m_kl = Axis{fitted(0, kl > 0 ? kl : 1, AxisScale::Linear), m_bottom.bottom(), m_bottom.top()};
  return true;
}

void WindowChart::draw(Painter& painter, const Theme& theme) {
  if (!layOut()) {
    painter.text({size().width() / 2, size().height() / 2}, tr("Windows appear here as they are scored."),
                 theme.secondary, FontRole::Body, {TextAlign::Center, TextAlign::Middle});
    return;
  }
  drawHorizontalGrid(painter, m_top, m_nll, valueTicks(m_nll, 26), {theme.grid});
  drawLeftAxis(painter, theme, m_nll, m_top.left() - 6, valueTicks(m_nll, 26));
  drawHorizontalGrid(painter, m_bottom, m_kl, valueTicks(m_kl, 22), {theme.grid});
  drawLeftAxis(painter, theme, m_kl, m_bottom.left() - 6, valueTicks(m_kl, 22));
  Axis labels = m_x;
  if (labels.pixelsPerUnit() > 12) labels.range = {m_x.range.from - 0.5, m_x.range.to - 0.5};
  std::vector<double> ticks = indexTicks(m_x, 48);
  std::erase_if(ticks, [&](double tick) { return tick >= m_x.range.to; });
  drawBottomAxis(painter, theme, labels, m_bottom.bottom() + 4, ticks);
  drawBars(painter, theme);
  drawCurve(painter, Scores::NllBefore, theme.secondary, 1.4);
  drawCurve(painter, Scores::NllAfter, theme.accent, 2);
  drawLegend(painter, theme);
  drawHover(painter, theme);
}

void WindowChart::drawCurve(Painter& painter, int column, const QColor& color, double width) const {
  std::vector<QPointF> points;
  for (int window = 0; window < m_model->rowCount(); ++window)
    if (const double value = figure(window, column); std::isfinite(value))
      points.emplace_back(m_x.toPixel(window + 0.5), m_nll.toPixel(value));
  if (points.size() > 1) painter.polyline(points, {color, width});
  if (m_x.pixelsPerUnit() > 10)
    for (const QPointF& point : points) painter.fillCircle(point, 2.5, color);
}

void WindowChart::drawBars(Painter& painter, const Theme& theme) const {
  const double gap = m_x.pixelsPerUnit() > 4 ? 1 : 0;
  for (int window = 0; window < m_model->rowCount(); ++window) {
    const double value = figure(window, Scores::Kl);
    if (!std::isfinite(value) || value <= 0) continue;
    const double left = m_x.toPixel(window) + gap, right = m_x.toPixel(window + 1) - gap;
    const double top = m_kl.toPixel(value);
    painter.fillRect({left, top, std::max(1.0, right - left), m_bottom.bottom() - top}, theme.warning);
  }
}

void WindowChart::drawLegend(Painter& painter, const Theme& theme) const {
  double x = m_top.left();
  const double y = m_top.top() - 12 * uiScale();
  struct Entry {
    QString text;
    QColor color;
  };
  for (const Entry& entry : {Entry{tr("−ln p before"), theme.secondary},
                             Entry{tr("−ln p after"), theme.accent}, Entry{tr("KL"), theme.warning}}) {
    painter.line({x, y}, {x + 14, y}, {entry.color, 2});
    painter.text({x + 20, y}, entry.text, theme.secondary, FontRole::Axis,
                 {TextAlign::Left, TextAlign::Middle});
    x += 20 + painter.textSize(entry.text, FontRole::Axis).width() + 16;
  }
  painter.text({m_top.right(), y}, tr("by window of text"), theme.faint, FontRole::Axis,
               {TextAlign::Right, TextAlign::Middle});
}

void WindowChart::drawHover(Painter& painter, const Theme& theme) const {
  if (!m_top.united(m_bottom).contains(m_pointer)) return;
  const int window = static_cast<int>(std::floor(m_x.toValue(m_pointer.x())));
  if (window < 0 || window >= m_model->rowCount()) return;
  std::vector<ReadOutRow> rows;
  for (int column = Scores::Targets; column < Scores::ColumnCount; ++column)
    rows.push_back({m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(),
                    m_model->index(window, column).data().toString(),
                    column == Scores::NllAfter,
                    {}});
  drawReadOut(painter, theme, m_pointer, QRectF(QPointF(0, 0), size()), tr("window %1").arg(window), rows);
}

bool WindowChart::handle(const CanvasEvent& event) {
  if (event.type != CanvasEvent::Move && event.type != CanvasEvent::Leave) return false;
  m_pointer = event.type == CanvasEvent::Leave ? QPointF(-1, -1) : event.position;
  repaint();
  return true;
}

QString WindowChart::copyText() const {
  return m_model->asText();
}

std::unique_ptr<QAbstractItemModel> WindowChart::table() const {
  const int rows = m_model->rowCount();
  if (rows == 0) return nullptr;
  auto table = std::make_unique<QStandardItemModel>(rows, Scores::ColumnCount);
  for (int column = 0; column < Scores::ColumnCount; ++column) {
    table->setHorizontalHeaderItem(
        column, new QStandardItem(m_model->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()));
    for (int row = 0; row < rows; ++row)
      table->setItem(row, column, new QStandardItem(m_model->index(row, column).data().toString()));
  }
  return table;
}

QString WindowChart::accessibleText() const {
  return tr("Scores of %1 windows of text; the table below has the numbers.").arg(m_model->rowCount());
}

}  // namespace ql
